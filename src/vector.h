/* vector.h: the hot loops over f32 vectors, in the compiler's portable vectors: one source for SSE2, AVX2, AVX-512,
 * NEON and wasm SIMD. The order of additions is fixed (8 lanes, then the tail) and nothing is contracted to FMA, so
 * every machine gets the same bits. */
#ifndef HB_VECTOR_H
#define HB_VECTOR_H

#include <stddef.h>

/* scores[i] = query . row i, for `count` rows of `dim` floats that follow each other. No alignment needed. */
void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores);

/* Scales to unit length; a zero vector is left alone, as Milvus does (Knowhere src/common/utils.cc). */
void hb_normalize(float *vector, size_t dim);

/* sum[i] += vector[i] */
void hb_add(float *sum, const float *vector, size_t dim);

#endif
