#include "image/resample_pass.h"

#include "base/cpu_dispatch.h"
#include "base/simd.h"

/* A pixel is a sum of 8-bit pixels by weights, which are 1 << HB_WEIGHT_BITS in all: less than 1 << 31. The halves of
 * the weights have a sum each, as vectors multiply 16-bit numbers, and add up two products at a time. */

#define HALF (1 << (HB_WEIGHT_BITS - 1)) /* rounds to the nearest pixel */

/* Four weights, twice in pairs: every pair is repeated in all lanes. */
typedef struct {
  hb_i16x8 lower[2], upper[2];
} weights;

HB_INLINE weights load_weights(const int16_t *group) {
  return (weights){{(hb_i16x8)hb_load_splat_i32x4(group), (hb_i16x8)hb_load_splat_i32x4(group + 2)},
                   {(hb_i16x8)hb_load_splat_i32x4(group + 4), (hb_i16x8)hb_load_splat_i32x4(group + 6)}};
}

HB_INLINE hb_i32x4 lower_sum(const weights *w, hb_i16x8 first, hb_i16x8 second) {
  return hb_dot_i16x8(first, w->lower[0]) + hb_dot_i16x8(second, w->lower[1]);
}

HB_INLINE hb_i32x4 upper_sum(const weights *w, hb_i16x8 first, hb_i16x8 second) {
  return hb_dot_i16x8(first, w->upper[0]) + hb_dot_i16x8(second, w->upper[1]);
}

HB_INLINE hb_i32x4 join(hb_i32x4 lower, hb_i32x4 upper) { return lower + (upper << HB_WEIGHT_LOWER_BITS); }

/* ---- Along rows ---- */

/* Two pixels of a group as pairs of 16-bit numbers: red, green and blue of both, and a pair of zeros. */
HB_INLINE hb_i16x8 pair(hb_i8x16 group, int8_t first, int8_t channels) {
  const int8_t r = (int8_t)(first * channels), g = (int8_t)(r + 1), b = (int8_t)(r + 2), c = channels, no = -1;
  const hb_i8x16 places = {r,  no, (int8_t)(r + c), no, g, no, (int8_t)(g + c), no, b, no, (int8_t)(b + c), no, no, no,
                           no, no};
  return (hb_i16x8)hb_swizzle_i8x16(group, places);
}

HB_INLINE void along(const hb_resample_weights *all, const uint8_t *const from[], int8_t channels, uint8_t *const to[],
                     const uint32_t count) {
  const uint32_t pixels = all->count, max_groups = all->max_groups, first_read = all->first;
  const hb_taps *const taps = all->taps;
  const int16_t *groups = all->groups;
  const uint8_t *in[HB_BATCH];
  uint8_t *out[HB_BATCH];
  for (uint32_t i = 0; i < count; i++) in[i] = from[i], out[i] = to[i];
  for (uint32_t x = 0; x < pixels; x++, groups += max_groups * 2 * HB_WEIGHT_GROUP) {
    hb_i32x4 lower[HB_BATCH], upper[HB_BATCH];
    for (uint32_t i = 0; i < HB_BATCH; i++) lower[i] = hb_splat_i32x4(HALF), upper[i] = hb_splat_i32x4(0);
    const uint32_t n = hb_taps_groups(&taps[x]);
    size_t at = (size_t)(taps[x].first - first_read) * (size_t)channels;
    for (uint32_t k = 0; k < n; k++, at += HB_WEIGHT_GROUP * (size_t)channels) {
      const weights w = load_weights(groups + k * 2 * HB_WEIGHT_GROUP);
      for (uint32_t i = 0; i < count; i++) {
        const hb_i8x16 group = hb_load_i8x16(in[i] + at);
        const hb_i16x8 first = pair(group, 0, channels), second = pair(group, 2, channels);
        lower[i] += lower_sum(&w, first, second);
        upper[i] += upper_sum(&w, first, second);
      }
    }
    for (uint32_t i = 0; i < HB_BATCH; i++) lower[i] = join(lower[i], upper[i]) >> HB_WEIGHT_BITS;
    const hb_i32x4 rgbx =
        (hb_i32x4)hb_narrow_i16x8_u8(hb_narrow_i32x4(lower[0], lower[1]), hb_narrow_i32x4(lower[2], lower[3]));
    for (uint32_t i = 0; i < count; i++) {
      const int32_t rgb = rgbx[i];
      memcpy(out[i] + 3 * (size_t)x, &rgb, sizeof rgb); /* the next pixel is written over the fourth byte */
    }
  }
}

