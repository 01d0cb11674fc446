/* head_learn.h: learns heads from a collection, in closed form. The browser does not have it.
 *
 * A head is a matrix A and a bias b = -A m, m being the collection's mean, so that an embedding is A (x - m) for
 * prepared features x (prepared_features.h). Figures below are precision@4 on Caltech-101 (crop, int8 network) for
 * pictures of labels that were learned, and for labels that were not. */
#ifndef HB_VECTOR_HEAD_LEARN_H
#define HB_VECTOR_HEAD_LEARN_H

#include "vector/head_moments.h"

/* A head before it is rounded to float. */
typedef struct {
  uint32_t dim;
  double *rows; /* [dim][HB_FEATURES_DIM + 1]: the matrix, each row followed by its bias; the caller frees */
} hb_learned_head;

/* Learns a head with at most `dim` numbers; 0 stands for as many as there can be. HB_INVALID_ARGUMENT if the collection
 * is not fit for it, with a sentence that says why.
 *
 * HB_HEAD_PCA: the `dim` leading principal directions, without labels (0.84, 0.92; the features as they are give 0.83,
 *   0.92). Fits every collection, even a single picture.
 * HB_HEAD_LDA: Fisher's discriminant, labels weighted alike: at most labels - 1 directions (0.92, 0.81).
 * HB_HEAD_DISCRIMINANT: whitening within labels, then the `dim` leading directions of all pictures. A direction whose
 *   variance between labels is v, in units of that within them, is scaled by sqrt(v / (v + 0.1)), as in PLDA; those
 *   without are left out (0.90, 0.91).
 *
 * The last two need two labels, one of them with two pictures that differ. */
hb_status hb_head_learn(hb_head_kind kind, uint32_t dim, const hb_moments *moments, hb_learned_head *out,
                        hb_error *error);

#endif
