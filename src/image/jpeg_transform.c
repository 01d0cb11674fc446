#include "image/jpeg_transform.h"

#include <stddef.h>

#include "base/cpu_dispatch.h"
#include "base/simd.h"

#define BITS 13
#define MORE_BITS 2 /* between the passes */

/* Cosines of multiples of pi / 16, times the square root of 2, and their sums and differences, as the paper has them;
 * each name says the first digits, which are rounded to 1 / 8192. */
#define C_0_298 2446
#define C_0_390 3196
#define C_0_541 4433
#define C_0_765 6270
#define C_0_899 7373
#define C_1_175 9633
#define C_1_501 12299
#define C_1_847 15137
#define C_1_961 16069
#define C_2_053 16819
#define C_2_562 20995
#define C_3_072 25172

/* Eight sums of 32 bits. */
typedef struct {
  hb_i32x4 low, high;
} sums;

HB_INLINE sums plus(sums a, sums b) { return (sums){a.low + b.low, a.high + b.high}; }
HB_INLINE sums minus(sums a, sums b) { return (sums){a.low - b.low, a.high - b.high}; }

/* a * x + b * y */
HB_INLINE sums rotate(hb_i16x8 x, hb_i16x8 y, int a, int b) {
  const hb_i16x8 factors = {(int16_t)a, (int16_t)b, (int16_t)a, (int16_t)b,
                            (int16_t)a, (int16_t)b, (int16_t)a, (int16_t)b};
  return (sums){hb_dot_i16x8(hb_zip_i16x8(x, y, 0), factors), hb_dot_i16x8(hb_zip_i16x8(x, y, 1), factors)};
}

HB_INLINE hb_i16x8 descale(sums s, int bits) {
  const hb_i32x4 half = hb_splat_i32x4(1 << (bits - 1));
  return hb_narrow_i32x4((s.low + half) >> bits, (s.high + half) >> bits);
}

/* Eight transforms of eight numbers each: v[n] has the n-th of all. */
HB_INLINE void transform(hb_i16x8 v[8], int bits) {
  const sums e2 = rotate(v[2], v[6], C_0_541, C_0_541 - C_1_847), e3 = rotate(v[2], v[6], C_0_541 + C_0_765, C_0_541);
  const sums e0 = rotate(v[0], v[4], 1 << BITS, 1 << BITS), e1 = rotate(v[0], v[4], 1 << BITS, -(1 << BITS));
  const sums even[4] = {plus(e0, e3), plus(e1, e2), minus(e1, e2), minus(e0, e3)};

  const hb_i16x8 v37 = v[3] + v[7], v15 = v[1] + v[5];
  const sums z3 = rotate(v37, v15, C_1_175 - C_1_961, C_1_175), z4 = rotate(v37, v15, C_1_175, C_1_175 - C_0_390);
  const sums odd[4] = {plus(rotate(v[7], v[1], -C_0_899, C_1_501 - C_0_899), z4),
                       plus(rotate(v[5], v[3], -C_2_562, C_3_072 - C_2_562), z3),
                       plus(rotate(v[5], v[3], C_2_053 - C_2_562, -C_2_562), z4),
                       plus(rotate(v[7], v[1], C_0_298 - C_0_899, -C_0_899), z3)};
  for (int i = 0; i < 4; i++) {
    v[i] = descale(plus(even[i], odd[i]), bits);
    v[7 - i] = descale(minus(even[i], odd[i]), bits);
  }
}

HB_INLINE void transpose(hb_i16x8 v[8]) {
  for (int round = 0; round < 3; round++) {
    hb_i16x8 next[8];
    for (int i = 0; i < 4; i++) {
      next[2 * i] = hb_zip_i16x8(v[i], v[i + 4], 0);
      next[2 * i + 1] = hb_zip_i16x8(v[i], v[i + 4], 1);
    }
    for (int i = 0; i < 8; i++) v[i] = next[i];
  }
}

HB_CPU_DISPATCH void hb_jpeg_transform(uint8_t *samples, int stride, int16_t coefficients[64]) {
  hb_i16x8 v[8];
  for (int i = 0; i < 8; i++) v[i] = hb_load_i16x8(coefficients + 8 * i);
  transform(v, BITS - MORE_BITS);
  transpose(v);
  transform(v, BITS + MORE_BITS + 3); /* 3: the transform's own scale of 8 */
  transpose(v);
  for (int i = 0; i < 8; i += 2) {
    const hb_i8x16 rows = hb_narrow_i16x8(v[i], v[i + 1]) ^ (int8_t)-128; /* from -128 ... 127 to 0 ... 255 */
    hb_store_half_i8x16(samples + (ptrdiff_t)i * stride, rows, 0);
    hb_store_half_i8x16(samples + (ptrdiff_t)(i + 1) * stride, rows, 1);
  }
}
