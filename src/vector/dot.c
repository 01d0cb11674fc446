#include "vector/dot.h"

#include "base/cpu_dispatch.h"
#include "base/inline.h"

#define LANES 8
#define ROWS 2 /* that four queries take at a time */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
/* lanes in memory, at any address */
typedef float loose_lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* Adds up the lanes, distant ones first, and then what is left of the row. */
HB_INLINE float finish(const lanes *sum, const float *query, const float *row, size_t from, size_t dim) {
  const lanes s = *sum;
  float total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  for (size_t i = from; i < dim; i++) total += query[i] * row[i];
  return total;
}

HB_INLINE float dot(const float *query, const float *row, size_t dim) {
  const size_t whole = dim - dim % LANES;
  lanes sum = {0};
  for (size_t i = 0; i < whole; i += LANES) sum += *(const loose_lanes *)(query + i) * *(const loose_lanes *)(row + i);
  return finish(&sum, query, row, whole, dim);
}

/* It takes four rows at a time, so that the query is loaded once for all four, and their sums do not wait for each
 * other. Processors cannot predict this order of reading, so the next four rows are prefetched in the order of memory,
 * which makes rows outside the cache twice as fast. */
HB_CPU_DISPATCH void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores) {
  const size_t whole = dim - dim % LANES;
  size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *a = rows + r * dim, *b = a + dim, *c = b + dim, *d = c + dim;
    const float *next = r + 8 <= count ? a + 4 * dim : a;
    lanes sa = {0}, sb = {0}, sc = {0}, sd = {0};
    for (size_t i = 0; i < whole; i += LANES) {
      __builtin_prefetch(next + 4 * i);
      __builtin_prefetch(next + 4 * i + 2 * LANES);
      const lanes q = *(const loose_lanes *)(query + i);
      sa += q * *(const loose_lanes *)(a + i);
      sb += q * *(const loose_lanes *)(b + i);
      sc += q * *(const loose_lanes *)(c + i);
      sd += q * *(const loose_lanes *)(d + i);
    }
    scores[r] = finish(&sa, query, a, whole, dim);
    scores[r + 1] = finish(&sb, query, b, whole, dim);
    scores[r + 2] = finish(&sc, query, c, whole, dim);
    scores[r + 3] = finish(&sd, query, d, whole, dim);
  }
  for (; r < count; r++) scores[r] = dot(query, rows + r * dim, dim);
}

/* Multiplies `row_count` <= ROWS rows with all queries, and keeps all sums in registers. `next` are the rows that will
 * be needed next. */
HB_INLINE void dot_tile(const float *const *queries, const float *rows, int row_count, const float *next, size_t dim,
                        float *scores, size_t stride) {
  const size_t whole = dim - dim % LANES;
  lanes sums[HB_DOT_QUERIES][ROWS] = {0};
  for (size_t i = 0; i < whole; i += LANES) {
    lanes x[ROWS];
    __builtin_prefetch(next + row_count * i);
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) x[r] = *(const loose_lanes *)(rows + r * dim + i);
#pragma clang loop unroll(full)
    for (int q = 0; q < HB_DOT_QUERIES; q++) {
      const lanes y = *(const loose_lanes *)(queries[q] + i);
#pragma clang loop unroll(full)
      for (int r = 0; r < row_count; r++) sums[q][r] += y * x[r];
    }
  }
#pragma clang loop unroll(full)
  for (int q = 0; q < HB_DOT_QUERIES; q++)
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++)
      scores[q * stride + r] = finish(&sums[q][r], queries[q], rows + r * dim, whole, dim);
}

HB_CPU_DISPATCH void hb_dot_rows_by_4(const float *const queries[HB_DOT_QUERIES], const float *rows, size_t count,
                                      size_t dim, float *scores, size_t stride) {
  size_t r = 0;
  for (; r + ROWS <= count; r += ROWS) {
    const float *row = rows + r * dim, *next = r + 2 * ROWS <= count ? row + ROWS * dim : row;
    dot_tile(queries, row, ROWS, next, dim, scores + r, stride);
  }
  if (r < count) dot_tile(queries, rows + r * dim, 1, rows + r * dim, dim, scores + r, stride);
}
