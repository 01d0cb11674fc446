/* simd.h: the few operations on 128 bits that the int8 kernels need. Arithmetic is the compiler's own on its vector
 * types (+, -, *, <<), the same in wasm and natively; here is what has no operator. */
#ifndef HB_BASE_SIMD_H
#define HB_BASE_SIMD_H

#include <stdint.h>
#include <string.h>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

/* Unsigned, so that what overflows wraps round. */
typedef uint8_t hb_u8x8 __attribute__((vector_size(8)));
typedef int8_t hb_i8x8 __attribute__((vector_size(8)));
typedef uint16_t hb_u16x8 __attribute__((vector_size(16)));
typedef int16_t hb_i16x8 __attribute__((vector_size(16)));
typedef uint32_t hb_u32x4 __attribute__((vector_size(16)));
typedef int32_t hb_i32x4 __attribute__((vector_size(16)));
typedef float hb_f32x4 __attribute__((vector_size(16)));

#define HB_SIMD static inline __attribute__((always_inline))

/* Memory need not be aligned. */
HB_SIMD hb_u16x8 hb_load_u16(const void *p) {
  hb_u16x8 v;
  memcpy(&v, p, sizeof v);
  return v;
}

HB_SIMD hb_u32x4 hb_load_u32(const void *p) {
  hb_u32x4 v;
  memcpy(&v, p, sizeof v);
  return v;
}

HB_SIMD hb_f32x4 hb_load_f32(const void *p) {
  hb_f32x4 v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* Eight bytes, each extended to 16 bits: with its sign, or as 0 .. 255. */
HB_SIMD hb_u16x8 hb_load_i8(const void *p) {
  hb_i8x8 v;
  memcpy(&v, p, sizeof v);
  return (hb_u16x8) __builtin_convertvector(v, hb_i16x8);
}

HB_SIMD hb_u16x8 hb_load_u8(const void *p) {
  hb_u8x8 v;
  memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, hb_u16x8);
}

HB_SIMD void hb_store_u16(void *p, hb_u16x8 v) { memcpy(p, &v, sizeof v); }
HB_SIMD void hb_store_u32(void *p, hb_u32x4 v) { memcpy(p, &v, sizeof v); }

/* The same four bytes in all lanes. */
HB_SIMD hb_u16x8 hb_load_splat(const void *p) {
  uint32_t x;
  memcpy(&x, p, sizeof x);
  return (hb_u16x8)(hb_u32x4){x, x, x, x};
}

/* Products of signed 16-bit numbers, added in pairs. */
HB_SIMD hb_u32x4 hb_dot(hb_u16x8 a, hb_u16x8 b) {
#ifdef __wasm_simd128__
  return (hb_u32x4)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b);
#else
  hb_u32x4 sum;
  const hb_i16x8 x = (hb_i16x8)a, y = (hb_i16x8)b;
  for (int i = 0; i < 4; i++) sum[i] = (uint32_t)(x[2 * i] * y[2 * i]) + (uint32_t)(x[2 * i + 1] * y[2 * i + 1]);
  return sum;
#endif
}

HB_SIMD int32_t hb_clamp_lane(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

/* Signed numbers of half the width, the nearest there are. */
HB_SIMD hb_u16x8 hb_narrow_i32(hb_u32x4 low, hb_u32x4 high) {
#ifdef __wasm_simd128__
  return (hb_u16x8)wasm_i16x8_narrow_i32x4((v128_t)low, (v128_t)high);
#else
  hb_u16x8 v;
  for (int i = 0; i < 8; i++)
    v[i] = (uint16_t)hb_clamp_lane((int32_t)(i < 4 ? low[i] : high[i - 4]), INT16_MIN, INT16_MAX);
  return v;
#endif
}

/* Eight int8 into memory, the nearest there are, with the bits inverted that the eight bytes of `flip` have. */
HB_SIMD void hb_store_narrow_i16(void *p, hb_u16x8 v, const uint8_t *flip) {
#ifdef __wasm_simd128__
  const v128_t bytes = wasm_i8x16_narrow_i16x8((v128_t)v, (v128_t)v);
  wasm_v128_store64_lane(p, wasm_v128_xor(bytes, wasm_v128_load64_zero(flip)), 0);
#else
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)hb_clamp_lane((int16_t)v[i], INT8_MIN, INT8_MAX) ^ flip[i];
  memcpy(p, bytes, sizeof bytes);
#endif
}

/* a + b of signed numbers, the nearest there is. */
HB_SIMD hb_u16x8 hb_add_clamped(hb_u16x8 a, hb_u16x8 b) {
#ifdef __wasm_simd128__
  return (hb_u16x8)wasm_i16x8_add_sat((v128_t)a, (v128_t)b);
#else
  hb_u16x8 v;
  for (int i = 0; i < 8; i++) v[i] = (uint16_t)hb_clamp_lane((int16_t)a[i] + (int16_t)b[i], INT16_MIN, INT16_MAX);
  return v;
#endif
}

HB_SIMD hb_u32x4 hb_max_i32(hb_u32x4 a, hb_u32x4 b) {
#ifdef __wasm_simd128__
  return (hb_u32x4)wasm_i32x4_max((v128_t)a, (v128_t)b);
#else
  for (int i = 0; i < 4; i++)
    if ((int32_t)a[i] < (int32_t)b[i]) a[i] = b[i];
  return a;
#endif
}

/* max(low, min(v, high)) of signed numbers. */
HB_SIMD hb_u16x8 hb_clamp_i16(hb_u16x8 v, int16_t low, int16_t high) {
#ifdef __wasm_simd128__
  return (hb_u16x8)wasm_i16x8_max(wasm_i16x8_min((v128_t)v, wasm_i16x8_splat(high)), wasm_i16x8_splat(low));
#else
  for (int i = 0; i < 8; i++) v[i] = (uint16_t)hb_clamp_lane((int16_t)v[i], low, high);
  return v;
#endif
}

/* The lower and the upper four numbers with their signs in 32 bits. */
HB_SIMD hb_u32x4 hb_low_i32(hb_u16x8 v) {
  const hb_i16x8 x = (hb_i16x8)v;
  return (hb_u32x4) __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1, 2, 3), hb_i32x4);
}

HB_SIMD hb_u32x4 hb_high_i32(hb_u16x8 v) {
  const hb_i16x8 x = (hb_i16x8)v;
  return (hb_u32x4) __builtin_convertvector(__builtin_shufflevector(x, x, 4, 5, 6, 7), hb_i32x4);
}

HB_SIMD hb_f32x4 hb_float_i32(hb_u32x4 v) { return __builtin_convertvector((hb_i32x4)v, hb_f32x4); }

#endif
