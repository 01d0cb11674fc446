#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names ---- */

static bool add_name(folder_names *list, uint32_t *capacity, const char *name) {
  if (list->count == *capacity) {
    const uint32_t more = *capacity < 64 ? 64 : *capacity * 2;
    char **names = realloc(list->names, more * sizeof *names);
    if (names == NULL) return false;
    list->names = names;
    *capacity = more;
  }
  list->names[list->count] = strdup(name);
  return list->names[list->count] != NULL && ++list->count > 0;
}

static bool is_own_or_parent(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

hb_status folder_read(const char *path, folder_names *out, int *reason, hb_error *error) {
  *out = (folder_names){0};
  uint32_t capacity = 0;
  bool has_memory = true;
  DIR *folder = opendir(path);
  if (folder == NULL) {
    *reason = errno;
    return errno == ENOMEM ? hb_fail_memory(error) : HB_OK;
  }
  struct dirent *entry;
  while (has_memory && (errno = 0, entry = readdir(folder)) != NULL)
    if (!is_own_or_parent(entry->d_name)) has_memory = add_name(out, &capacity, entry->d_name);
  *reason = has_memory ? errno : ENOMEM;
  closedir(folder);
  if (*reason == ENOMEM) return hb_fail_memory(error);
  if (out->count > 0) qsort(out->names, out->count, sizeof *out->names, compare_names);
  return HB_OK;
}

bool folder_has(const folder_names *list, const char *name) {
  return list->count > 0 && bsearch(&name, list->names, list->count, sizeof *list->names, compare_names) != NULL;
}

void folder_names_free(folder_names *list) {
  for (uint32_t i = 0; i < list->count; i++) free(list->names[i]);
  free(list->names);
  *list = (folder_names){0};
}

/* ---- Sets use open addressing, and are at most half full ---- */

static folder_id *find_slot(const folder_set *set, folder_id id) {
  static const folder_id none = {0};
  const uint64_t hash = ((uint64_t)id.inode ^ (uint64_t)id.device << 32) * 0x9e3779b97f4a7c15u; /* Fibonacci hashing */
  uint32_t at = (uint32_t)(hash >> 32) & (set->capacity - 1);
  while (!folder_is(set->slots[at], none) && !folder_is(set->slots[at], id)) at = (at + 1) & (set->capacity - 1);
  return &set->slots[at];
}

bool folder_set_has(const folder_set *set, folder_id id) {
  return set->capacity > 0 && folder_is(*find_slot(set, id), id);
}

static bool grow(folder_set *set) {
  folder_set larger = {.capacity = set->capacity < 64 ? 64 : set->capacity * 2, .count = set->count};
  larger.slots = calloc(larger.capacity, sizeof *larger.slots);
  if (larger.slots == NULL) return false;
  for (uint32_t i = 0; i < set->capacity; i++) *find_slot(&larger, set->slots[i]) = set->slots[i];
  free(set->slots);
  *set = larger;
  return true;
}

bool folder_set_add(folder_set *set, folder_id id) {
  if (folder_set_has(set, id)) return true;
  if (2 * (set->count + 1) > set->capacity && !grow(set)) return false;
  *find_slot(set, id) = id;
  set->count++;
  return true;
}

void folder_set_free(folder_set *set) {
  free(set->slots);
  *set = (folder_set){0};
}
