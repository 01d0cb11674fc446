/* ivf.h: IVF_FLAT with cosine similarity: the lists of the nearest centroids are scanned, all vectors of unit length.
 * Arrays in memory only. */
#ifndef HB_VECTOR_IVF_H
#define HB_VECTOR_IVF_H

#include "vector/row_encoding.h"
#include "base/topk.h"

typedef struct {
  hb_rows rows;           /* codes NULL: the list is not there */
  const uint32_t *labels; /* [rows.count] */
  uint32_t first;         /* the position of its first row: rows are counted through all lists */
} hb_ivf_list;

/* What a row must have to become a hit. */
typedef struct {
  const uint64_t *labels; /* a bit a label, or NULL for all */
  float min_score;        /* -INFINITY for none */
} hb_ivf_filter;

static inline bool hb_ivf_passes(const hb_ivf_filter *filter, float score, uint32_t label) {
  return score >= filter->min_score && (filter->labels == NULL || (filter->labels[label / 64] >> label % 64 & 1));
}

/* The `wanted` lists with the nearest centroids, nearest first, into order[wanted].id. `scores` is scratch of
 * centroids->count floats. */
void hb_ivf_order(const hb_rows *centroids, const hb_query *query, uint32_t wanted, float *scores, hb_hit *order);

/* Offers every row of the list that passes the filter, with its position as id. `scores` is scratch of rows.count
 * floats. */
void hb_ivf_scan(const hb_ivf_list *list, const hb_query *query, const hb_ivf_filter *filter, float *scores,
                 hb_topk *top);

#endif
