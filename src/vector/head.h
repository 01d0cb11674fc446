/* head.h: the last linear map, pooled features to embedding. */
#ifndef HB_VECTOR_HEAD_H
#define HB_VECTOR_HEAD_H

#include "base/error.h"
#include "model/safetensors.h"
#include "vector/row_encoding.h"

#define HB_EXACT_DIM (HB_POOLED_DIM + 1)

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

/* embedding = matrix . pooled + bias, scaled to unit length. */
void hb_head_apply(const hb_head *head, const float *pooled, float *embedding);

/* The `exact` head of the fully connected layer: Q R with R'R = [W b]'[W b] (Cholesky) and Q a fixed random rotation,
 * so that Q R [x 1] has the same lengths and cosines as W x + b in 513 dimensions instead of 1000, and its energy is
 * spread evenly over them, as int8 storage wants it. */
hb_status hb_head_make_exact(const hb_head *logits, hb_head **out, hb_error *error);

/* The `svd` head: the `dim` (1..513) leading principal directions of the embeddings that `exact` makes of a
 * collection, rotated among themselves. `moment` [513][513] is the collection's, from hb_head_add_moment. */
hb_status hb_head_make_svd(const hb_head *exact, const double *moment, uint32_t dim, hb_head **out, hb_error *error);

/* Adds e e' of one image to the upper triangle of `moment`, e its embedding by `exact` (unit length). */
void hb_head_add_moment(const float *embedding, double *moment);

/* A head from a safetensors file: tensor "weight" [d][512] and, optional, "bias" [d], both f32; d 1..HB_DIM_MAX. */
hb_status hb_head_from_file(const hb_safetensors *file, hb_head **out, hb_error *error);

#endif
