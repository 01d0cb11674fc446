/* head.h: the last linear map, from pooled features to the embedding. */
#ifndef HB_VECTOR_HEAD_H
#define HB_VECTOR_HEAD_H

#include "base/error.h"
#include "vector/row_encoding.h"

struct hb_head {
  hb_head_kind kind;
  uint32_t dim;
  float *matrix; /* [dim][HB_POOLED_DIM], owned */
  float *bias;   /* [dim], in the same allocation behind the matrix */
};

/* Creates a head of zeros. The caller frees it with hb_head_free. */
hb_status hb_head_create(hb_head_kind kind, uint32_t dim, hb_head **out, hb_error *error);

/* Sets the head from rows [dim][513] as a bundle stores them, each with its bias at the end. */
void hb_head_read_rows(hb_head *head, const hb_rows *rows);

/* Encodes the head's rows as a bundle stores them. *out points into *codes and *scales, which the caller frees, also on
 * failure. */
hb_status hb_head_encode(const hb_head *head, hb_encoding encoding, hb_rows *out, void **codes, float **scales,
                         hb_error *error);

/* Computes matrix . pooled + bias and scales it to unit length. */
void hb_head_apply(const hb_head *head, const float *pooled, float *embedding);

#endif
