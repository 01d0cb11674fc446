/* dot.h: dot products of one query, or of four at once, with rows that follow each other. They are the hot loops of
 * searching and of building. All machines get identical bits, and so do four queries at once and one at a time: floats
 * are added in a fixed order (8 lanes, then the tail) and never contracted to FMA; whole numbers are exact in any
 * order. Nothing needs to be aligned. */
#ifndef HB_VECTOR_DOT_H
#define HB_VECTOR_DOT_H

#include <stddef.h>
#include <stdint.h>

/* Queries that share the reading of a row. With two rows each, their sums still fit into the 16 registers of AVX2. */
#define HB_DOT_QUERIES 4

/* Computes scores[i] = query . row i for `count` rows of `dim` floats. */
void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores);

/* Computes scores[q * stride + i] = queries[q] . row i. `stride` is at least `count`. */
void hb_dot_rows_by_4(const float *const queries[HB_DOT_QUERIES], const float *rows, size_t count, size_t dim,
                      float *scores, size_t stride);

/* They compute these products in whole numbers. The caller's numbers must be so small that sums fit into int32. */
void hb_dot_rows_i8(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots);
void hb_dot_rows_i8_by_4(const int16_t *const queries[HB_DOT_QUERIES], const int8_t *rows, size_t count, size_t dim,
                         int32_t *dots, size_t stride);

#endif
