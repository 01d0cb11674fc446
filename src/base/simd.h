/* simd.h: vectors of 128 bits. clang's vector types have operators (+, -, *, <<, >>, ^) and builtins such as
 * __builtin_elementwise_max; this file has the operations that clang lacks. In wasm nearly all are one instruction, and
 * on x86-64 those that resizing needs; the rest are plain loops, which need not be fast.
 *
 * A function's name ends with the type that it loads, stores or repeats, or else with the type of its operands. */
#ifndef HB_BASE_SIMD_H
#define HB_BASE_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __wasm__
#include <wasm_simd128.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/inline.h"

typedef int8_t hb_i8x16 __attribute__((vector_size(16)));
typedef uint8_t hb_u8x16 __attribute__((vector_size(16)));
typedef int16_t hb_i16x8 __attribute__((vector_size(16)));
typedef int32_t hb_i32x4 __attribute__((vector_size(16)));
typedef uint32_t hb_u32x4 __attribute__((vector_size(16))); /* for sums that may wrap around */
typedef int64_t hb_i64x2 __attribute__((vector_size(16)));
typedef float hb_f32x4 __attribute__((vector_size(16)));

/* ---- Memory, which need not be aligned ---- */

HB_INLINE hb_i8x16 hb_load_i8x16(const void *from) {
  hb_i8x16 v;
  memcpy(&v, from, sizeof v);
  return v;
}

HB_INLINE hb_i16x8 hb_load_i16x8(const void *from) { return (hb_i16x8)hb_load_i8x16(from); }
HB_INLINE hb_i32x4 hb_load_i32x4(const void *from) { return (hb_i32x4)hb_load_i8x16(from); }
HB_INLINE hb_u32x4 hb_load_u32x4(const void *from) { return (hb_u32x4)hb_load_i8x16(from); }
HB_INLINE hb_f32x4 hb_load_f32x4(const void *from) { return (hb_f32x4)hb_load_i8x16(from); }

/* Loads eight int8, inverts those of their bits that are 1 in `flip`, and extends them to 16 bits. */
HB_INLINE hb_i16x8 hb_load_widened_i8(const void *from, int8_t flip) {
  typedef int8_t i8x8 __attribute__((vector_size(8)));
  i8x8 v;
  memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v ^ flip, hb_i16x8);
}

/* Loads eight uint8 and extends them to 16 bits. */
HB_INLINE hb_i16x8 hb_load_widened_u8(const void *from) {
  typedef uint8_t u8x8 __attribute__((vector_size(8)));
  u8x8 v;
  memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v, hb_i16x8);
}

/* Loads four bytes and repeats them in all lanes. */
HB_INLINE hb_i32x4 hb_load_splat_i32x4(const void *from) {
  int32_t x;
  memcpy(&x, from, sizeof x);
  return (hb_i32x4){x, x, x, x};
}

HB_INLINE void hb_store_i8x16(void *to, hb_i8x16 v) { memcpy(to, &v, sizeof v); }
HB_INLINE void hb_store_i16x8(void *to, hb_i16x8 v) { memcpy(to, &v, sizeof v); }
HB_INLINE void hb_store_i32x4(void *to, hb_i32x4 v) { memcpy(to, &v, sizeof v); }
HB_INLINE void hb_store_u32x4(void *to, hb_u32x4 v) { memcpy(to, &v, sizeof v); }
HB_INLINE void hb_store_f32x4(void *to, hb_f32x4 v) { memcpy(to, &v, sizeof v); }

/* Stores the lower eight bytes if `half` is 0, the upper ones if it is 1. */
HB_INLINE void hb_store_half_i8x16(void *to, hb_i8x16 v, int half) {
  const int64_t bytes = ((hb_i64x2)v)[half];
  memcpy(to, &bytes, sizeof bytes);
}

/* ---- Lanes ---- */

HB_INLINE hb_i16x8 hb_splat_i16x8(int16_t x) { return (hb_i16x8){x, x, x, x, x, x, x, x}; }
HB_INLINE hb_i32x4 hb_splat_i32x4(int32_t x) { return (hb_i32x4){x, x, x, x}; }
HB_INLINE hb_f32x4 hb_splat_f32x4(float x) { return (hb_f32x4){x, x, x, x}; }

/* Extends the lower, or the upper, four numbers to 32 bits. */
HB_INLINE hb_i32x4 hb_widen_low_i16x8(hb_i16x8 v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3), hb_i32x4);
}

HB_INLINE hb_i32x4 hb_widen_high_i16x8(hb_i16x8 v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 4, 5, 6, 7), hb_i32x4);
}

