#include "bundle/index.h"

#include <stdlib.h>
#include <string.h>

#ifndef __wasm__
#include "base/file.h"
#endif

void hb_bundle_file_release(hb_bundle_file *file) {
#ifndef __wasm__
  if (file->mapped)
    hb_file_unmap((hb_mapping){file->bytes, (size_t)file->expected});
  else
#endif
    free((void *)file->bytes);
  file->bytes = NULL;
  file->mapped = false;
}

void hb_index_free(hb_index *index) {
  if (index == NULL) return;
  for (uint32_t f = 0; f < index->file_count; f++) hb_bundle_file_release(&index->files[f]);
  for (uint32_t l = 0; l < index->label_count; l++) free(index->labels[l]);
  hb_head_free(index->head);
  free(index->files);
  free(index->labels);
  free(index->lists);
  free(index->model_url);
  free(index->image_url);
  free(index->thumb_url);
  free(index->directory);
  free(index);
}

bool hb_index_place_lists(hb_index *index) {
  uint64_t total = 0;
  for (uint32_t l = 0; l < index->nlist; l++) {
    hb_bundle_list *list = &index->lists[l];
    hb_bundle_file *file = &index->files[list->file];
    if (file->list_count++ == 0) file->first_list = l;
    if (hb_index_file_is_needed(index, list->file)) return false; /* such a file is never read as a file of lists */
    list->ivf.first = (uint32_t)total;
    total += list->count;
    if (total > index->count) return false;
    if (list->count > index->longest) index->longest = list->count;
  }
  return total == index->count;
}

/* ---- Questions ---- */

uint32_t hb_index_count(const hb_index *index) { return index->count; }
uint32_t hb_index_dim(const hb_index *index) { return index->dim; }
uint32_t hb_index_nlist(const hb_index *index) { return index->nlist; }
uint32_t hb_index_nprobe(const hb_index *index) { return index->nprobe; }
hb_encoding hb_index_encoding(const hb_index *index) { return index->encoding; }
hb_head_kind hb_index_head(const hb_index *index) { return index->head_kind; }
bool hb_index_has_head(const hb_index *index, hb_head_kind kind, uint32_t dim) {
  if (index->head_kind != kind) return false;
  const bool may_have_less = kind == HB_HEAD_LDA || kind == HB_HEAD_DISCRIMINANT;
  return dim == 0 || index->dim == dim || (may_have_less && index->dim < dim);
}

const char *hb_index_model_id(const hb_index *index) { return index->model_id; }
hb_view hb_index_view(const hb_index *index) { return index->view; }
const char *hb_index_model_url(const hb_index *index) { return index->model_url; }
const char *hb_index_image_url(const hb_index *index) { return index->image_url; }
const char *hb_index_thumb_url(const hb_index *index) { return index->thumb_url; }
uint64_t hb_index_seed(const hb_index *index) { return index->seed; }
uint64_t hb_index_shard_bytes(const hb_index *index) { return index->shard_bytes; }

uint32_t hb_index_file_count(const hb_index *index) { return index->file_count; }
const char *hb_index_file_name(const hb_index *index, uint32_t file) { return index->files[file].name; }
uint64_t hb_index_file_bytes(const hb_index *index, uint32_t file) { return index->files[file].expected; }
bool hb_index_file_is_there(const hb_index *index, uint32_t file) { return index->files[file].bytes != NULL; }

bool hb_index_file_is_needed(const hb_index *index, uint32_t file) {
  return file == index->centroid_file || file == index->head_file || file == index->table_file;
}

uint32_t hb_index_head_file(const hb_index *index) { return index->head_file; }

uint32_t hb_index_list_range(const hb_index *index, uint32_t list, uint32_t *first) {
  *first = index->lists[list].ivf.first;
  return index->lists[list].count;
}

uint32_t hb_index_label_count(const hb_index *index) { return index->label_count; }
const char *hb_index_label(const hb_index *index, uint32_t label) { return index->labels[label]; }

uint32_t hb_index_find_label(const hb_index *index, const char *label) {
  for (uint32_t l = 0; l < index->label_count; l++)
    if (strcmp(index->labels[l], label) == 0) return l;
  return UINT32_MAX;
}

uint32_t hb_index_list_at(const hb_index *index, uint32_t position) {
  uint32_t low = 0, high = index->nlist; /* lists[low].first <= position < lists[high].first */
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (index->lists[middle].ivf.first <= position)
      low = middle;
    else
      high = middle;
  }
  return low;
}
