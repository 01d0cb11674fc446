/* requantize.h: from a convolution's sums to the numbers of a map: requantization, the residual addition, storing.
 * For the convolutions' innermost functions. */
#ifndef HB_INT8_REQUANTIZE_H
#define HB_INT8_REQUANTIZE_H

#include "base/simd_i8.h"
#include "resnet18/quantization.h"

/* Adding 1.5 * 2^23 leaves a float's whole part, rounded to even, in its low bits. */
#define HB_ROUNDER 0x1.8p23f
#define HB_ROUNDER_BITS 0x4b400000

/* Rounding floats to q. */
typedef struct {
  int32_t least; /* bits of HB_ROUNDER - 128 - zero: what is less, also where the trick fails, is -128 */
  int32_t shift; /* from bits to q */
} hb_rounding_i8;

static inline hb_rounding_i8 hb_rounding_to(int32_t zero) {
  return (hb_rounding_i8){HB_ROUNDER_BITS - 128 - zero, HB_ROUNDER_BITS - zero};
}

/* q in 32 bits: at least -128, but what is above 127 stays. */
HB_INLINE hb_i32x4 hb_round_i8(hb_f32x4 x, hb_rounding_i8 rounding) {
  const hb_i32x4 bits = (hb_i32x4)(x + HB_ROUNDER);
  return __builtin_elementwise_max(bits, hb_splat(rounding.least)) - hb_splat(rounding.shift);
}

/* Eight channels of a pixel: sums to q, clamped below, saturated to 16 bits above. */
HB_INLINE hb_i16x8 hb_requantize_i8(hb_i32x4 low, hb_i32x4 high, const float *scale, hb_rounding_i8 rounding) {
  const hb_f32x4 x = __builtin_convertvector(low, hb_f32x4) * (hb_f32x4)hb_load(scale);
  const hb_f32x4 y = __builtin_convertvector(high, hb_f32x4) * (hb_f32x4)hb_load(scale + 4);
  return hb_narrow16(hb_round_i8(x, rounding), hb_round_i8(y, rounding));
}

/* The same of the sum with a residual, whose q are `other`. */
HB_INLINE hb_i16x8 hb_add_eight_i8(hb_i16x8 q, hb_i16x8 other, const hb_sum_i8 *sum) {
  const hb_i32x4 bias = hb_splat(sum->bias), a = hb_splat(sum->own), b = hb_splat(sum->other);
  q = __builtin_elementwise_min(q, (hb_i16x8){} + (int16_t)INT8_MAX);
  const hb_i32x4 low = bias + hb_widen_low(q) * a + hb_widen_low(other) * b;
  const hb_i32x4 high = bias + hb_widen_high(q) * a + hb_widen_high(other) * b;
  return hb_add_saturated(hb_narrow16(low >> (int32_t)sum->shift, high >> (int32_t)sum->shift),
                          (hb_i16x8){} + sum->zero);
}

#endif
