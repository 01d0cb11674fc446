/* prepared_features.h: features as learned heads take them. Mean activations of a channel differ much more between
 * pictures where they are large; their square roots do not. */
#ifndef HB_VECTOR_PREPARED_FEATURES_H
#define HB_VECTOR_PREPARED_FEATURES_H

#include <heybagh.h>

/* Writes the square root of each of the features [HB_FEATURES_DIM], then scales the part of layer4 (the first
 * HB_POOLED_DIM) and that of layer3 each to unit length. A part of zeros stays as it is; what is negative or not a
 * number counts as 0. All machines get identical bits. */
void hb_features_prepare(const float *features, float *prepared);

#endif
