#include "builder/row_store.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (8u << 20) /* the size of a block of decoded rows */

hb_status hb_row_store_create(hb_row_store *rows, hb_encoding encoding, uint32_t dim, const char *path,
                              hb_error *error) {
  *rows = (hb_row_store){.encoding = encoding};
  return hb_row_store_start(rows, dim, path, error);
}

hb_status hb_row_store_start(hb_row_store *rows, uint32_t dim, const char *path, hb_error *error) {
  rows->dim = dim;
  rows->code = malloc(hb_row_bytes(rows->encoding, dim));
  if (rows->code == NULL) return hb_fail_memory(error);
  return hb_temporary_rows_create(path, hb_row_bytes(rows->encoding, dim), &rows->codes, error);
}

void hb_row_store_free(hb_row_store *rows) {
  hb_temporary_rows_free(rows->codes);
  for (uint32_t l = 0; l < rows->label_count; l++) free(rows->labels[l]);
  free(rows->labels);
  free(rows->label_order);
  free(rows->info);
  free(rows->scales);
  free(rows->paths);
  free(rows->code);
  *rows = (hb_row_store){0};
}

/* Makes room for one more row; false without memory. */
static bool reserve_row(hb_row_store *rows) {
  if (rows->count < rows->capacity) return true;
  uint32_t more = rows->capacity < 1024 ? 1024 : rows->capacity > UINT32_MAX / 2 ? UINT32_MAX : rows->capacity * 2;
  hb_row_info *info = realloc(rows->info, more * sizeof *info);
  if (info != NULL) rows->info = info;
  float *scales = realloc(rows->scales, more * sizeof *scales);
  if (scales != NULL) rows->scales = scales;
  if (info == NULL || scales == NULL) return false;
  rows->capacity = more;
  return true;
}

static bool add_path(hb_row_store *rows, const char *path) {
  size_t length = strlen(path) + 1;
  if (rows->path_bytes + length > rows->path_capacity) {
    size_t more = (rows->path_bytes + length) * 3 / 2;
    char *paths = realloc(rows->paths, more);
    if (paths == NULL) return false;
    rows->paths = paths;
    rows->path_capacity = more;
  }
  memcpy(rows->paths + rows->path_bytes, path, length);
  rows->path_bytes += length;
  return true;
}

static bool reserve_label(hb_row_store *rows) {
  if (rows->label_count < rows->label_capacity) return true;
  uint32_t more = rows->label_capacity < 64 ? 64 : rows->label_capacity * 2;
  char **labels = realloc(rows->labels, more * sizeof *labels);
  if (labels != NULL) rows->labels = labels;
  uint32_t *order = realloc(rows->label_order, more * sizeof *order);
  if (order != NULL) rows->label_order = order;
  if (labels == NULL || order == NULL) return false;
  rows->label_capacity = more;
  return true;
}

hb_status hb_row_store_label(hb_row_store *rows, const char *label, uint32_t *out, hb_error *error) {
  uint32_t low = 0, high = rows->label_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(rows->labels[rows->label_order[middle]], label);
    if (order == 0) return *out = rows->label_order[middle], HB_OK;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (!reserve_label(rows)) return hb_fail_memory(error);
  char *copy = strdup(label);
  if (copy == NULL) return hb_fail_memory(error);
  memmove(rows->label_order + low + 1, rows->label_order + low, (rows->label_count - low) * sizeof *rows->label_order);
  rows->label_order[low] = *out = rows->label_count;
  rows->labels[rows->label_count++] = copy;
  return HB_OK;
}

hb_status hb_row_store_name(hb_row_store *rows, const char *path, const char *label, uint64_t content, uint32_t id,
                            hb_error *error) {
  if (rows->count > 0 && strcmp(rows->paths + rows->info[rows->count - 1].path, path) >= 0)
    return hb_fail(error, HB_INVALID_ARGUMENT, "paths must come in byte order, each once, and '%.200s' does not", path);
  if (rows->count == UINT32_MAX - 1) return hb_fail(error, HB_INVALID_ARGUMENT, "there are more than 2^32 images");
  uint32_t number;
  hb_status status = hb_row_store_label(rows, label, &number, error);
  if (status != HB_OK) return status;
  size_t at = rows->path_bytes;
  if (!reserve_row(rows) || !add_path(rows, path)) return hb_fail_memory(error);
  rows->info[rows->count++] = (hb_row_info){content, at, id, number, false};
  return HB_OK;
}

