/* head.h: the last linear map, from features to the embedding. */
#ifndef HB_VECTOR_HEAD_H
#define HB_VECTOR_HEAD_H

#include "base/error.h"
#include "vector/row_encoding.h"

/* The features that a head takes. */
typedef enum {
  HB_FEATURES_LAYER4, /* the HB_POOLED_DIM means of layer4, as they are */
  HB_FEATURES_SQRT,   /* all HB_FEATURES_DIM, prepared: hb_features_prepare */
} hb_head_features;

#define HB_HEAD_ROW_MAX (HB_FEATURES_DIM + 1) /* numbers in the longest row of a bundle's head, bias included */

struct hb_head {
  hb_head_kind kind;
  hb_head_features features;
  uint32_t dim, inputs; /* `inputs`: numbers that it takes */
  float *matrix;        /* [dim][inputs], owned */
  float *bias;          /* [dim], in the same allocation behind the matrix */
};

/* "layer4" or "sqrt-layer4-layer3", as index.json and files of heads call them. Static storage. */
const char *hb_head_features_name(hb_head_features features);
/* The reverse; false if no features have this name. */
bool hb_head_features_parse(const char *name, hb_head_features *out);
/* Returns their number. */
uint32_t hb_head_inputs(hb_head_features features);

/* Creates a head of zeros. The caller frees it with hb_head_free. */
hb_status hb_head_create(hb_head_kind kind, hb_head_features features, uint32_t dim, hb_head **out, hb_error *error);
/* Creates a copy. */
hb_status hb_head_copy(const hb_head *head, hb_head **out, hb_error *error);
/* Returns true if both are of one kind and have the same numbers. */
bool hb_head_equal(const hb_head *a, const hb_head *b);

/* Sets the head from rows [dim][inputs + 1] as a bundle stores them, each with its bias at the end. */
void hb_head_read_rows(hb_head *head, const hb_rows *rows);

/* Encodes the head's rows as a bundle stores them. *out points into *codes and *scales, which the caller frees, also on
 * failure. */
hb_status hb_head_encode(const hb_head *head, hb_encoding encoding, hb_rows *out, void **codes, float **scales,
                         hb_error *error);

/* Computes matrix . features + bias and scales it to unit length. `features` are HB_FEATURES_DIM, as the network gives
 * them; a head of HB_FEATURES_LAYER4 reads only the first HB_POOLED_DIM. */
void hb_head_apply(const hb_head *head, const float *features, float *embedding);

#endif
