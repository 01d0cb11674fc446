#include "image_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "folder.h"
#include "messages.h"

#define OWN_MAX 4 /* the bundle that is built, and what lies beside it meanwhile */

typedef struct {
  const image_files_options *options;
  image_files *set;
  uint32_t capacity;   /* the room in set->paths */
  char path[PATH_MAX]; /* the current path, which begins with the folder's */
  size_t length, root; /* the length of `path`; the place where its part relative to the folder begins */
  folder_id *above;    /* [depth]: the folders on the path */
  uint32_t depth, depth_capacity;
  uint32_t links; /* the number of links to folders on the path */
  folder_set seen;
  folder_id own[OWN_MAX];
  uint32_t own_count;
} walker;

static hb_status walk(walker *w, const char *name, hb_error *error);

/* ---- What is found ---- */

static const char *relative(const walker *w) { return w->path + w->root; }

static hb_status add_path(walker *w, hb_error *error) {
  image_files *set = w->set;
  if (set->count == w->capacity) {
    const uint32_t more = w->capacity < 1024 ? 1024 : w->capacity * 2;
    char **paths = realloc(set->paths, more * sizeof *paths);
    if (paths == NULL) return hb_fail_memory(error);
    set->paths = paths;
    w->capacity = more;
  }
  char *copy = strdup(relative(w));
  if (copy == NULL) return hb_fail_memory(error);
  set->paths[set->count++] = copy;
  set->linked += w->links > 0;
  return HB_OK;
}

static hb_status add_unread(walker *w, const char *path, const char *reason, hb_error *error) {
  image_files *set = w->set;
  unread_path *unread = realloc(set->unread, (set->unread_count + (size_t)1) * sizeof *unread);
  if (unread == NULL) return hb_fail_memory(error);
  set->unread = unread;
  unread_path *u = &unread[set->unread_count];
  *u = (unread_path){strdup(path), strdup(reason)};
  if (u->path != NULL && u->reason != NULL) return set->unread_count++, HB_OK;
  free(u->path);
  free(u->reason);
  return hb_fail_memory(error);
}

/* Adds the current path to those that could not be read. `number` is an errno. */
static hb_status add_failed(walker *w, int number, hb_error *error) {
  if (number == ENOMEM) return hb_fail_memory(error);
  if (number == ENOENT) return add_unread(w, relative(w), "it was removed while the folder was read", error);
  return add_unread(w, relative(w), strerror(number), error);
}

/* ---- Names ---- */

static bool is_excluded(const text_list *exclude, const char *name) {
  for (size_t i = 0; exclude != NULL && i < exclude->count; i++)
    if (strcmp(exclude->items[i], name) == 0) return true;
  return false;
}

static bool is_included(const text_list *include, const char *name) {
  for (size_t i = 0; include != NULL && i < include->count; i++)
    if (strcmp(include->items[i], name) == 0 || fnmatch(include->items[i], name, FNM_CASEFOLD) == 0) return true;
  return false;
}

/* Returns true, and counts, if the name is skipped by default. `parent` is the name of the folder that it is in. */
static bool skip(walker *w, const char *parent, const char *name, bool is_folder) {
  const int rule = is_included(w->options->include, name) ? -1 : default_skip_find(parent, name, is_folder);
  if (rule >= 0) w->set->skips[rule]++;
  return rule >= 0;
}

/* Returns true, and prints a note, if JSON and URLs cannot hold the name. */
static bool is_misnamed(walker *w, const char *name) {
  if (hb_utf8_is_text(name, strlen(name))) return false;
  note("skipped '%s', because its name is not UTF-8; rename it", relative(w));
  w->set->misnamed++;
  return true;
}

/* ---- Files ---- */

/* Finds out what a file is. Returns false if its first bytes cannot be read; errno says why. */
static bool find_kind(const char *path, const char *name, file_kind *out) {
  uint8_t bytes[FILE_KIND_BYTES];
  size_t size = 0;
  ssize_t n = 0;
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return false;
  while (size < sizeof bytes && ((n = read(file, bytes + size, sizeof bytes - size)) > 0 || (n < 0 && errno == EINTR)))
    if (n > 0) size += (size_t)n;
  const int reason = errno;
  close(file);
  errno = reason;
  if (n < 0) return false;
  *out = file_kind_find(bytes, size, name);
  return true;
}

/* Lists a file that is named like a picture, whatever it is: the embedder says why it cannot be read. */
static hb_status visit_file(walker *w, const char *name, hb_error *error) {
  file_kind kind = FILE_OTHER;
  const bool expected = file_kind_is_expected(name);
  if (!find_kind(w->path, name, &kind) && !expected) return add_failed(w, errno, error);
  if (!expected && !file_kind_is_decoded(kind)) return w->set->kinds[kind]++, HB_OK;
  if (is_misnamed(w, name)) return HB_OK;
  w->set->pnm += kind == FILE_PNM;
  return add_path(w, error);
}

