/* vector.h: the hot loops over vectors. Every machine gets the same bits: of floats the order of additions is fixed (8
 * lanes, then the tail) and nothing is contracted to FMA; whole numbers are exact in any order. */
#ifndef HB_VECTOR_H
#define HB_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/* scores[i] = query . row i, for `count` rows of `dim` floats that follow each other. No alignment needed. */
void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores);

/* The same in whole numbers. The caller's numbers are so small that no sum leaves int32. */
void hb_dot_rows_i8(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots);

/* IEEE-754 binary16 to binary32, exact, and back: to the nearest, ties to even; too large becomes infinite. */
void hb_half_to_float(const uint16_t *in, float *out, size_t count);
void hb_float_to_half(const float *in, uint16_t *out, size_t count);

/* Scales to unit length; a zero vector is left alone, as Milvus does (Knowhere src/common/utils.cc). */
void hb_normalize(float *vector, size_t dim);

/* sum[i] += vector[i] */
void hb_add(float *sum, const float *vector, size_t dim);

#endif