HB_CPU_DISPATCH void hb_resample_along(const hb_resample_weights *w, const uint8_t *const from[], uint32_t channels,
                                       uint8_t *const to[], uint32_t count) {
  if (count == HB_BATCH) {
    if (channels == 3) along(w, from, 3, to, HB_BATCH);
    if (channels == 4) along(w, from, 4, to, HB_BATCH);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (channels == 3) along(w, from + i, 3, to + i, 1);
    if (channels == 4) along(w, from + i, 4, to + i, 1);
  }
}

/* ---- Across rows ---- */

#define BLOCK 512 /* bytes of a row whose sums are kept at a time: they stay in the processor's nearest cache */

/* Adds four rows' bytes to the sums of as many columns. The first four begin the sums, the last ones make pixels of
 * them. */
HB_INLINE void add_group(const uint8_t *const rows[HB_WEIGHT_GROUP], const int16_t *group, size_t bytes, int32_t *sums,
                         bool is_first, uint8_t *to) {
  const weights w = load_weights(group);
  for (size_t i = 0; i < bytes; i += 8) {
    hb_i16x8 v[HB_WEIGHT_GROUP];
    hb_i32x4 sum[2];
    for (int k = 0; k < HB_WEIGHT_GROUP; k++) v[k] = hb_load_widened_u8(rows[k] + i);
    for (int half = 0; half < 2; half++) {
      const hb_i16x8 first = hb_zip_i16x8(v[0], v[1], half), second = hb_zip_i16x8(v[2], v[3], half);
      sum[half] = is_first ? hb_splat_i32x4(HALF) : hb_load_i32x4(sums + i + 4 * half);
      sum[half] += join(lower_sum(&w, first, second), upper_sum(&w, first, second));
      if (to == NULL) hb_store_i32x4(sums + i + 4 * half, sum[half]);
    }
    if (to == NULL) continue;
    const hb_i16x8 pixels = hb_narrow_i32x4(sum[0] >> HB_WEIGHT_BITS, sum[1] >> HB_WEIGHT_BITS);
    hb_store_half_i8x16(to + i, (hb_i8x16)hb_narrow_i16x8_u8(pixels, pixels), 0);
  }
}

/* The last bytes of a row, which do not fill a vector. */
static void across_rest(const hb_taps *t, const int16_t *groups, const uint8_t *const under[], size_t begin, size_t end,
                        uint8_t *to) {
  for (size_t i = begin; i < end; i++) {
    int32_t sum = HALF;
    for (uint32_t k = 0; k < t->count; k++) sum += under[k][i] * hb_resample_weight(groups, k);
    sum >>= HB_WEIGHT_BITS;
    to[i] = (uint8_t)(sum < 255 ? sum : 255);
  }
}

HB_CPU_DISPATCH void hb_resample_across(const hb_resample_weights *w, uint32_t pixel, const uint8_t *const under[],
                                        size_t bytes, uint8_t *to) {
  const hb_taps *t = &w->taps[pixel];
  const int16_t *groups = hb_resample_groups(w, pixel);
  const size_t even = bytes / 8 * 8;
  for (size_t begin = 0; begin < even; begin += BLOCK) {
    const size_t size = even - begin < BLOCK ? even - begin : BLOCK;
    int32_t sums[BLOCK];
    for (uint32_t k = 0; k < t->count; k += HB_WEIGHT_GROUP) {
      const uint8_t *rows[HB_WEIGHT_GROUP]; /* where a group is filled up any row will do */
      for (uint32_t j = 0; j < HB_WEIGHT_GROUP; j++) rows[j] = under[k + j < t->count ? k + j : k] + begin;
      const int16_t *group = groups + (size_t)k * 2;
      uint8_t *const pixels = k + HB_WEIGHT_GROUP >= t->count ? to + begin : NULL;
      if (k == 0)
        add_group(rows, group, size, sums, true, pixels);
      else
        add_group(rows, group, size, sums, false, pixels);
    }
  }
  across_rest(t, groups, under, even, bytes, to);
}
