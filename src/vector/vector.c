#include "vector/vector.h"

#include <math.h>

void hb_vector_normalize(float *vector, size_t dim) {
  double square = 0;
  for (size_t i = 0; i < dim; i++) square += (double)vector[i] * vector[i];
  if (!(square > 0)) return;
  double scale = 1 / sqrt(square);
  for (size_t i = 0; i < dim; i++) vector[i] = (float)(vector[i] * scale);
}

void hb_vector_add(float *sum, const float *vector, size_t dim) {
  for (size_t i = 0; i < dim; i++) sum[i] += vector[i];
}
