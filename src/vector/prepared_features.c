#include "vector/prepared_features.h"

#include <math.h>

void hb_features_prepare(const float *features, float *prepared) {
  for (int i = 0; i < HB_FEATURES_DIM; i++) prepared[i] = features[i] > 0 ? sqrtf(features[i]) : 0;
  hb_vector_normalize(prepared, HB_POOLED_DIM);
  hb_vector_normalize(prepared + HB_POOLED_DIM, HB_FEATURES_DIM - HB_POOLED_DIM);
}
