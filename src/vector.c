#include "vector.h"

#include <math.h>
#include <string.h>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#define LANES 8
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
/* the same in memory, at any address */
typedef float loose_lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* The widest vectors of the machine are chosen when the program starts; wasm and arm64 have one width. Sanitized
 * builds leave it out: the choice would run before the sanitizer is ready. */
#if defined(__x86_64__) && defined(__linux__) && !defined(HB_SANITIZED)
#define HB_WIDEST __attribute__((target_clones("default", "avx2")))
#else
#define HB_WIDEST
#endif

/* Part of its caller, also of the caller's copy for wide vectors. */
#define INLINE static inline __attribute__((always_inline))

/* Adds up the lanes, pairs at a distance first, then what is left of the row. */
INLINE float finish(const lanes *sum, const float *query, const float *row, size_t from, size_t dim) {
  const lanes s = *sum;
  float total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  for (size_t i = from; i < dim; i++) total += query[i] * row[i];
  return total;
}

/* Four rows at a time: the query is loaded once for all four, and their sums do not wait for each other. Processors do
 * not foresee such reading, so the next four rows are asked for in the order of memory: from memory that is twice as
 * fast. */
HB_WIDEST void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores) {
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
  for (; r < count; r++) {
    const float *a = rows + r * dim;
    lanes sum = {0};
    for (size_t i = 0; i < whole; i += LANES) sum += *(const loose_lanes *)(query + i) * *(const loose_lanes *)(a + i);
    scores[r] = finish(&sum, query, a, whole, dim);
  }
}

#ifdef __wasm_simd128__

/* Eight products, added in pairs. */
INLINE v128_t products_i8(const int16_t *query, const int8_t *row) {
  return wasm_i32x4_dot_i16x8(wasm_v128_load(query), wasm_i16x8_load8x8(row));
}

INLINE int32_t dot_i8(const int16_t *query, const int8_t *row, size_t dim) {
  v128_t even = wasm_i32x4_splat(0), odd = even;
  size_t i = 0;
  for (; i + 16 <= dim; i += 16) {
    even = wasm_i32x4_add(even, products_i8(query + i, row + i));
    odd = wasm_i32x4_add(odd, products_i8(query + i + 8, row + i + 8));
  }
  const v128_t sum = wasm_i32x4_add(even, odd);
  int32_t total = wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1) + wasm_i32x4_extract_lane(sum, 2) +
                  wasm_i32x4_extract_lane(sum, 3);
  for (; i < dim; i++) total += query[i] * row[i];
  return total;
}

#else

/* 32 at a time, of which clang makes x86's vpmaddwd in full width; left to itself it takes half of it. Sanitized loops
 * cannot be vectors. */
INLINE int32_t dot_i8(const int16_t *query, const int8_t *row, size_t dim) {
  int32_t total = 0;
#ifndef HB_SANITIZED
#pragma clang loop vectorize_width(32) interleave_count(1)
#endif
  for (size_t i = 0; i < dim; i++) total += query[i] * row[i];
  return total;
}

#endif

/* Row by row: rows are so short in bytes that memory is the limit, and it is read fastest in one stream. */
HB_WIDEST void hb_dot_rows_i8(const int16_t *query, const int8_t *rows, size_t count, size_t dim, int32_t *dots) {
  for (size_t r = 0; r < count; r++) dots[r] = dot_i8(query, rows + r * dim, dim);
}

INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* binary16 has 5 bits of exponent (bias 15) and 10 of mantissa, binary32 8 (bias 127) and 23. */
#define MANTISSA_SHIFT 13
#define EXPONENT(e) ((uint32_t)(e) << 23)
#define REBIAS EXPONENT(127 - 15)

/* A half's bits, moved to where a float has them, are the number times 2^-112, also of a subnormal. Both this and the
 * way back are without branches, so that the compiler makes vectors of them. */
HB_WIDEST void hb_half_to_float(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t moved = (uint32_t)(int16_t)in[i] << MANTISSA_SHIFT & 0x8fffe000u;
    const uint32_t special = (in[i] & 0x7fff) >= 0x7c00 ? EXPONENT(255) : 0;
    out[i] = float_of(bits_of(float_of(moved) * 0x1p112f) | special);
  }
}

/* Normal numbers: adding just under half of the last place that stays, and 1 more if that place is odd, carries when it
 * must, from 65520 on up to infinity. Subnormal ones: a half's last place is 2^-24, that of floats from 0.5 on, so that
 * adding 0.5 rounds. */
HB_WIDEST void hb_float_to_half(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = bits_of(in[i]), rest = bits & 0x7fffffffu, odd = rest >> MANTISSA_SHIFT & 1;
    const uint32_t normal = (rest - REBIAS + 0xfff + odd) >> MANTISSA_SHIFT;
    const uint32_t subnormal = bits_of(float_of(rest) + 0.5f) - bits_of(0.5f);
    const uint32_t special = rest > EXPONENT(255) ? 0x7e00 : 0x7c00;
    const uint32_t finite = rest < REBIAS + EXPONENT(1) ? subnormal : normal;
    out[i] = (uint16_t)((bits >> 16 & 0x8000) | (rest < REBIAS + EXPONENT(31) ? finite : special));
  }
}

void hb_normalize(float *vector, size_t dim) {
  double square = 0;
  for (size_t i = 0; i < dim; i++) square += (double)vector[i] * vector[i];
  if (!(square > 0)) return;
  double scale = 1 / sqrt(square);
  for (size_t i = 0; i < dim; i++) vector[i] = (float)(vector[i] * scale);
}

void hb_add(float *sum, const float *vector, size_t dim) {
  for (size_t i = 0; i < dim; i++) sum[i] += vector[i];
}
