/* head.h: the last linear map, pooled features to embedding. */
#ifndef HB_HEAD_H
#define HB_HEAD_H

#include "error.h"

typedef struct {
  hb_head_kind kind;
  uint32_t dim;
  const float *matrix; /* [dim][HB_POOLED_DIM] */
  const float *bias;   /* [dim] */
} hb_head;

/* embedding = matrix . pooled + bias, scaled to unit length. */
void hb_head_apply(const hb_head *head, const float *pooled, float *embedding);

/* The `exact` head of the fully connected layer W [1000][512], b [1000]: the triangular R with R'R = [W b]'[W b]
 * (Cholesky), so that R [x 1] has the same lengths and cosines as W x + b in 513 dimensions instead of 1000.
 * Writes matrix [513][512] and bias [513]. */
hb_status hb_head_make_exact(const float *fc_kernel, const float *fc_bias, float *matrix, float *bias, hb_error *error);

#endif
