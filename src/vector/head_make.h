/* head_make.h: heads that are made of the fully connected layer and of a collection. Not in the browser. */
#ifndef HB_VECTOR_HEAD_MAKE_H
#define HB_VECTOR_HEAD_MAKE_H

#include "vector/head.h"

/* The `exact` head of the fully connected layer: Q R with R'R = [W b]'[W b] (Cholesky) and Q a fixed random rotation,
 * so that Q R [x 1] has the same lengths and cosines as W x + b in 513 dimensions instead of 1000, and its energy is
 * spread evenly over them, as rows in int8 want it. */
hb_status hb_head_make_exact(const hb_head *logits, hb_head **out, hb_error *error);

/* The `svd` head: the `dim` (1..513) leading principal directions of the embeddings that `exact` makes of a
 * collection, rotated among themselves. `moment` [513][513] is the collection's, from hb_head_add_moment. */
hb_status hb_head_make_svd(const hb_head *exact, const double *moment, uint32_t dim, hb_head **out, hb_error *error);

/* Adds e e' of one image to the upper triangle of `moment`, e its embedding by `exact` (unit length). */
void hb_head_add_moment(const float *embedding, double *moment);

#endif
