/* ivf.h: scans an inverted file, with rows in f32, f16 or int8, by cosine similarity: only the lists of the nearest
 * centroids are scanned, and all vectors have unit length. It works on arrays in memory. */
#ifndef HB_VECTOR_IVF_H
#define HB_VECTOR_IVF_H

#include "vector/row_encoding.h"
#include "base/topk.h"

typedef struct {
  hb_rows rows;           /* its codes are NULL if the list is missing */
  const uint32_t *labels; /* [rows.count] */
  uint32_t first;         /* the position of its first row, as rows are numbered through all lists */
} hb_ivf_list;

/* What a row needs to become a hit. */
typedef struct {
  const uint64_t *labels; /* one bit for each label; NULL allows all */
  float min_score;        /* -INFINITY allows all */
} hb_ivf_filter;

/* Returns whether a row with this score and label may become a hit. */
static inline bool hb_ivf_passes(const hb_ivf_filter *filter, float score, uint32_t label) {
  return score >= filter->min_score && (filter->labels == NULL || (filter->labels[label / 64] >> label % 64 & 1));
}

/* Writes the `wanted` lists with the nearest centroids to order[wanted].id, the nearest first. `scores` is scratch of
 * centroids->count floats. */
void hb_ivf_order(const hb_rows *centroids, const hb_query *query, uint32_t wanted, float *scores, hb_hit *order);

/* Offers every row of the list that passes the filter, with its position as id. `scores` is scratch of rows.count
 * floats. */
void hb_ivf_scan(const hb_ivf_list *list, const hb_query *query, const hb_ivf_filter *filter, float *scores,
                 hb_topk *top);

#endif
