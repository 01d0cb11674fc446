#include "conv_i8.h"

#include <math.h>

bool hb_sum_i8_make(hb_quantization own, hb_quantization other, hb_quantization result, hb_sum_i8 *out) {
  const float a = own.scale / result.scale, b = other.scale / result.scale;
  if (!(a >= 0x1p-10f && a < 0x1p8f && b >= 0x1p-10f && b < 0x1p8f)) return false;
  /* the larger multiplier gets 21 bits */
  const int shift = 20 - ilogbf(fmaxf(a, b));
  out->own = (int32_t)lrintf(ldexpf(a, shift));
  out->other = (int32_t)lrintf(ldexpf(b, shift));
  out->shift = (uint32_t)shift;
  out->bias = (1 << (shift - 1)) - out->own * own.zero - out->other * other.zero;
  out->zero = (int16_t)result.zero;
  return true;
}
