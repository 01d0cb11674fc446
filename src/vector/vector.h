/* vector.h: arithmetic of single vectors; dot.h has their products. All machines get identical bits. The public header
 * declares hb_vector_normalize. */
#ifndef HB_VECTOR_VECTOR_H
#define HB_VECTOR_VECTOR_H

#include <heybagh.h>

/* Computes sum[i] += vector[i]. */
void hb_vector_add(float *sum, const float *vector, size_t dim);

#endif
