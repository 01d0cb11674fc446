#include "plain_search.h"

#include <stdlib.h>
#include <string.h>

static hb_query query_of(const hb_index *index, const float *vector) {
  hb_query query;
  assert_ok(hb_query_create(index->encoding, index->dim, &query, &failure));
  hb_query_set(&query, vector);
  return query;
}

/* Puts a hit where it belongs among `count` sorted ones. */
static void insert(hb_hit *hits, uint32_t count, hb_hit hit) {
  uint32_t at = count;
  for (; at > 0 && hb_hit_is_better(hit, hits[at - 1]); at--) hits[at] = hits[at - 1];
  hits[at] = hit;
}

void plain_order(const hb_index *index, const float *vector, uint32_t *order) {
  hb_query query = query_of(index, vector);
  float *scores = must_allocate(index->nlist * sizeof *scores);
  hb_hit *hits = must_allocate(index->nlist * sizeof *hits);
  hb_rows_score(&index->centroids, 0, index->nlist, &query, scores);
  for (uint32_t l = 0; l < index->nlist; l++) insert(hits, l, (hb_hit){scores[l], l});
  for (uint32_t l = 0; l < index->nlist; l++) order[l] = hits[l].id;
  free(scores);
  free(hits);
  hb_query_free(&query);
}

static bool label_is_wanted(const hb_index *index, const hb_search_options *o, uint32_t label) {
  for (size_t l = 0; l < o->label_count; l++)
    if (strcmp(o->labels[l], index->labels[label]) == 0) return true;
  return o->label_count == 0;
}

/* Adds the rows of a list that pass. */
static uint32_t add_list(const hb_index *index, uint32_t l, const hb_query *query, const hb_search_options *o,
                         hb_hit *hits, uint32_t count) {
  const hb_ivf_list *list = &index->lists[l].ivf;
  for (uint32_t r = 0; r < list->rows.count; r++) {
    hb_hit hit = {0, list->first + r};
    hb_rows_score(&list->rows, r, 1, query, &hit.score);
    if (o->has_min_score && !(hit.score >= o->min_score)) continue;
    if (label_is_wanted(index, o, list->labels[r])) insert(hits, count++, hit);
  }
  return count;
}

hb_search_report plain_search(hb_index *index, const float *vector, const hb_search_options *o, const bool *there,
                              hb_hit *hits) {
  hb_search_report report = {0};
  hb_query query = query_of(index, vector);
  uint32_t *order = must_allocate(index->nlist * sizeof *order), found = 0, at = 0;
  uint32_t step = o->exact ? index->nlist : o->nprobe > 0 ? o->nprobe : index->nprobe;
  plain_order(index, vector, order);
  do {
    report.planned = report.planned + step < index->nlist ? report.planned + step : index->nlist;
    for (; at < report.planned; at++) {
      if (there != NULL && !there[order[at]]) continue;
      report.nprobe++;
      report.scanned += index->lists[order[at]].count;
      found = add_list(index, order[at], &query, o, hits, found);
    }
  } while (o->label_count > 0 && found < o->k && report.planned < index->nlist && report.nprobe == report.planned);
  report.found = found < o->k ? found : o->k;
  free(order);
  hb_query_free(&query);
  return report;
}

void check_results(const hb_index *index, const hb_hit *hits, uint32_t count, const hb_result *results) {
  for (uint32_t i = 0; i < count; i++) {
    const hb_bundle_list *list = &index->lists[hb_index_list_at(index, hits[i].id)];
    uint32_t row = hits[i].id - list->ivf.first;
    assert_same_bits(&results[i].score, &hits[i].score, 1);
    assert_int_equal(results[i].id, list->ids[row]);
    assert_true(results[i].content == list->contents[row]);
    assert_string_equal(results[i].path, list->text + list->paths[row]);
    assert_string_equal(results[i].label, index->labels[list->ivf.labels[row]]);
  }
}
