/* vector.h: what is done to vectors but for their products, which are dot.h's. Every machine gets the same bits. */
#ifndef HB_VECTOR_VECTOR_H
#define HB_VECTOR_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/* IEEE-754 binary16 to binary32, exact, and back: to the nearest, ties to even; too large becomes infinite. */
void hb_vector_from_f16(const uint16_t *in, float *out, size_t count);
void hb_vector_to_f16(const float *in, uint16_t *out, size_t count);

/* Scales to unit length; a zero vector is left alone, as Milvus does (Knowhere src/common/utils.cc). */
void hb_vector_normalize(float *vector, size_t dim);

/* sum[i] += vector[i] */
void hb_vector_add(float *sum, const float *vector, size_t dim);

#endif