/* ---- Folders ---- */

static bool is_own(const walker *w, folder_id id) {
  for (uint32_t i = 0; i < w->own_count; i++)
    if (folder_is(w->own[i], id)) return true;
  return false;
}

static bool is_above(const walker *w, folder_id id) {
  for (uint32_t i = 0; i < w->depth; i++)
    if (folder_is(w->above[i], id)) return true;
  return false;
}

/* Finds out if a folder is a bundle, or a site by scripts/site.sh, which has a bundle and copies of the pictures. */
static hb_status is_output(const walker *w, const folder_names *names, bool *out, hb_error *error) {
  *out = false;
  if (folder_has(names, HB_MANIFEST_NAME)) return hb_index_is_there(w->path, out, error);
  if (!folder_has(names, "heybagh.js") || !folder_has(names, "bundle")) return HB_OK;
  char *bundle = hb_path_join(w->path, "bundle");
  if (bundle == NULL) return hb_fail_memory(error);
  const hb_status status = hb_index_is_there(bundle, out, error);
  free(bundle);
  return status;
}

static hb_status enter(walker *w, folder_id id, hb_error *error) {
  if (w->depth == w->depth_capacity) {
    const uint32_t more = w->depth_capacity < 64 ? 64 : w->depth_capacity * 2;
    folder_id *above = realloc(w->above, more * sizeof *above);
    if (above == NULL) return hb_fail_memory(error);
    w->above = above;
    w->depth_capacity = more;
  }
  w->above[w->depth++] = id;
  return folder_set_add(&w->seen, id) ? HB_OK : hb_fail_memory(error);
}

/* Follows a link wherever it leads, but behind another link only to folders that were not seen before: folders that all
 * link to each other would have an endless number of paths. */
static hb_status visit_folder(walker *w, const char *name, folder_id id, bool is_link, hb_error *error) {
  if (is_above(w, id))
    return add_unread(w, relative(w), is_link ? "it links back to a folder above it" : "it is a folder above it again",
                      error);
  if (is_link && w->links > 0 && folder_set_has(&w->seen, id)) return w->set->links_again++, HB_OK;
  if (is_misnamed(w, name)) return HB_OK;
  hb_status status = enter(w, id, error);
  if (status != HB_OK) return status;
  w->links += is_link;
  status = walk(w, name, error);
  w->links -= is_link;
  w->depth--;
  return status;
}

/* ---- The walk ---- */

/* Looks at the current path, whose last part is `name`. */
static hb_status visit_path(walker *w, const char *parent, const char *name, hb_error *error) {
  struct stat info;
  if (lstat(w->path, &info) != 0) return add_failed(w, errno, error);
  const bool is_link = S_ISLNK(info.st_mode);
  if (is_link && stat(w->path, &info) != 0) {
    const int reason = errno;
    if (skip(w, parent, name, false)) return HB_OK;
    if (reason == ENOENT) return add_unread(w, relative(w), "the link leads nowhere", error);
    if (reason == ELOOP) return add_unread(w, relative(w), "the link leads in a circle", error);
    return add_failed(w, reason, error);
  }
  if (is_own(w, folder_id_of(&info))) return w->set->bundles += S_ISDIR(info.st_mode), HB_OK;
  if (skip(w, parent, name, S_ISDIR(info.st_mode))) return HB_OK;
  if (S_ISDIR(info.st_mode)) return visit_folder(w, name, folder_id_of(&info), is_link, error);
  if (S_ISREG(info.st_mode)) return visit_file(w, name, error);
  return w->set->special++, HB_OK;
}

/* Adds the name to the current path, looks at it, and removes it again. */
static hb_status visit(walker *w, const char *parent, const char *name, hb_error *error) {
  if (is_excluded(w->options->exclude, name)) return HB_OK;
  const size_t before = w->length, slash = before > 0 && w->path[before - 1] != '/', length = strlen(name);
  if (before + slash + length >= sizeof w->path) {
    char *path = hb_path_join(w->path, name);
    if (path == NULL) return hb_fail_memory(error);
    const hb_status status = add_unread(w, path + w->root, "the path is too long; move it further up", error);
    free(path);
    return status;
  }
  if (slash) w->path[before] = '/';
  memcpy(w->path + before + slash, name, length + 1);
  w->length = before + slash + length;
  const hb_status status = visit_path(w, parent, name, error);
  w->length = before;
  w->path[before] = '\0';
  return status;
}

