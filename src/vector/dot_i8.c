#include "vector/dot_i8.h"

#include "base/simd.h"

#ifdef __wasm__

/* Computes eight products and adds them in pairs. Relaxed SIMD's product of bytes is exact only with 7 bits of the
 * query, so that three of them would be needed. */
static inline hb_i32x4 products(const int16_t *query, const int8_t *row) {
  return hb_dot_i16x8(hb_load_i16x8(query), hb_load_widened_i8(row, 0));
}

static inline int32_t dot(const int16_t *query, const int8_t *row, size_t dim) {
  hb_i32x4 even = {0}, odd = {0};
  size_t i = 0;
  for (; i + 16 <= dim; i += 16) {
    even += products(query + i, row + i);
    odd += products(query + i + 8, row + i + 8);
  }
  const hb_i32x4 sum = even + odd;
  int32_t total = sum[0] + sum[1] + sum[2] + sum[3];
  for (; i < dim; i++) total += query[i] * row[i];
  return total;
}

#else

static inline int32_t dot(const int16_t *query, const int8_t *row, size_t dim) {
  int32_t total = 0;
  for (size_t i = 0; i < dim; i++) total += query[i] * row[i];
  return total;
}

#endif

/* It goes row by row. Rows have so few bytes that memory is the limit, and memory is read fastest in one stream. */
static void dot_rows(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots) {
  for (size_t r = 0; r < count; r++) dots[r] = dot(query, rows + r * dim, dim);
}

static void dot_rows_by_4(const int16_t *const *queries, const int8_t *rows, size_t count, size_t dim, int32_t *dots,
                          size_t stride) {
  for (int q = 0; q < HB_DOT_QUERIES; q++) dot_rows(queries[q], rows, count, dim, dots + q * stride);
}

const hb_dot_i8 hb_dot_i8_portable = {dot_rows, dot_rows_by_4};

#ifdef __x86_64__

const hb_dot_i8 *hb_dot_i8_form(hb_dot_i8_kind kind) {
  const bool wide = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
  if (kind == HB_DOT_I8_VNNI) return wide ? &hb_dot_i8_vnni : NULL;
  if (kind == HB_DOT_I8_AVX2) return __builtin_cpu_supports("avx2") ? &hb_dot_i8_avx2 : NULL;
  return &hb_dot_i8_portable;
}

#else

const hb_dot_i8 *hb_dot_i8_form(hb_dot_i8_kind kind) { return kind == HB_DOT_I8_PORTABLE ? &hb_dot_i8_portable : NULL; }

#endif

static const hb_dot_i8 *widest(void) {
  hb_dot_i8_kind kind = HB_DOT_I8_FORMS - 1;
  while (hb_dot_i8_form(kind) == NULL) kind--;
  return hb_dot_i8_form(kind);
}

void hb_dot_rows_i8(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots) {
  widest()->rows(query, rows, count, dim, dots);
}

void hb_dot_rows_i8_by_4(const int16_t *const queries[HB_DOT_QUERIES], const int8_t *rows, size_t count, size_t dim,
                         int32_t *dots, size_t stride) {
  widest()->rows_by_4(queries, rows, count, dim, dots, stride);
}
