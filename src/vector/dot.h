/* dot.h: dot products of one query, or of four at once, with rows that follow each other: the hot loops of searching
 * and of building. Every machine gets the same bits, and four queries the same as one: of floats the order of additions
 * is fixed (8 lanes, then the tail) and nothing is contracted to FMA; whole numbers are exact in any order. No
 * alignment is needed. */
#ifndef HB_VECTOR_DOT_H
#define HB_VECTOR_DOT_H

#include <stddef.h>
#include <stdint.h>

/* Queries that share the reading of a row. As many sums of two rows each stay in registers, also in the 16 of AVX2. */
#define HB_DOT_QUERIES 4

/* scores[i] = query . row i, for `count` rows of `dim` floats. */
void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores);

/* scores[q * stride + i] = queries[q] . row i; stride >= count. */
void hb_dot_rows_by_4(const float *const queries[HB_DOT_QUERIES], const float *rows, size_t count, size_t dim,
                      float *scores, size_t stride);

/* The same two in whole numbers. The caller's numbers are so small that no sum leaves int32. */
void hb_dot_rows_i8(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots);
void hb_dot_rows_i8_by_4(const int16_t *const queries[HB_DOT_QUERIES], const int8_t *rows, size_t count, size_t dim,
                         int32_t *dots, size_t stride);

#endif
