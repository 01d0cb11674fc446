#include "int8/feature_map.h"

#include <string.h>

#include "base/simd.h"

#ifdef __wasm__

#ifdef __wasm_relaxed_simd__
/* Returns whether products of bytes are exact for `x`, which has the largest numbers. */
static bool is_exact(const uint8_t x[16], bool is_unsigned) {
  static const int8_t weights[16] = {127, 127, 127, 127, -127, -127, -127, -127, 127, 127, -127, -127, 1, -2, 3, -127};
  /* volatile, because the compiler must not compute the products itself */
  const volatile hb_i8x16 w = hb_load_i8x16(weights), v = hb_load_i8x16(x);
  const volatile hb_i32x4 seed = {-5, 7, 1 << 20, -(1 << 20)};
  const hb_i32x4 sums = hb_add_dot_i8x16(seed, w, v, is_unsigned);
  bool exact = true;
  for (int i = 0; i < 4; i++) {
    int32_t sum = seed[i];
    for (int k = 4 * i; k < 4 * i + 4; k++) sum += weights[k] * (is_unsigned ? x[k] : (int8_t)x[k]);
    exact = exact && sums[i] == sum;
  }
  return exact;
}
#endif

hb_i8_form hb_i8_form_here(void) {
#ifdef __wasm_relaxed_simd__
  static const uint8_t high[16] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 128, 128, 129, 254, 255, 128};
  static const uint8_t low[16] = {128, 128, 128, 128, 128, 128, 128, 128, 127, 127, 128, 128, 1, 128, 127, 0};
  if (is_exact(high, true) && is_exact(low, true)) return HB_I8_UNSIGNED;
  if (is_exact(high, false) && is_exact(low, false)) return HB_I8_SIGNED;
#endif
  return HB_I8_WIDE;
}

#else

/* Plain C can compute all forms. */
hb_i8_form hb_i8_form_here(void) { return HB_I8_UNSIGNED; }

#endif

size_t hb_feature_map_bytes(uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form) {
  const size_t whole = side + 2 * (size_t)border;
  return whole * whole * channels * hb_i8_form_bytes(form);
}

static void fill(uint8_t *to, size_t bytes, hb_i8_form form, int32_t zero) {
  if (form != HB_I8_WIDE) {
    memset(to, zero + hb_i8_form_offset(form), bytes);
    return;
  }
  const int16_t value = (int16_t)zero;
  for (size_t i = 0; i < bytes; i += sizeof value) memcpy(to + i, &value, sizeof value);
}

void hb_feature_map_fill_border(const hb_feature_map *map, int32_t zero) {
  const size_t edge = map->border * map->channels * hb_i8_form_bytes(map->form), margin = map->border * map->row;
  uint8_t *rows = map->origin - edge, *end = rows + map->side * map->row;
  fill(rows - margin, margin, map->form, zero);
  for (uint8_t *row = rows; row < end; row += map->row) {
    fill(row, edge, map->form, zero);
    fill(row + map->row - edge, edge, map->form, zero);
  }
  fill(end, margin, map->form, zero);
}

hb_feature_map hb_feature_map_place(void *memory, uint32_t side, uint32_t channels, uint32_t border, hb_i8_form form,
                                    int32_t zero) {
  const size_t pixel = channels * hb_i8_form_bytes(form), row = (side + 2 * border) * pixel;
  const hb_feature_map map = {(uint8_t *)memory + border * (row + pixel), row, side, channels, border, form};
  hb_feature_map_fill_border(&map, zero);
  return map;
}

void hb_feature_map_write(const int8_t *numbers, const hb_feature_map *out) {
  const size_t count = (size_t)out->side * out->channels;
  const int8_t flip = hb_i8_form_flip(out->form);
  for (uint32_t y = 0; y < out->side; y++, numbers += count) {
    int8_t *to = (int8_t *)out->origin + y * out->row;
    for (size_t i = 0; i < count; i++) to[i] = numbers[i] ^ flip;
  }
}

#define WIDEN_ITEMS 8

