/* simd_i8.h: the vector operations of the int8 network. What clang does not make of its own vector types by itself is
 * WebAssembly's instruction there, and a plain loop elsewhere, where it only has to be right. */
#ifndef HB_BASE_SIMD_I8_H
#define HB_BASE_SIMD_I8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __wasm__
#include <wasm_simd128.h>
#endif

#define HB_INLINE static inline __attribute__((always_inline))

typedef int8_t hb_i8x16 __attribute__((vector_size(16)));
typedef int16_t hb_i16x8 __attribute__((vector_size(16)));
typedef int32_t hb_i32x4 __attribute__((vector_size(16)));
typedef int64_t hb_i64x2 __attribute__((vector_size(16)));
typedef float hb_f32x4 __attribute__((vector_size(16)));

HB_INLINE hb_i32x4 hb_load(const void *from) {
  hb_i32x4 v;
  memcpy(&v, from, sizeof v);
  return v;
}

HB_INLINE void hb_store(void *to, hb_i32x4 v) { memcpy(to, &v, sizeof v); }

HB_INLINE void hb_store_half(void *to, hb_i8x16 v, int half) {
  const int64_t bytes = ((hb_i64x2)v)[half];
  memcpy(to, &bytes, sizeof bytes);
}

/* The same four bytes in all lanes. */
HB_INLINE hb_i32x4 hb_load_splat(const void *from) {
  int32_t x;
  memcpy(&x, from, sizeof x);
  return (hb_i32x4){x, x, x, x};
}

HB_INLINE hb_i32x4 hb_splat(int32_t x) { return (hb_i32x4){x, x, x, x}; }

/* Eight bytes, their bits turned over by `flip`, widened. */
HB_INLINE hb_i16x8 hb_load_widen(const void *from, int8_t flip) {
  typedef int8_t i8x8 __attribute__((vector_size(8)));
  i8x8 v;
  memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v ^ flip, hb_i16x8);
}

HB_INLINE hb_i32x4 hb_widen_low(hb_i16x8 v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3), hb_i32x4);
}

HB_INLINE hb_i32x4 hb_widen_high(hb_i16x8 v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 4, 5, 6, 7), hb_i32x4);
}

#ifdef __wasm__

/* To each sum four products of bytes. Whether the engine takes `x` as signed is found out by hb_i8_form_here. Plain
 * SIMD has no such product, and no caller. */
HB_INLINE hb_i32x4 hb_dot8(hb_i32x4 sum, hb_i32x4 weights, hb_i32x4 x, bool x_is_unsigned) {
  (void)x_is_unsigned;
#ifdef __wasm_relaxed_simd__
  return (hb_i32x4)wasm_i32x4_relaxed_dot_i8x16_i7x16_add((v128_t)weights, (v128_t)x, (v128_t)sum);
#else
  (void)weights, (void)x;
  return sum;
#endif
}

/* To each sum two products of 16-bit numbers. */
HB_INLINE hb_i32x4 hb_dot16(hb_i32x4 sum, hb_i16x8 weights, hb_i16x8 x) {
  return sum + (hb_i32x4)wasm_i32x4_dot_i16x8((v128_t)weights, (v128_t)x);
}

HB_INLINE hb_i16x8 hb_narrow16(hb_i32x4 a, hb_i32x4 b) {
  return (hb_i16x8)wasm_i16x8_narrow_i32x4((v128_t)a, (v128_t)b);
}

HB_INLINE hb_i8x16 hb_narrow8(hb_i16x8 a, hb_i16x8 b) {
  return (hb_i8x16)wasm_i8x16_narrow_i16x8((v128_t)a, (v128_t)b);
}

HB_INLINE hb_i16x8 hb_add_saturated(hb_i16x8 a, hb_i16x8 b) {
  return (hb_i16x8)wasm_i16x8_add_sat((v128_t)a, (v128_t)b);
}

#else

HB_INLINE hb_i32x4 hb_dot8(hb_i32x4 sum, hb_i32x4 weights, hb_i32x4 x, bool x_is_unsigned) {
  const hb_i8x16 w = (hb_i8x16)weights, v = (hb_i8x16)x;
  for (int i = 0; i < 16; i++) sum[i / 4] += w[i] * (x_is_unsigned ? (uint8_t)v[i] : v[i]);
  return sum;
}

HB_INLINE hb_i32x4 hb_dot16(hb_i32x4 sum, hb_i16x8 weights, hb_i16x8 x) {
  for (int i = 0; i < 8; i++) sum[i / 2] += weights[i] * x[i];
  return sum;
}

HB_INLINE int32_t hb_clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

HB_INLINE hb_i16x8 hb_narrow16(hb_i32x4 a, hb_i32x4 b) {
  hb_i16x8 v;
  for (int i = 0; i < 8; i++) v[i] = (int16_t)hb_clamp(i < 4 ? a[i % 4] : b[i % 4], INT16_MIN, INT16_MAX);
  return v;
}

HB_INLINE hb_i8x16 hb_narrow8(hb_i16x8 a, hb_i16x8 b) {
  hb_i8x16 v;
  for (int i = 0; i < 16; i++) v[i] = (int8_t)hb_clamp(i < 8 ? a[i % 8] : b[i % 8], INT8_MIN, INT8_MAX);
  return v;
}

HB_INLINE hb_i16x8 hb_add_saturated(hb_i16x8 a, hb_i16x8 b) { return __builtin_elementwise_add_sat(a, b); }

#endif
#endif