hb_status hb_row_store_add_vector(hb_row_store *rows, uint32_t row, const float *unit, hb_error *error) {
  hb_row_encode(rows->encoding, rows->dim, unit, true, rows->code, &rows->scales[row]);
  return hb_temporary_rows_add(rows->codes, rows->code, error);
}

hb_status hb_row_store_add_codes(hb_row_store *rows, uint32_t row, const hb_rows *stored, hb_error *error) {
  rows->scales[row] = stored->scales != NULL ? stored->scales[0] : 1;
  return hb_temporary_rows_add(rows->codes, stored->codes, error);
}

hb_status hb_row_store_renumber(hb_row_store *rows, hb_error *error) {
  char **labels = malloc((rows->label_count + 1) * sizeof *labels);
  uint32_t *used = calloc(rows->label_count + 1, sizeof *used), count = 0;
  if (labels == NULL || used == NULL) return free(labels), free(used), hb_fail_memory(error);
  for (uint32_t i = 0; i < rows->count; i++) used[rows->info[i].label] = 1;
  for (uint32_t l = 0; l < rows->label_count; l++) {
    uint32_t old = rows->label_order[l];
    if (used[old] == 0) {
      free(rows->labels[old]); /* the base had images with it */
      continue;
    }
    labels[count] = rows->labels[old];
    used[old] = count++;
  }
  for (uint32_t l = 0; l < count; l++) rows->label_order[l] = l;
  for (uint32_t i = 0; i < rows->count; i++) rows->info[i].label = used[rows->info[i].label], rows->info[i].id = i;
  free(used);
  free(rows->labels);
  rows->labels = labels;
  rows->label_count = rows->label_capacity = count;
  return HB_OK;
}

static int compare_ids(const void *a, const void *b) {
  const hb_row_info *x = *(hb_row_info *const *)a, *y = *(hb_row_info *const *)b;
  if (x->id != y->id) return x->id < y->id ? -1 : 1;
  if (x->moved != y->moved) return x->moved ? 1 : -1;
  return (x > y) - (x < y);
}

hb_status hb_row_store_give_ids(hb_row_store *rows, hb_error *error) {
  hb_row_info **by_id = malloc((rows->count + 1) * sizeof *by_id);
  if (by_id == NULL) return hb_fail_memory(error);
  for (uint32_t i = 0; i < rows->count; i++) by_id[i] = &rows->info[i];
  qsort(by_id, rows->count, sizeof *by_id, compare_ids);
  uint32_t next = 0, previous = HB_ID_NEW;
  for (uint32_t i = 0; i < rows->count; i++) {
    bool taken = by_id[i]->id == previous;
    previous = by_id[i]->id;
    if (taken) by_id[i]->id = HB_ID_NEW;
    if (by_id[i]->id != HB_ID_NEW) next = by_id[i]->id + 1;
  }
  free(by_id);
  for (uint32_t i = 0; i < rows->count; i++)
    if (rows->info[i].id == HB_ID_NEW) rows->info[i].id = next++;
  return HB_OK;
}

hb_status hb_row_store_read(const hb_row_store *rows, uint32_t first, uint32_t count, void *codes, hb_rows *out,
                            hb_error *error) {
  hb_status status = hb_temporary_rows_read(rows->codes, first, count, codes, error);
  const float *scales = rows->encoding == HB_ENCODING_I8 ? rows->scales + first : NULL;
  if (status == HB_OK) *out = (hb_rows){rows->encoding, rows->dim, count, codes, scales};
  return status;
}

uint32_t hb_row_store_block(const hb_row_store *rows) {
  uint32_t block = (uint32_t)(BLOCK_BYTES / (rows->dim * sizeof(float)));
  return block < 64 ? 64 : block;
}
