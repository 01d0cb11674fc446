/* requantize.h: turns a convolution's sums into the numbers q of a feature map: requantization and the residual
 * addition, for the innermost functions of the convolutions. */
#ifndef HB_INT8_REQUANTIZE_H
#define HB_INT8_REQUANTIZE_H

#include "base/simd.h"
#include "resnet18/quantization.h"

/* A float plus this is so large that its last bit is worth 1: the addition rounds it to a whole number, halves to even,
 * which stands in the low bits of the result. */
#define HB_ROUNDING_MAGIC 0x1.8p23f
#define HB_ROUNDING_MAGIC_BITS 0x4b400000

/* How floats are rounded to q. The three are loaded wherever they are used, because V8 makes a constant vector anew
 * each time, in three instructions. */
typedef struct {
  float magic;
  int32_t least; /* the sum's bits for q = -128; all that is less becomes it, also where the sum is not exact */
  int32_t base;  /* the sum's bits for q = 0 */
} hb_rounding_i8;

static inline hb_rounding_i8 hb_rounding_to(int32_t zero) {
  return (hb_rounding_i8){HB_ROUNDING_MAGIC, HB_ROUNDING_MAGIC_BITS - 128 - zero, HB_ROUNDING_MAGIC_BITS - zero};
}

/* Returns q in 32 bits. It is at least -128, but may be above 127. */
HB_INLINE hb_i32x4 hb_round_i8(hb_f32x4 x, const hb_rounding_i8 *rounding) {
  const hb_i32x4 bits = (hb_i32x4)(x + hb_splat_f32x4(rounding->magic));
  return __builtin_elementwise_max(bits, hb_splat_i32x4(rounding->least)) - hb_splat_i32x4(rounding->base);
}

/* Requantizes the sums of eight channels of a pixel. Each q is at least -128, but may be above 127. */
HB_INLINE hb_i16x8 hb_requantize_i8(hb_i32x4 low, hb_i32x4 high, const float *scale, const hb_rounding_i8 *rounding) {
  const hb_f32x4 x = __builtin_convertvector(low, hb_f32x4) * hb_load_f32x4(scale);
  const hb_f32x4 y = __builtin_convertvector(high, hb_f32x4) * hb_load_f32x4(scale + 4);
  return hb_narrow_i32x4(hb_round_i8(x, rounding), hb_round_i8(y, rounding));
}

/* Adds the shortcut's eight numbers to such q. The results may lie outside -128 .. 127, too. */
HB_INLINE hb_i16x8 hb_add_shortcut_i8(hb_i16x8 q, hb_i16x8 shortcut, const hb_sum_i8 *sum) {
  const hb_i32x4 bias = hb_splat_i32x4(sum->bias), a = hb_splat_i32x4(sum->own), b = hb_splat_i32x4(sum->other);
  q = __builtin_elementwise_min(q, hb_splat_i16x8(INT8_MAX));
  const hb_i32x4 low = bias + hb_widen_low_i16x8(q) * a + hb_widen_low_i16x8(shortcut) * b;
  const hb_i32x4 high = bias + hb_widen_high_i16x8(q) * a + hb_widen_high_i16x8(shortcut) * b;
  return __builtin_elementwise_add_sat(hb_narrow_i32x4(low >> (int32_t)sum->shift, high >> (int32_t)sum->shift),
                                       hb_splat_i16x8(sum->zero));
}

#endif
