/* head_moments.h: sums over a collection's prepared features, which are all that a head is learned from. Their memory
 * (15 MB) does not depend on the number of pictures or labels. The browser does not have it. */
#ifndef HB_VECTOR_HEAD_MOMENTS_H
#define HB_VECTOR_HEAD_MOMENTS_H

#include "base/error.h"

#define HB_MOMENTS_BLOCK 16 /* pictures whose squares are added at once, as this needs less traffic with memory */

/* `x` is a picture, `m` the mean of a label's pictures; of the matrices only the upper triangles are used. Read them
 * after hb_moments_finish. */
typedef struct {
  uint64_t count, labels; /* pictures and labels */
  double *sum;            /* [HB_FEATURES_DIM] sum of x, as are the next two vectors */
  double *mean_sum;       /* sum of m */
  double *label_sum;      /* sum of x over the label that is being added */
  uint64_t label_count;
  double *total;   /* [HB_FEATURES_DIM][HB_FEATURES_DIM] sum of x x', as are the next two matrices */
  double *between; /* sum of n m m', where n is the number of the label's pictures */
  double *means;   /* sum of m m' */
  double *block;   /* [HB_MOMENTS_BLOCK][HB_FEATURES_DIM] pictures that wait */
  uint32_t waiting;
} hb_moments;

/* Begins with no pictures. The caller frees with hb_moments_free, also after a failure. */
hb_status hb_moments_create(hb_moments *moments, hb_error *error);
/* Adds a picture. The pictures of a label come one after the other, and hb_moments_end_label follows them. Where labels
 * do not matter it is never called. The sums depend on the order, to the last bit. */
void hb_moments_add(hb_moments *moments, const float prepared[HB_FEATURES_DIM]);
void hb_moments_end_label(hb_moments *moments);
/* Adds the pictures that wait. */
void hb_moments_finish(hb_moments *moments);
void hb_moments_free(hb_moments *moments);

#endif