/* Looks at everything in the current folder, which is called `name`. */
static hb_status walk(walker *w, const char *name, hb_error *error) {
  folder_names names;
  int reason;
  bool is_skipped = false;
  hb_status status = folder_read(w->path, &names, &reason, error);
  if (status == HB_OK && reason != 0 && w->depth == 1)
    status = hb_fail(error, HB_IO, "cannot read '%.200s': %s", w->path, strerror(reason));
  else if (status == HB_OK && reason != 0)
    status = add_failed(w, reason, error);
  if (status == HB_OK && w->depth > 1) status = is_output(w, &names, &is_skipped, error);
  w->set->bundles += is_skipped;
  for (uint32_t i = 0; i < names.count && !is_skipped && status == HB_OK; i++)
    status = visit(w, name, names.names[i], error);
  folder_names_free(&names);
  return status;
}

/* ---- The beginning ---- */

static void add_own(walker *w, const char *path) {
  struct stat info;
  if (stat(path, &info) == 0) w->own[w->own_count++] = folder_id_of(&info);
}

/* Finds the bundle that is built, and what a killed build may have left beside it. */
static hb_status find_own(walker *w, hb_error *error) {
  static const char *const suffixes[] = {"partial", "replaced", "embedded"};
  char *place = NULL;
  if (w->options->out == NULL) return HB_OK;
  const hb_status status = hb_path_resolve(w->options->out, &place, error);
  if (status != HB_OK) return status;
  add_own(w, place);
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    char *beside = hb_path_beside(place, suffixes[i]);
    if (beside == NULL) return free(place), hb_fail_memory(error);
    add_own(w, beside);
    free(beside);
  }
  free(place);
  return HB_OK;
}

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static hb_status start(walker *w, const char *folder, hb_error *error) {
  struct stat info;
  size_t length = strlen(folder);
  while (length > 1 && folder[length - 1] == '/') length--;
  if (length >= sizeof w->path) return hb_fail(error, HB_IO, "the path '%.100s...' is too long", folder);
  memcpy(w->path, folder, length);
  w->path[length] = '\0';
  w->length = length;
  w->root = length + (length == 0 || folder[length - 1] != '/');
  if (stat(w->path, &info) != 0) return hb_fail(error, HB_IO, "cannot open '%.200s': %s", folder, strerror(errno));
  if (!S_ISDIR(info.st_mode)) return hb_fail(error, HB_INVALID_ARGUMENT, "'%.200s' is not a folder", folder);
  hb_status status = find_own(w, error);
  if (status != HB_OK) return status;
  if (is_own(w, folder_id_of(&info)))
    return hb_fail(error, HB_INVALID_ARGUMENT, "--images and --out are the same folder; choose another --out");
  return enter(w, folder_id_of(&info), error);
}

static int compare_paths(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Makes the labels by cutting every path at its first slash. */
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

static hb_status fail_without(const char *folder, const image_files *set, hb_error *error) {
  uint32_t others = 0;
  for (int kind = 0; kind < FILE_KINDS; kind++) others += file_kind_is_picture((file_kind)kind) ? set->kinds[kind] : 0;
  return hb_fail(error, HB_INVALID_ARGUMENT,
                 "'%.200s' holds no pictures that can be read (JPEG, PNG, GIF, BMP or PNM)%s", folder,
                 others > 0 ? "; convert those that are there" : "");
}

hb_status image_files_list(const char *folder, const image_files_options *options, image_files *out, hb_error *error) {
  *out = (image_files){0};
  walker *w = calloc(1, sizeof *w);
  if (w == NULL) return hb_fail_memory(error);
  w->options = options;
  w->set = out;
  hb_status status = start(w, folder, error);
  char *name = strdup(name_of(w->path)); /* a copy, because the path will change */
  if (status == HB_OK) status = name != NULL ? walk(w, name, error) : hb_fail_memory(error);
  free(name);
  free(w->above);
  folder_set_free(&w->seen);
  free(w);
  if (status == HB_OK && out->count == 0) status = fail_without(folder, out, error);
  if (status != HB_OK) return status;
  qsort(out->paths, out->count, sizeof *out->paths, compare_paths);
  return make_labels(out, error);
}

void image_files_free(image_files *set) {
  for (uint32_t i = 0; i < set->count; i++) free(set->paths[i]);
  for (uint32_t i = 0; i < set->unread_count; i++) free(set->unread[i].path), free(set->unread[i].reason);
  free(set->paths);
  free(set->labels);
  free(set->label_text);
  free(set->unread);
  *set = (image_files){0};
}
