#include "bundle/bundle_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bundle/bundle.h"
#include "bundle/list_table.h"
#ifndef __wasm__
#include "base/file.h"
#endif

static hb_status fail_file(hb_error *error, const hb_bundle_file *file, const char *what) {
  return hb_fail(error, HB_BAD_INDEX, "the index file '%s' %s; fetch it again or rebuild the bundle", file->name, what);
}

static bool has_header(const uint8_t *bytes, const char *magic, uint32_t first, uint32_t second) {
  hb_file_header header;
  memcpy(&header, bytes, sizeof header);
  return memcmp(header.magic, magic, sizeof header.magic) == 0 && header.version == HB_BUNDLE_VERSION &&
         header.first == first && header.second == second;
}

/* Reads the rows that fill a file behind its header; false if the file does not have their size. */
static bool read_rows(const hb_index *index, const uint8_t *bytes, size_t size, uint32_t count, uint32_t dim,
                      hb_rows *out) {
  uint64_t codes, scales = index->encoding == HB_ENCODING_I8 ? (uint64_t)count * sizeof(float) : 0;
  if (!hb_bundle_code_bytes(index->encoding, dim, count, &codes) || size - sizeof(hb_file_header) != codes + scales)
    return false;
  const uint8_t *at = bytes + sizeof(hb_file_header);
  *out = (hb_rows){index->encoding, dim, count, at, scales > 0 ? (const float *)(const void *)(at + codes) : NULL};
  return true;
}

static hb_status attach_centroids(hb_index *index, const hb_bundle_file *file, const uint8_t *bytes, size_t size,
                                  hb_error *error) {
  hb_rows rows;
  if (!has_header(bytes, HB_MAGIC_CENTROIDS, index->nlist, index->dim) ||
      !read_rows(index, bytes, size, index->nlist, index->dim, &rows))
    return fail_file(error, file, "does not contain the centroids");
  index->centroids = rows;
  return HB_OK;
}

static hb_status attach_head(hb_index *index, const hb_bundle_file *file, const uint8_t *bytes, size_t size,
                             hb_error *error) {
  const uint32_t numbers = hb_head_inputs(index->head_features) + 1;
  hb_rows rows;
  if (!has_header(bytes, HB_MAGIC_HEAD, index->dim, numbers) ||
      !read_rows(index, bytes, size, index->dim, numbers, &rows))
    return fail_file(error, file, "does not contain the head");
  hb_status status = hb_head_create(index->head_kind, index->head_features, index->dim, &index->head, error);
  if (status == HB_OK) hb_head_read_rows(index->head, &rows);
  return status;
}

/* Checks that labels exist, that paths end inside the text, and that scales are numbers. */
static bool rows_are_right(const hb_index *index, const hb_bundle_list *list, uint32_t text_bytes) {
  if (list->count == 0) return true;
  if (text_bytes == 0 || list->text[text_bytes - 1] != '\0') return false;
  for (uint32_t r = 0; r < list->count; r++)
    if (list->ivf.labels[r] >= index->label_count || list->paths[r] >= text_bytes ||
        (list->ivf.rows.scales != NULL && !isfinite(list->ivf.rows.scales[r])))
      return false;
  return true;
}

static hb_status attach_list(hb_index *index, hb_bundle_list *list, const hb_bundle_file *file,
                             const uint8_t *file_bytes, hb_error *error) {
  const uint8_t *bytes = file_bytes + list->offset;
  uint32_t header[2]; /* count, text bytes */
  memcpy(header, bytes, sizeof header);
  uint64_t codes, all;
  if (header[0] != list->count || !hb_bundle_code_bytes(index->encoding, index->dim, list->count, &codes) ||
      !hb_bundle_list_bytes(index->encoding, index->dim, list->count, header[1], &all) || list->bytes != all)
    return fail_file(error, file, "contains a list that does not have the size in " HB_MANIFEST_NAME);
  hb_bundle_list found = *list;
  found.ivf.rows = (hb_rows){index->encoding, index->dim, list->count, bytes + HB_LIST_HEADER, NULL};
  found.contents = (const uint64_t *)(const void *)(bytes + HB_LIST_HEADER + codes);
  const uint32_t *column = (const uint32_t *)(const void *)(found.contents + list->count);
  if (index->encoding == HB_ENCODING_I8) {
    found.ivf.rows.scales = (const float *)(const void *)column;
    column += list->count;
  }
  found.ids = column;
  found.ivf.labels = found.ids + list->count;
  found.paths = found.ivf.labels + list->count;
  found.text = (const char *)(found.paths + list->count);
  if (!rows_are_right(index, &found, header[1])) return fail_file(error, file, "contains damaged rows");
  *list = found;
  return HB_OK;
}

/* Returns the file's next list from `l` on, of which there must be one, and moves `l` behind it. */
static hb_bundle_list *next_list(hb_index *index, uint32_t file, uint32_t *l) {
  while (index->lists[*l].file != file) ++*l;
  return &index->lists[(*l)++];
}

static void detach_lists(hb_index *index, uint32_t number) {
  uint32_t l = index->files[number].first_list;
  for (uint32_t n = 0; n < index->files[number].list_count; n++) next_list(index, number, &l)->ivf.rows.codes = NULL;
}

static hb_status attach_lists(hb_index *index, uint32_t number, const hb_bundle_file *file, const uint8_t *bytes,
                              hb_error *error) {
  if (!has_header(bytes, HB_MAGIC_LISTS, file->list_count, index->dim))
    return fail_file(error, file, "does not contain the lists");
  hb_status status = HB_OK;
  uint32_t l = file->first_list;
  for (uint32_t n = 0; n < file->list_count && status == HB_OK; n++)
    status = attach_list(index, next_list(index, number, &l), file, bytes, error);
  if (status != HB_OK) detach_lists(index, number);
  return status;
}

