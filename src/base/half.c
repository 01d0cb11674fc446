#include "base/half.h"

#include <string.h>

#include "base/cpu_dispatch.h"
#include "base/inline.h"

HB_INLINE uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

HB_INLINE float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* binary16 has 5 bits of exponent (bias 15) and 10 of mantissa; binary32 has 8 (bias 127) and 23. */
#define MANTISSA_SHIFT 13
#define EXPONENT(e) ((uint32_t)(e) << 23)
#define REBIAS EXPONENT(127 - 15)

/* A half's bits, moved to where a float has them, are the number times 2^-112. This holds for subnormal numbers, too.
 * Neither direction branches, so that the compiler vectorizes both. */
HB_CPU_DISPATCH void hb_half_to_float(const uint16_t *in, float *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t moved = (uint32_t)(int16_t)in[i] << MANTISSA_SHIFT & 0x8fffe000u;
    const uint32_t special = (in[i] & 0x7fff) >= 0x7c00 ? EXPONENT(255) : 0;
    out[i] = float_of(bits_of(float_of(moved) * 0x1p112f) | special);
  }
}

/* A normal number is rounded by adding just under half of the last place that stays, and 1 more if that place is odd;
 * the carry reaches infinity from 65520 on. A subnormal half's last place is 2^-24, which is also the last place of
 * floats from 0.5 on, so that adding 0.5 rounds it. */
HB_CPU_DISPATCH void hb_half_from_float(const float *in, uint16_t *out, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = bits_of(in[i]), rest = bits & 0x7fffffffu, odd = rest >> MANTISSA_SHIFT & 1;
    const uint32_t normal = (rest - REBIAS + 0xfff + odd) >> MANTISSA_SHIFT;
    const uint32_t subnormal = bits_of(float_of(rest) + 0.5f) - bits_of(0.5f);
    const uint32_t special = rest > EXPONENT(255) ? 0x7e00 : 0x7c00;
    const uint32_t finite = rest < REBIAS + EXPONENT(1) ? subnormal : normal;
    out[i] = (uint16_t)((bits >> 16 & 0x8000) | (rest < REBIAS + EXPONENT(31) ? finite : special));
  }
}
