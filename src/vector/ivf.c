#include "vector/ivf.h"

void hb_ivf_order(const hb_rows *centroids, const hb_query *query, uint32_t wanted, float *scores, hb_hit *order) {
  hb_rows_score(centroids, 0, centroids->count, query, scores);
  hb_topk nearest = {order, wanted, 0};
  for (uint32_t l = 0; l < centroids->count; l++) hb_topk_offer(&nearest, (hb_hit){scores[l], l});
  hb_topk_sort(&nearest);
  /* the heap drops centroids whose score is NaN; their lists come last, so that every list can be reached */
  for (uint32_t l = 0; nearest.count < wanted && l < centroids->count; l++)
    if (scores[l] != scores[l]) order[nearest.count++] = (hb_hit){0, l};
}

void hb_ivf_scan(const hb_ivf_list *list, const hb_query *query, const hb_ivf_filter *filter, float *scores,
                 hb_topk *top) {
  hb_rows_score(&list->rows, 0, list->rows.count, query, scores);
  for (uint32_t i = 0; i < list->rows.count; i++)
    if (hb_ivf_passes(filter, scores[i], list->labels[i])) hb_topk_offer(top, (hb_hit){scores[i], list->first + i});
}
