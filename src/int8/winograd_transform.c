#include "int8/winograd_transform.h"

#define SIZE HB_WINOGRAD_SIZE
#define EIGHT HB_CONV_CHANNELS

/* ---- Input ---- */

/* Computes B^T d, where the numbers d are `step` apart. */
HB_INLINE void input_line(const hb_i16x8 *d, int step, hb_i16x8 *v) {
  const hb_i16x8 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const hb_i16x8 even = d2 * 4 - d4, odd = d1 * 4 - d3, twice = (d3 - d1) * 2, rest = d4 - d2;
  v[0] = (d0 - d2) * 4 + rest;
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = rest + twice;
  v[4] = rest - twice;
  v[5] = d5 - d3 - twice * 2;
}

typedef hb_i16x8 column[SIZE];

/* Computes B^T d down the columns of pixels, from the border on. The tiles of a row share it. */
HB_INLINE void input_down(const uint8_t *pixel, size_t stride, uint32_t channels, uint32_t count, bool is_signed,
                          column *columns) {
  for (uint32_t x = 0; x < count; x++, pixel += channels) {
    hb_i16x8 d[SIZE];
    for (int y = 0; y < SIZE; y++)
      d[y] = is_signed ? hb_load_widened_i8(pixel + y * stride, 0) : hb_load_widened_u8(pixel + y * stride);
    input_line(d, 1, columns[x]);
  }
}

HB_INLINE void input_across(const column *columns, const hb_winograd_block *block, const hb_winograd_tile *tile,
                            uint32_t eight) {
  int16_t *v = block->v + (tile->from_y > 0 ? SIZE * block->v_point : 0);
  for (int i = tile->from_y > 0; i < SIZE; i++) {
    const uint32_t *count = block->count[i > 0];
    const size_t place = (eight * count[1] + tile->slot[1]) * EIGHT;
    hb_i16x8 line[SIZE];
    input_line(&columns[tile->x][i], SIZE, line);
    if (tile->from_x == 0) hb_store_i16x8(v + (eight * count[0] + tile->slot[0]) * EIGHT, line[0]);
    v += block->v_point;
    for (int j = 1; j < SIZE; j++, v += block->v_point) hb_store_i16x8(v + place, line[j]);
  }
}

void hb_winograd_input(const hb_feature_map *in, const hb_winograd_block *block, void *columns) {
  const uint8_t *border = in->origin - in->row - in->channels;
  for (uint32_t y = 0; y < block->rows; y++) {
    const hb_winograd_tile *tiles = block->tiles + y * block->columns;
    const uint8_t *row = border + tiles->y * in->row;
    for (uint32_t eight = 0; eight < in->channels / EIGHT; eight++) {
      if (in->form == HB_I8_SIGNED)
        input_down(row + eight * EIGHT, in->row, in->channels, in->side + 2, true, columns);
      else
        input_down(row + eight * EIGHT, in->row, in->channels, in->side + 2, false, columns);
      for (uint32_t x = 0; x < block->columns; x++) input_across(columns, block, &tiles[x], eight);
    }
  }
}

/* ---- Weights ---- */

/* Stores G times (a, b, c) as a line of u. */
HB_INLINE void store_line(hb_i16x8 a, hb_i16x8 b, hb_i16x8 c, int16_t *u, size_t u_point) {
  const hb_i16x8 one = a + c, two = a + c * 4, twice = b * 2;
  const hb_i16x8 line[SIZE] = {a, one + b, one - b, two + twice, two - twice, c};
  for (int j = 0; j < SIZE; j++) hb_store_i16x8(u + j * u_point, line[j]);
}

/* The result is computed line by line, so that registers suffice. */
void hb_winograd_weights(const int8_t *packed, uint32_t in, int16_t *u, size_t u_point) {
  const size_t line = SIZE * u_point;
  for (uint32_t half = 0; half < in; half++, packed += 9 * 8, u += 8) {
    hb_i16x8 g[9], one[3], two[3];
    for (int t = 0; t < 9; t++) g[t] = hb_load_widened_i8(packed + t * 8, 0);
    store_line(g[0], g[1], g[2], u, u_point);
    store_line(g[6], g[7], g[8], u + 5 * line, u_point);
    for (int x = 0; x < 3; x++) one[x] = g[x] + g[x + 6], two[x] = g[x] + g[x + 6] * 4;
    store_line(one[0] + g[3], one[1] + g[4], one[2] + g[5], u + line, u_point);
    store_line(one[0] - g[3], one[1] - g[4], one[2] - g[5], u + 2 * line, u_point);
    for (int x = 3; x < 6; x++) g[x] *= 2;
    store_line(two[0] + g[3], two[1] + g[4], two[2] + g[5], u + 3 * line, u_point);
    store_line(two[0] - g[3], two[1] - g[4], two[2] - g[5], u + 4 * line, u_point);
  }
}

/* ---- Products ---- */

#define ROWS 4
#define TILE_SUMS (HB_WINOGRAD_POINTS * EIGHT)

/* Multiplies some tiles at one point. If the loop were unrolled, the compiler would order the additions so that
 * registers run out. */