typedef struct {
  const int8_t *from;
  int16_t *to;
  size_t count;
  int8_t flip;
} widening;

static void widen_item(void *context, uint32_t item, uint32_t member) {
  const widening *w = context;
  const size_t end = w->count * (item + 1) / WIDEN_ITEMS;
  (void)member;
  for (size_t i = w->count * item / WIDEN_ITEMS; i < end; i++) w->to[i] = (int8_t)(w->from[i] ^ w->flip);
}

hb_feature_map hb_feature_map_widen(const hb_feature_map *map, void *memory, hb_worker_team *team) {
  const size_t whole = map->side + 2 * (size_t)map->border;
  const int8_t *from = (const int8_t *)map->origin - map->border * (map->row + map->channels);
  widening w = {from, memory, whole * whole * map->channels, hb_i8_form_flip(map->form)};
  hb_worker_team_run(team, WIDEN_ITEMS, widen_item, &w);
  hb_feature_map wide = *map;
  wide.row = 2 * map->row;
  wide.origin = (uint8_t *)memory + map->border * (wide.row + 2 * map->channels);
  wide.form = HB_I8_WIDE;
  return wide;
}

/* ---- Maximum ---- */

HB_INLINE hb_i8x16 larger(hb_i8x16 a, hb_i8x16 b, hb_i8_form form) {
  if (form == HB_I8_SIGNED) return __builtin_elementwise_max(a, b);
  return (hb_i8x16)__builtin_elementwise_max((hb_u8x16)a, (hb_u8x16)b);
}

HB_INLINE void max_pool_row(const uint8_t *const rows[3], const hb_feature_map *out, uint32_t y, hb_i8_form form) {
  const size_t pixel = out->channels;
  uint8_t *to = out->origin + y * out->row;
  for (uint32_t x = 0; x < out->side; x++, to += pixel) {
    /* the window's left column lies outside the picture at first; what is inside takes its place */
    const size_t middle = 2 * x * pixel, left = x > 0 ? middle - pixel : middle, right = middle + pixel;
    for (size_t i = 0; i < pixel; i += 16) {
      hb_i8x16 most = hb_load_i8x16(rows[0] + middle + i);
      for (int r = 0; r < 3; r++) {
        most = larger(most, hb_load_i8x16(rows[r] + left + i), form);
        most = larger(most, hb_load_i8x16(rows[r] + middle + i), form);
        most = larger(most, hb_load_i8x16(rows[r] + right + i), form);
      }
      hb_store_i8x16(to + i, most);
    }
  }
}

void hb_feature_map_max_pool_row(const uint8_t *const rows[3], const hb_feature_map *out, uint32_t y) {
  if (out->form == HB_I8_SIGNED)
    max_pool_row(rows, out, y, HB_I8_SIGNED);
  else
    max_pool_row(rows, out, y, HB_I8_UNSIGNED);
}

/* ---- Mean ---- */

/* Adds up eight channels. 255 numbers of 8 bits fit into 16 bits. */
HB_INLINE hb_i16x8 add_up(const hb_feature_map *map, size_t channel) {
  hb_i16x8 sum = {};
  for (uint32_t y = 0; y < map->side; y++)
    for (uint32_t x = 0; x < map->side; x++)
      sum += hb_load_widened_i8(map->origin + y * map->row + x * map->channels + channel, hb_i8_form_flip(map->form));
  return sum;
}

void hb_feature_map_mean(const hb_feature_map *map, hb_quantization quantization, float *means) {
  const int32_t area = (int32_t)(map->side * map->side);
  const hb_i32x4 zero = hb_splat_i32x4(area * quantization.zero);
  const float scale = quantization.scale / (float)area;
  for (size_t c = 0; c < map->channels; c += 8) {
    const hb_i16x8 sum = add_up(map, c);
    hb_store_f32x4(means + c, __builtin_convertvector(hb_widen_low_i16x8(sum) - zero, hb_f32x4) * scale);
    hb_store_f32x4(means + c + 4, __builtin_convertvector(hb_widen_high_i16x8(sum) - zero, hb_f32x4) * scale);
  }
}
