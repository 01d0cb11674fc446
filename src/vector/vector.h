/* vector.h: what is done to vectors but for their products, which are dot.h's. Every machine gets the same bits. The
 * public header has hb_vector_normalize. */
#ifndef HB_VECTOR_VECTOR_H
#define HB_VECTOR_VECTOR_H

#include <heybagh.h>

/* sum[i] += vector[i] */
void hb_vector_add(float *sum, const float *vector, size_t dim);

#endif
