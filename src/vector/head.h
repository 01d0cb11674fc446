/* head.h: the last linear map, pooled features to embedding. */
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

/* A head of zeros. The caller frees with hb_head_free. */
hb_status hb_head_create(hb_head_kind kind, uint32_t dim, hb_head **out, hb_error *error);

/* Sets the head from rows [dim][513], each with its bias at the end, as a bundle stores them. */
void hb_head_read_rows(hb_head *head, const hb_rows *rows);

/* The head's rows as a bundle stores them: encodes into fresh memory (*codes, *scales; the caller frees both). */
hb_status hb_head_encode(const hb_head *head, hb_encoding encoding, hb_rows *out, void **codes, float **scales,
                         hb_error *error);

/* embedding = matrix . pooled + bias, scaled to unit length. */
void hb_head_apply(const hb_head *head, const float *pooled, float *embedding);

#endif
