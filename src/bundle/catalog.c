#include "bundle/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "bundle/bundle_files.h"

struct hb_catalog {
  hb_index *index;
  uint32_t *positions; /* [count], by number */
  uint32_t *numbers;   /* [count], by position */
};

static const char *path_at(const hb_index *index, uint32_t position) {
  const hb_bundle_list *list = &index->lists[hb_index_list_at(index, position)];
  return list->text + list->paths[position - list->ivf.first];
}

static int compare_paths(const void *a, const void *b, void *index) {
  return strcmp(path_at(index, *(const uint32_t *)a), path_at(index, *(const uint32_t *)b));
}

static int compare_ids(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static hb_status map_all(hb_index *index, hb_error *error) {
  for (uint32_t l = 0; l < index->nlist; l++) {
    bool missing;
    hb_status status = hb_index_load_list(index, l, &missing, error);
    if (status != HB_OK) return status;
    if (missing) return hb_fail(error, HB_INVALID_ARGUMENT, "some files of the index are missing");
  }
  return HB_OK;
}

/* Checks that no two images have the same path or the same id. `numbers` is scratch memory here. */
static hb_status check_unique(const hb_catalog *c, hb_error *error) {
  const hb_index *index = c->index;
  for (uint32_t n = 1; n < index->count; n++)
    if (strcmp(path_at(index, c->positions[n - 1]), path_at(index, c->positions[n])) == 0)
      return hb_fail(error, HB_BAD_INDEX, "the index contains '%.200s' twice; build it again",
                     path_at(index, c->positions[n]));
  for (uint32_t l = 0; l < index->nlist; l++)
    memcpy(c->numbers + index->lists[l].ivf.first, index->lists[l].ids, index->lists[l].count * sizeof *c->numbers);
  qsort(c->numbers, index->count, sizeof *c->numbers, compare_ids);
  for (uint32_t n = 1; n < index->count; n++)
    if (c->numbers[n - 1] == c->numbers[n])
      return hb_fail(error, HB_BAD_INDEX, "the index uses the id %u twice; build it again", c->numbers[n]);
  return HB_OK;
}

hb_status hb_catalog_create(hb_index *index, hb_catalog **out, hb_error *error) {
  hb_status status = map_all(index, error);
  if (status != HB_OK) return status;
  hb_catalog *c = calloc(1, sizeof *c);
  if (c == NULL) return hb_fail_memory(error);
  c->index = index;
  c->positions = malloc(index->count * sizeof *c->positions);
  c->numbers = malloc(index->count * sizeof *c->numbers);
  if (c->positions == NULL || c->numbers == NULL) return hb_catalog_free(c), hb_fail_memory(error);
  for (uint32_t p = 0; p < index->count; p++) c->positions[p] = p;
  qsort_r(c->positions, index->count, sizeof *c->positions, compare_paths, index);
  status = check_unique(c, error);
  if (status != HB_OK) return hb_catalog_free(c), status;
  for (uint32_t n = 0; n < index->count; n++) c->numbers[c->positions[n]] = n;
  *out = c;
  return HB_OK;
}

void hb_catalog_free(hb_catalog *c) {
  if (c == NULL) return;
  free(c->positions);
  free(c->numbers);
  free(c);
}

uint32_t hb_catalog_count(const hb_catalog *c) { return c->index->count; }

hb_entry hb_catalog_entry(const hb_catalog *c, uint32_t number) {
  uint32_t position = c->positions[number];
  const hb_bundle_list *list = &c->index->lists[hb_index_list_at(c->index, position)];
  uint32_t row = position - list->ivf.first, label = list->ivf.labels[row];
  return (hb_entry){list->ids[row], label, list->contents[row], list->text + list->paths[row], c->index->labels[label]};
}

uint32_t hb_catalog_find(const hb_catalog *c, const char *path) {
  uint32_t low = 0, high = c->index->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(path_at(c->index, c->positions[middle]), path);
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return UINT32_MAX;
}

uint32_t hb_catalog_number_at(const hb_catalog *c, uint32_t position) { return c->numbers[position]; }

hb_rows hb_catalog_row(const hb_catalog *c, uint32_t number) {
  uint32_t position = c->positions[number];
  const hb_bundle_list *list = &c->index->lists[hb_index_list_at(c->index, position)];
  size_t row = position - list->ivf.first;
  hb_rows one = list->ivf.rows;
  one.count = 1;
  one.codes = (const uint8_t *)one.codes + row * hb_row_bytes(one.encoding, one.dim);
  if (one.scales != NULL) one.scales += row;
  return one;
}

void hb_catalog_vector(const hb_catalog *c, uint32_t number, float *out) {
  hb_rows row = hb_catalog_row(c, number);
  hb_row_decode(&row, 0, out);
}

/* Copies the scores of one list, [count][its rows], to the places that the images' numbers give them. */
static void spread_scores(const hb_catalog *c, const hb_ivf_list *list, uint32_t count, const float *scores,
                          float *out) {
  for (uint32_t q = 0; q < count; q++)
    for (uint32_t r = 0; r < list->rows.count; r++)
      out[(size_t)q * c->index->count + c->numbers[list->first + r]] = *scores++;
}

hb_status hb_catalog_scores(const hb_catalog *c, const float *queries, uint32_t count, float *scores, hb_error *error) {
  const hb_index *index = c->index;
  hb_query *ready;
  hb_status status = hb_queries_create(index->encoding, index->dim, count, &ready, error);
  if (status != HB_OK) return status;
  float *list_scores = malloc((size_t)count * (index->longest + 1) * sizeof *list_scores);
  if (list_scores == NULL) return hb_queries_free(ready, count), hb_fail_memory(error);
  for (uint32_t q = 0; q < count; q++) hb_query_set(&ready[q], queries + (size_t)q * index->dim);
  for (uint32_t l = 0; l < index->nlist; l++) {
    const hb_ivf_list *list = &index->lists[l].ivf;
    hb_rows_score_many(&list->rows, ready, count, list_scores, list->rows.count);
    spread_scores(c, list, count, list_scores, scores);
  }
  free(list_scores);
  hb_queries_free(ready, count);
  return HB_OK;
}
