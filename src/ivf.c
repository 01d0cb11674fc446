#include "ivf.h"

#include <stdlib.h>

#include "vector.h"

hb_status hb_ivf_scratch_create(const hb_ivf *ivf, hb_ivf_scratch *out, hb_error *error) {
  size_t longest = 1;
  for (uint32_t l = 0; l < ivf->nlist; l++)
    if (ivf->lists[l].count > longest) longest = ivf->lists[l].count;
  hb_ivf_scratch scratch = {
      .scores = malloc(longest * sizeof *scratch.scores),
      .centroids = malloc(ivf->nlist * sizeof *scratch.centroids),
      .order = malloc(ivf->nlist * sizeof *scratch.order),
  };
  if (scratch.scores == NULL || scratch.centroids == NULL || scratch.order == NULL) {
    hb_ivf_scratch_free(&scratch);
    return hb_fail_memory(error);
  }
  *out = scratch;
  return HB_OK;
}

void hb_ivf_scratch_free(hb_ivf_scratch *scratch) {
  free(scratch->scores);
  free(scratch->centroids);
  free(scratch->order);
  *scratch = (hb_ivf_scratch){0};
}

/* The `nprobe` lists with the nearest centroids, nearest first, into scratch->order. */
static void order_lists(const hb_ivf *ivf, const float *vector, uint32_t nprobe, hb_ivf_scratch *scratch) {
  hb_dot_rows(vector, ivf->centroids, ivf->nlist, ivf->dim, scratch->centroids);
  hb_topk nearest = {scratch->order, nprobe, 0};
  for (uint32_t l = 0; l < ivf->nlist; l++) hb_topk_offer(&nearest, (hb_hit){scratch->centroids[l], l});
  hb_topk_sort(&nearest);
  /* centroids that are not numbers are never offered a place; their lists come last, so that all are reached */
  for (uint32_t l = 0; nearest.count < nprobe && l < ivf->nlist; l++)
    if (scratch->centroids[l] != scratch->centroids[l]) scratch->order[nearest.count++] = (hb_hit){0, l};
}

static bool is_allowed(const hb_ivf_query *query, uint32_t id) {
  return query->allowed == NULL || (query->allowed[id / 64] >> id % 64 & 1);
}

static void scan_list(const hb_ivf *ivf, const hb_ivf_list *list, const float *vector, const hb_ivf_query *query,
                      hb_ivf_scratch *scratch, hb_topk *top) {
  hb_dot_rows(vector, list->vectors, list->count, ivf->dim, scratch->scores);
  for (uint32_t i = 0; i < list->count; i++) {
    hb_hit hit = {scratch->scores[i], list->ids[i]};
    if (hit.score >= query->min_score && is_allowed(query, hit.id)) hb_topk_offer(top, hit);
  }
}

hb_ivf_work hb_ivf_search(const hb_ivf *ivf, const float *vector, const hb_ivf_query *query, hb_ivf_scratch *scratch,
                          hb_topk *top) {
  /* a filter may leave too few in the nearest lists; then it goes on with the next ones */
  bool until_full = query->allowed != NULL;
  uint32_t most = query->exact || until_full ? ivf->nlist : query->nprobe;
  if (!query->exact) order_lists(ivf, vector, most, scratch);
  hb_ivf_work work = {0, 0};
  for (; work.nprobe < most; work.nprobe++) {
    if (!query->exact && work.nprobe >= query->nprobe && top->count >= top->k) break;
    uint32_t l = query->exact ? work.nprobe : scratch->order[work.nprobe].id;
    scan_list(ivf, &ivf->lists[l], vector, query, scratch, top);
    work.scanned += ivf->lists[l].count;
  }
  hb_topk_sort(top);
  return work;
}

void hb_ivf_scores(const hb_ivf *ivf, const float *vector, hb_ivf_scratch *scratch, float *scores) {
  for (uint32_t l = 0; l < ivf->nlist; l++) {
    const hb_ivf_list *list = &ivf->lists[l];
    hb_dot_rows(vector, list->vectors, list->count, ivf->dim, scratch->scores);
    for (uint32_t i = 0; i < list->count; i++) scores[list->ids[i]] = scratch->scores[i];
  }
}
