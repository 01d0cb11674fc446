/* dot_i8_tile.h: the loops of a form of dot_i8.h, which take two rows at a time. Each form has a file of its own, which
 * defines its instructions and then includes this:
 *   FORM                         is the form's name.
 *   TARGET                       is the attribute of functions that use the instructions.
 *   WIDTH                        is how many numbers are multiplied at a time.
 *   vector                       is the type of the sums, and of WIDTH numbers of 16 bits.
 *   load_query(p), load_row(p)   return WIDTH numbers from memory, which need not be aligned.
 *   add_products(sum, a, b)      adds the products of two of these to the sums.
 *   total(sum)                   adds up all sums. */
#include "base/inline.h"
#include "vector/dot_i8.h"

#define PART TARGET HB_INLINE
#define ROWS 2

/* `query_count` <= HB_DOT_QUERIES and `row_count` <= ROWS are constants where this is inlined, so that all sums stay in
 * registers. */
PART void dot_tile(const int16_t *const *queries, int query_count, const int8_t *rows, int row_count, size_t dim,
                   int32_t *dots, size_t stride) {
  const size_t whole = dim - dim % WIDTH;
  vector sums[HB_DOT_QUERIES][ROWS] = {0};
  for (size_t i = 0; i < whole; i += WIDTH) {
    vector x[ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) x[r] = load_row(rows + r * dim + i);
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
      const vector y = load_query(queries[q] + i);
#pragma clang loop unroll(full)
      for (int r = 0; r < row_count; r++) sums[q][r] = add_products(sums[q][r], x[r], y);
    }
  }
#pragma clang loop unroll(full)
  for (int q = 0; q < query_count; q++)
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) {
      int32_t sum = total(sums[q][r]);
      for (size_t i = whole; i < dim; i++) sum += queries[q][i] * rows[r * dim + i];
      dots[q * stride + r] = sum;
    }
}

PART void dot_all(const int16_t *const *queries, int query_count, const int8_t *rows, size_t count, size_t dim,
                  int32_t *dots, size_t stride) {
  size_t r = 0;
  for (; r + ROWS <= count; r += ROWS) dot_tile(queries, query_count, rows + r * dim, ROWS, dim, dots + r, stride);
  if (r < count) dot_tile(queries, query_count, rows + r * dim, 1, dim, dots + r, stride);
}

TARGET static void dot_rows(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots) {
  dot_all(&query, 1, rows, count, dim, dots, 0);
}

TARGET static void dot_rows_by_4(const int16_t *const *queries, const int8_t *rows, size_t count, size_t dim,
                                 int32_t *dots, size_t stride) {
  dot_all(queries, HB_DOT_QUERIES, rows, count, dim, dots, stride);
}

const hb_dot_i8 FORM = {dot_rows, dot_rows_by_4};
