#include "image_files.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/utf8.h"
#include "messages.h"

static bool is_picture_name(const char *name) {
  static const char *const endings[] = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".pgm", ".ppm", ".pnm"};
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
    if (strcasecmp(dot, endings[i]) == 0) return true;
  return false;
}

static bool is_excluded(const char *name, const text_list *exclude) {
  for (size_t i = 0; i < exclude->count; i++)
    if (strcmp(exclude->items[i], name) == 0) return true;
  return false;
}

static bool add_path(image_files *set, uint32_t *capacity, const char *path) {
  if (set->count == *capacity) {
    uint32_t more = *capacity < 1024 ? 1024 : *capacity * 2;
    char **paths = realloc(set->paths, more * sizeof *paths);
    if (paths == NULL) return false;
    set->paths = paths;
    *capacity = more;
  }
  char *copy = strdup(path);
  if (copy == NULL) return false;
  set->paths[set->count++] = copy;
  return true;
}

/* A picture that was found. */
static hb_status take(image_files *set, uint32_t *capacity, const char *path, hb_error *error) {
  if (hb_utf8_is_text(path, strlen(path))) return add_path(set, capacity, path) ? HB_OK : hb_fail_memory(error);
  note("'%s' is left out, as its name is not UTF-8; rename it", path);
  set->misnamed++;
  return HB_OK;
}

static hb_status walk(FTS *tree, size_t prefix, const text_list *exclude, image_files *set, hb_error *error) {
  uint32_t capacity = 0;
  for (FTSENT *entry; (errno = 0, entry = fts_read(tree)) != NULL;) {
    bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';
    if (entry->fts_level > 0 && (hidden || is_excluded(entry->fts_name, exclude))) {
      fts_set(tree, entry, FTS_SKIP);
    } else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS) {
      return hb_fail(error, HB_IO, "cannot read '%.200s': %s", entry->fts_path, strerror(entry->fts_errno));
    } else if (entry->fts_level == 0 && entry->fts_info == FTS_F) {
      return hb_fail(error, HB_INVALID_ARGUMENT, "'%.200s' is not a folder", entry->fts_path);
    } else if (entry->fts_info == FTS_F) {
      hb_status status = HB_OK;
      if (is_picture_name(entry->fts_name))
        status = take(set, &capacity, entry->fts_path + prefix, error);
      else
        set->others++;
      if (status != HB_OK) return status;
    }
  }
  if (errno == ENOMEM) return hb_fail_memory(error);
  return errno == 0 ? HB_OK : hb_fail(error, HB_IO, "cannot list the images: %s", strerror(errno));
}

static int compare_paths(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Cuts every path at its first slash. */
static hb_status make_labels(image_files *set, hb_error *error) {
  size_t bytes = 1;
  for (uint32_t i = 0; i < set->count; i++) bytes += strcspn(set->paths[i], "/") + 1;
  set->labels = malloc((set->count + 1) * sizeof *set->labels);
  char *next = set->label_text = malloc(bytes);
  if (set->labels == NULL || next == NULL) return hb_fail_memory(error);
  for (uint32_t i = 0; i < set->count; i++) {
    size_t length = strcspn(set->paths[i], "/");
    if (set->paths[i][length] == '\0') length = 0;
    memcpy(next, set->paths[i], length);
    next[length] = '\0';
    set->labels[i] = next;
    next += length + 1;
  }
  return HB_OK;
}

hb_status image_files_list(const char *folder, const text_list *exclude, image_files *out, hb_error *error) {
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') length--;
  char *root = strndup(folder, length);
  if (root == NULL) return hb_fail_memory(error);
  char *const roots[] = {root, NULL};
  FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
  image_files set = {0};
  hb_status status = tree != NULL      ? walk(tree, length + (root[length - 1] != '/'), exclude, &set, error)
                     : errno == ENOMEM ? hb_fail_memory(error)
                                       : hb_fail(error, HB_IO, "cannot open '%.200s': %s", folder, strerror(errno));
  if (tree != NULL) fts_close(tree);
  free(root);
  if (status == HB_OK && set.count == 0)
    status = hb_fail(error, HB_INVALID_ARGUMENT, "'%.200s' holds no pictures (JPEG, PNG, GIF, BMP or PNM)", folder);
  if (status == HB_OK) {
    qsort(set.paths, set.count, sizeof *set.paths, compare_paths);
    status = make_labels(&set, error);
  }
  if (status != HB_OK) return image_files_free(&set), status;
  *out = set;
  return HB_OK;
}

void image_files_free(image_files *set) {
  for (uint32_t i = 0; i < set->count; i++) free(set->paths[i]);
  free(set->paths);
  free(set->labels);
  free(set->label_text);
  *set = (image_files){0};
}
