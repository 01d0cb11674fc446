/* head_make.h: makes heads from the fully connected layer and from a collection. The browser does not have it. */
#ifndef HB_VECTOR_HEAD_MAKE_H
#define HB_VECTOR_HEAD_MAKE_H

#include "vector/head.h"

/* Makes the `exact` head of the fully connected layer: Q R, where R'R = [W b]'[W b] (Cholesky) and Q is a fixed random
 * rotation. Q R [x 1] has the lengths and cosines of W x + b in 513 dimensions instead of 1000. The rotation spreads
 * its energy evenly over the dimensions, which suits rows in int8. */
hb_status hb_head_make_exact(const hb_head *logits, hb_head **out, hb_error *error);

/* Makes the `svd` head: the `dim` (1 to 513) leading principal directions of the embeddings that `exact` gives for a
 * collection, rotated among themselves. hb_head_add_moment makes the collection's `moment` [513][513]. */
hb_status hb_head_make_svd(const hb_head *exact, const double *moment, uint32_t dim, hb_head **out, hb_error *error);

/* Adds e e' to the upper triangle of `moment`, where e is an image's embedding by `exact`, of unit length. */
void hb_head_add_moment(const float *embedding, double *moment);

#endif