/* The lower (0) or the upper (1) halves of both, one number of each in turn. */
HB_INLINE hb_i16x8 hb_zip_i16x8(hb_i16x8 a, hb_i16x8 b, int half) {
  return half == 0 ? __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
                   : __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/* ---- Instructions of WebAssembly ----
 *
 * hb_swizzle_i8x16       moves bytes: each lane gets the byte at its place, or 0 if its place is negative
 * hb_dot_i16x8           multiplies pairs of numbers and adds up every two products
 * hb_add_dot_i8x16       adds to each sum four products of bytes. hb_i8_form_here finds out whether the engine takes
 *                        `x` as signed. Plain SIMD has no such product, and nobody calls this there
 * hb_narrow_i32x4/i16x8  makes numbers half as wide, those out of range the largest or smallest there is
 * hb_narrow_i16x8_u8     makes them unsigned */

#ifdef __wasm__

HB_INLINE hb_i8x16 hb_swizzle_i8x16(hb_i8x16 v, hb_i8x16 places) {
  return (hb_i8x16)wasm_i8x16_swizzle((v128_t)v, (v128_t)places);
}

HB_INLINE hb_i32x4 hb_dot_i16x8(hb_i16x8 a, hb_i16x8 b) { return (hb_i32x4)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b); }

HB_INLINE hb_i32x4 hb_add_dot_i8x16(hb_i32x4 sum, hb_i8x16 weights, hb_i8x16 x, bool x_is_unsigned) {
  (void)x_is_unsigned;
#ifdef __wasm_relaxed_simd__
  return (hb_i32x4)wasm_i32x4_relaxed_dot_i8x16_i7x16_add((v128_t)weights, (v128_t)x, (v128_t)sum);
#else
  (void)weights, (void)x;
  return sum;
#endif
}

HB_INLINE hb_i16x8 hb_narrow_i32x4(hb_i32x4 low, hb_i32x4 high) {
  return (hb_i16x8)wasm_i16x8_narrow_i32x4((v128_t)low, (v128_t)high);
}

HB_INLINE hb_i8x16 hb_narrow_i16x8(hb_i16x8 low, hb_i16x8 high) {
  return (hb_i8x16)wasm_i8x16_narrow_i16x8((v128_t)low, (v128_t)high);
}

HB_INLINE hb_u8x16 hb_narrow_i16x8_u8(hb_i16x8 low, hb_i16x8 high) {
  return (hb_u8x16)wasm_u8x16_narrow_i16x8((v128_t)low, (v128_t)high);
}

#else

/* One instruction where `places` are constant and the machine has it. */
HB_INLINE hb_i8x16 hb_swizzle_i8x16(hb_i8x16 v, hb_i8x16 places) {
  hb_i8x16 moved;
  for (int i = 0; i < 16; i++) moved[i] = places[i] < 0 ? 0 : v[places[i] & 15];
  return moved;
}

HB_INLINE hb_i32x4 hb_add_dot_i8x16(hb_i32x4 sum, hb_i8x16 weights, hb_i8x16 x, bool x_is_unsigned) {
  for (int i = 0; i < 16; i++) sum[i / 4] += weights[i] * (x_is_unsigned ? (uint8_t)x[i] : x[i]);
  return sum;
}

#ifdef __SSE2__

HB_INLINE hb_i32x4 hb_dot_i16x8(hb_i16x8 a, hb_i16x8 b) { return (hb_i32x4)_mm_madd_epi16((__m128i)a, (__m128i)b); }

HB_INLINE hb_i16x8 hb_narrow_i32x4(hb_i32x4 low, hb_i32x4 high) {
  return (hb_i16x8)_mm_packs_epi32((__m128i)low, (__m128i)high);
}

HB_INLINE hb_i8x16 hb_narrow_i16x8(hb_i16x8 low, hb_i16x8 high) {
  return (hb_i8x16)_mm_packs_epi16((__m128i)low, (__m128i)high);
}

HB_INLINE hb_u8x16 hb_narrow_i16x8_u8(hb_i16x8 low, hb_i16x8 high) {
  return (hb_u8x16)_mm_packus_epi16((__m128i)low, (__m128i)high);
}

#else

HB_INLINE hb_i32x4 hb_dot_i16x8(hb_i16x8 a, hb_i16x8 b) {
  hb_i32x4 sum;
  for (int i = 0; i < 4; i++) sum[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
  return sum;
}

HB_INLINE int32_t hb_clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

HB_INLINE hb_i16x8 hb_narrow_i32x4(hb_i32x4 low, hb_i32x4 high) {
  hb_i16x8 v;
  for (int i = 0; i < 8; i++) v[i] = (int16_t)hb_clamp(i < 4 ? low[i] : high[i - 4], INT16_MIN, INT16_MAX);
  return v;
}

HB_INLINE hb_i8x16 hb_narrow_i16x8(hb_i16x8 low, hb_i16x8 high) {
  hb_i8x16 v;
  for (int i = 0; i < 16; i++) v[i] = (int8_t)hb_clamp(i < 8 ? low[i] : high[i - 8], INT8_MIN, INT8_MAX);
  return v;
}

HB_INLINE hb_u8x16 hb_narrow_i16x8_u8(hb_i16x8 low, hb_i16x8 high) {
  hb_u8x16 v;
  for (int i = 0; i < 16; i++) v[i] = (uint8_t)hb_clamp(i < 8 ? low[i] : high[i - 8], 0, UINT8_MAX);
  return v;
}

#endif
#endif
#endif