HB_INLINE void multiply(const int16_t *v, size_t v_eight, const int16_t *u, uint32_t in, const uint32_t *bias,
                        uint32_t *m, const uint32_t *order, int rows) {
  hb_u32x4 sum[ROWS][2];
  for (int r = 0; r < rows; r++)
    for (int h = 0; h < 2; h++) sum[r][h] = bias != NULL ? hb_load_u32x4(bias + 4 * h) : (hb_u32x4){0};
  for (const int16_t *end = u + (size_t)in * EIGHT; u < end; v += v_eight - EIGHT)
#pragma clang loop unroll(disable)
    for (const int16_t *eight_end = v + EIGHT; v < eight_end; v += 2, u += 2 * EIGHT) {
      const hb_i16x8 u0 = hb_load_i16x8(u), u1 = hb_load_i16x8(u + EIGHT);
      for (int r = 0; r < rows; r++) {
        const hb_i16x8 pair = (hb_i16x8)hb_load_splat_i32x4(v + r * EIGHT);
        sum[r][0] += (hb_u32x4)hb_dot_i16x8(u0, pair);
        sum[r][1] += (hb_u32x4)hb_dot_i16x8(u1, pair);
      }
    }
  for (int r = 0; r < rows; r++)
    for (int h = 0; h < 2; h++) hb_store_u32x4(m + (size_t)order[r] * TILE_SUMS + 4 * h, sum[r][h]);
}

static void multiply_all(const int16_t *v, uint32_t count, const int16_t *u, uint32_t in, const uint32_t *bias,
                         uint32_t *m, const uint32_t *order) {
  const size_t v_eight = (size_t)count * EIGHT;
  for (; count >= ROWS; count -= ROWS, v += ROWS * EIGHT, order += ROWS)
    multiply(v, v_eight, u, in, bias, m, order, ROWS);
  if (count == 3) multiply(v, v_eight, u, in, bias, m, order, 3);
  if (count == 2) multiply(v, v_eight, u, in, bias, m, order, 2);
  if (count == 1) multiply(v, v_eight, u, in, bias, m, order, 1);
}

void hb_winograd_products(const hb_winograd_block *block, uint32_t in, const int16_t *u, size_t u_point,
                          const uint32_t *bias, uint32_t *m) {
  for (int p = 0; p < HB_WINOGRAD_POINTS; p++) {
    const int i = p / SIZE, j = p % SIZE;
    multiply_all(block->v + p * block->v_point, block->count[i > 0][j > 0], u + p * u_point, in,
                 p == HB_WINOGRAD_ONE ? bias : NULL, m + p * EIGHT, block->order[j > 0]);
  }
}

/* ---- Output ---- */

/* The factors of the four outputs are 3 * 2^power. */
static const uint8_t power[4] = {3, 2, 1, 1};

/* Computes A^T m, where the numbers m are `step` apart. */
HB_INLINE void output_line(const hb_u32x4 *m, int step, hb_u32x4 *y) {
  const hb_u32x4 m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step], m5 = m[5 * step];
  const hb_u32x4 one = m1 + m2, minus_one = m1 - m2, two = m3 + m4, minus_two = m3 - m4;
  y[0] = (m0 + one) * 4 + m0 * 2 + two;
  y[1] = minus_one * 2 + minus_two;
  y[2] = one + two;
  y[3] = (m5 + minus_two) * 2 + m5 * 4 + minus_one;
}

#define INVERSE_OF_9 0x38e38e39u /* modulo 2^32 */

/* Stores a row of four outputs, eight channels each, from output `from` on. */
HB_INLINE void requantize_row(const hb_conv_i8 *conv, const hb_winograd_scales *scales, const hb_u32x4 (*m)[2], int y,
                              uint32_t from, uint8_t *pixel, const hb_sum_i8 *sum) {
  const int8_t flip = hb_i8_form_flip(conv->form);
  hb_u32x4 line[2][4];
  for (int h = 0; h < 2; h++) output_line(&m[0][h], 2, line[h]);
  for (int x = 0; x < 4; x++, pixel += conv->spec->out) {
    if ((uint32_t)x < from) continue;
    const hb_i32x4 low = (hb_i32x4)(line[0][x] * INVERSE_OF_9), high = (hb_i32x4)(line[1][x] * INVERSE_OF_9);
    hb_i16x8 q = hb_requantize_i8(low, high, scales->scale[power[y] + power[x] - 2], &conv->rounding);
    if (sum != NULL) q = hb_add_shortcut_i8(q, hb_load_widened_i8(pixel, flip), sum);
    hb_store_half_i8x16(pixel, hb_narrow_i16x8(q, q) ^ flip, 0);
  }
}

/* Sums at points that the tile has left out may be anything, because the outputs that it gives do not need them. */
HB_INLINE void output_eight(const hb_conv_i8 *conv, const hb_winograd_scales *scales, const uint32_t *m,
                            const hb_winograd_tile *tile, uint8_t *pixel, size_t row, const hb_sum_i8 *sum) {
  hb_u32x4 rows[4][SIZE][2]; /* [y][j][half] */
  for (int j = 0; j < SIZE; j++)
    for (int h = 0; h < 2; h++, m += 4) {
      hb_u32x4 column[SIZE], y[4];
      for (int i = 0; i < SIZE; i++) column[i] = hb_load_u32x4(m + i * SIZE * EIGHT);
      output_line(column, 1, y);
      for (int r = 0; r < 4; r++) rows[r][j][h] = y[r];
    }
  for (int y = 0; y < 4; y++, pixel += row)
    if ((uint32_t)y >= tile->from_y)
      requantize_row(conv, scales, (const hb_u32x4(*)[2])rows[y], y, tile->from_x, pixel, sum);
}

void hb_winograd_output(const hb_conv_i8 *conv, const hb_winograd_scales *scales, uint32_t channel, const uint32_t *m,
                        const hb_winograd_tile *tile, const hb_feature_map *out, const hb_sum_i8 *sum) {
  uint8_t *pixel = out->origin + tile->y * out->row + (size_t)tile->x * out->channels + channel;
  if (sum == NULL)
    output_eight(conv, scales, m, tile, pixel, out->row, NULL);
  else
    output_eight(conv, scales, m, tile, pixel, out->row, sum);
}