static hb_status attach_table(hb_index *index, uint32_t number, const uint8_t *bytes, size_t size, hb_error *error) {
  bool right;
  hb_status status = hb_list_table_read(index, bytes, size, &right, error);
  if (status != HB_OK || right) return status;
  return fail_file(error, &index->files[number], "does not contain the table of lists");
}

static hb_status check_bytes(const hb_bundle_file *file, const uint8_t *bytes, size_t size, hb_error *error) {
  if (size != file->expected) return fail_file(error, file, "is cut short or too long");
  if (size < sizeof(hb_file_header)) return fail_file(error, file, "is too short");
  char hex[HB_SHA256_HEX];
  hb_sha256_hex_of(bytes, size, hex);
  return strcmp(hex, file->sha256) == 0 ? HB_OK : fail_file(error, file, "has the wrong hash");
}

static hb_status attach(hb_index *index, uint32_t number, const uint8_t *bytes, size_t size, hb_error *error) {
  const hb_bundle_file *file = &index->files[number];
  if (file->bytes != NULL)
    return hb_fail(error, HB_INVALID_ARGUMENT, "the index already has the file '%s'", file->name);
  hb_status status = check_bytes(file, bytes, size, error);
  if (status != HB_OK) return status;
  if (number == index->centroid_file) return attach_centroids(index, file, bytes, size, error);
  if (number == index->head_file) return attach_head(index, file, bytes, size, error);
  if (number == index->table_file) return attach_table(index, number, bytes, size, error);
  return attach_lists(index, number, file, bytes, error);
}

hb_status hb_index_provide(hb_index *index, uint32_t file, void *bytes, size_t size, hb_error *error) {
  hb_status status = file < index->file_count ? attach(index, file, bytes, size, error)
                                              : hb_fail(error, HB_INVALID_ARGUMENT, "the index has no file %u", file);
  if (status == HB_OK)
    index->files[file].bytes = bytes;
  else
    free(bytes);
  return status;
}

void hb_index_release(hb_index *index, uint32_t file) {
  if (file >= index->file_count || hb_index_file_is_needed(index, file)) return;
  detach_lists(index, file);
  hb_bundle_file_release(&index->files[file]);
}

/* ---- Folders ---- */

#ifndef __wasm__
static hb_status map_file(hb_index *index, uint32_t number, hb_error *error) {
  char *path = hb_path_join(index->directory, index->files[number].name);
  if (path == NULL) return hb_fail_memory(error);
  hb_mapping mapping;
  hb_status status = hb_file_map(path, &mapping, error);
  free(path);
  if (status != HB_OK) return status;
  status = attach(index, number, mapping.bytes, mapping.size, error);
  if (status != HB_OK) return hb_file_unmap(mapping), status;
  index->files[number].bytes = mapping.bytes;
  index->files[number].mapped = true;
  return HB_OK;
}

hb_status hb_index_is_there(const char *directory, bool *out, hb_error *error) {
  char *path = hb_path_join(directory, HB_MANIFEST_NAME);
  if (path == NULL) return hb_fail_memory(error);
  hb_mapping manifest;
  hb_json *json;
  hb_status status = hb_file_map(path, &manifest, error);
  free(path);
  if (status == HB_OUT_OF_MEMORY) return status;
  if (status != HB_OK) return *out = false, HB_OK;
  status = hb_json_parse(manifest.bytes, manifest.size, &json);
  const bool is_bundle = status == HB_OK && hb_json_equals(json, hb_json_get(json, 0, "format"), HB_BUNDLE_FORMAT);
  hb_json_free(json);
  hb_file_unmap(manifest);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  return *out = is_bundle, HB_OK;
}

static hb_status parse_folder(const char *directory, hb_index **out, hb_error *error) {
  char *path = hb_path_join(directory, HB_MANIFEST_NAME);
  if (path == NULL) return hb_fail_memory(error);
  hb_mapping manifest;
  hb_status status = hb_file_map(path, &manifest, error);
  free(path);
  if (status != HB_OK) return status;
  status = hb_index_parse(manifest.bytes, manifest.size, out, error);
  hb_file_unmap(manifest);
  return status;
}

hb_status hb_index_open(const char *directory, hb_index **out, hb_error *error) {
  hb_index *index;
  hb_status status = parse_folder(directory, &index, error);
  if (status != HB_OK) return status;
  index->directory = strdup(directory);
  if (index->directory == NULL) status = hb_fail_memory(error);
  for (uint32_t f = 0, named = index->file_count; f < named && status == HB_OK; f++)
    if (hb_index_file_is_needed(index, f)) status = map_file(index, f, error);
  if (status != HB_OK) return hb_index_free(index), status;
  *out = index;
  return HB_OK;
}
#endif

hb_status hb_index_load_list(hb_index *index, uint32_t list, bool *missing, hb_error *error) {
  *missing = false;
  if (index->lists[list].ivf.rows.codes != NULL) return HB_OK;
#ifndef __wasm__
  if (index->directory != NULL) return map_file(index, index->lists[list].file, error);
#endif
  (void)error;
  *missing = true;
  return HB_OK;
}

hb_status hb_index_check_ready(const hb_index *index, hb_error *error) {
  for (uint32_t f = 0; f < index->file_count; f++)
    if (hb_index_file_is_needed(index, f) && index->files[f].bytes == NULL)
      return fail_file(error, &index->files[f], "is missing");
  return HB_OK;
}
