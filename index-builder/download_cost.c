#include "download_cost.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static hb_status map_named(const char *directory, const char *name, hb_mapping *out, hb_error *error) {
  char *path = hb_path_join(directory, name);
  if (path == NULL) return hb_fail_memory(error);
  hb_status status = hb_file_map(path, out, error);
  free(path);
  return status;
}

static hb_status provide(download_cost *f, const char *directory, uint32_t file, hb_error *error) {
  hb_mapping mapping;
  hb_status status = map_named(directory, hb_index_file_name(f->index, file), &mapping, error);
  if (status != HB_OK) return status;
  void *copy = malloc(mapping.size + 1);
  if (copy == NULL) return hb_file_unmap(mapping), hb_fail_memory(error);
  if (mapping.size > 0) memcpy(copy, mapping.bytes, mapping.size);
  hb_file_unmap(mapping);
  f->needed_bytes += mapping.size;
  if (file == hb_index_head_file(f->index)) f->head_bytes = mapping.size;
  return hb_index_provide(f->index, file, copy, mapping.size, error);
}

hb_status download_cost_open(const char *directory, download_cost *out, hb_error *error) {
  hb_mapping manifest;
  *out = (download_cost){0};
  hb_status status = map_named(directory, HB_MANIFEST_NAME, &manifest, error);
  if (status != HB_OK) return status;
  out->needed_bytes = manifest.size;
  status = hb_index_parse(manifest.bytes, manifest.size, &out->index, error);
  hb_file_unmap(manifest);
  if (status != HB_OK) return status;
  uint32_t named = hb_index_file_count(out->index);
  for (uint32_t file = 0; file < named && status == HB_OK; file++)
    if (hb_index_file_is_needed(out->index, file)) status = provide(out, directory, file, error);
  if (status != HB_OK) return status;
  out->counted = calloc(hb_index_file_count(out->index), sizeof *out->counted);
  if (out->counted == NULL) return hb_fail_memory(error);
  return hb_search_create(out->index, &out->search, error);
}

void download_cost_close(download_cost *f) {
  hb_search_free(f->search);
  hb_index_free(f->index);
  free(f->counted);
}

hb_status download_cost_start(download_cost *f, const float *query, hb_error *error) {
  memset(f->counted, 0, hb_index_file_count(f->index) * sizeof *f->counted);
  f->places = 0;
  f->bytes = f->files = 0;
  return hb_search_start(f->search, query, &(hb_search_options){.k = 1, .exact = true}, error);
}

void download_cost_widen(download_cost *f, uint32_t nprobe) {
  for (; f->places < nprobe; f->places++) {
    const uint32_t file = hb_search_file(f->search, f->places);
    if (f->counted[file]) continue;
    f->counted[file] = true;
    f->bytes += hb_index_file_bytes(f->index, file);
    f->files++;
  }
}
