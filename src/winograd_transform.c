#include "winograd_transform.h"

#include "simd.h"

#define SIZE HB_WINOGRAD_SIZE
#define EIGHT HB_WINOGRAD_CHANNELS

/* ---- Input ---- */

/* B^T d, d `step` apart. */
HB_SIMD void input_line(const hb_u16x8 *d, int step, hb_u16x8 *v) {
  const hb_u16x8 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const hb_u16x8 even = d2 * 4 - d4, odd = d1 * 4 - d3, twice = (d3 - d1) * 2, rest = d4 - d2;
  v[0] = (d0 - d2) * 4 + rest;
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = rest + twice;
  v[4] = rest - twice;
  v[5] = d5 - d3 - twice * 2;
}

HB_SIMD void input_eight(const uint8_t *corner, size_t stride, uint32_t channels, bool is_signed,
                         const hb_winograd_tile *tile, uint16_t *v, size_t v_point) {
  hb_u16x8 columns[SIZE][SIZE]; /* [x][i] */
  for (int x = 0; x < SIZE; x++) {
    hb_u16x8 d[SIZE];
    for (int y = 0; y < SIZE; y++) {
      const uint8_t *pixel = corner + y * stride + x * channels;
      d[y] = is_signed ? hb_load_i8(pixel) : hb_load_u8(pixel);
    }
    input_line(d, 1, columns[x]);
  }
  for (int i = tile->from_y > 0; i < SIZE; i++) {
    const size_t *slot = tile->slot[i > 0];
    hb_u16x8 line[SIZE];
    input_line(&columns[0][i], SIZE, line);
    uint16_t *out = v + i * SIZE * v_point;
    if (tile->from_x == 0) hb_store_u16(out + slot[0] * channels, line[0]);
    for (int j = 1; j < SIZE; j++) hb_store_u16(out + j * v_point + slot[1] * channels, line[j]);
  }
}

void hb_winograd_input(const hb_winograd_i8 *conv, const uint8_t *corner, size_t stride, const hb_winograd_tile *tile,
                       uint16_t *v, size_t v_point) {
  const uint32_t in = conv->in;
  if (conv->flip)
    for (uint32_t c = 0; c < in; c += EIGHT) input_eight(corner + c, stride, in, false, tile, v + c, v_point);
  else
    for (uint32_t c = 0; c < in; c += EIGHT) input_eight(corner + c, stride, in, true, tile, v + c, v_point);
}

/* ---- Weights ---- */

/* G g, g `step` apart. */
HB_SIMD void weights_line(const hb_u16x8 *g, int step, hb_u16x8 *u) {
  const hb_u16x8 a = g[0], b = g[step], c = g[2 * step];
  const hb_u16x8 one = a + c, two = a + c * 4, twice = b * 2;
  u[0] = a;
  u[1] = one + b;
  u[2] = one - b;
  u[3] = two + twice;
  u[4] = two - twice;
  u[5] = c;
}

void hb_winograd_weights(const int8_t *packed, uint32_t in, uint16_t *u, size_t u_point) {
  for (uint32_t half = 0; half < in; half++) {
    hb_u16x8 taps[9], columns[3][SIZE]; /* [x][i] */
    for (int t = 0; t < 9; t++) taps[t] = hb_load_i8(packed + (half * 9 + t) * 8);
    for (int x = 0; x < 3; x++) weights_line(taps + x, 3, columns[x]);
    for (int i = 0; i < SIZE; i++) {
      hb_u16x8 line[SIZE];
      weights_line(&columns[0][i], SIZE, line);
      for (int j = 0; j < SIZE; j++) hb_store_u16(u + (i * SIZE + j) * u_point + half * 8, line[j]);
    }
  }
}

/* ---- Products ---- */

#define ROWS 4

HB_SIMD void products(const uint16_t *v, const uint16_t *u, uint32_t in, const uint32_t *start, uint32_t *m, int rows) {
  hb_u32x4 sum[ROWS][2];
  for (int r = 0; r < rows; r++)
    for (int h = 0; h < 2; h++) sum[r][h] = start ? hb_load_u32(start + 4 * h) : (hb_u32x4){0};
  for (uint32_t k = 0; k < in; k += 2, u += 2 * EIGHT) {
    const hb_u16x8 u0 = hb_load_u16(u), u1 = hb_load_u16(u + EIGHT);
    for (int r = 0; r < rows; r++) {
      const hb_u16x8 pair = hb_load_splat(v + (size_t)r * in + k);
      sum[r][0] += hb_dot(u0, pair);
      sum[r][1] += hb_dot(u1, pair);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int h = 0; h < 2; h++) hb_store_u32(m + r * EIGHT + 4 * h, sum[r][h]);
}

void hb_winograd_products(const uint16_t *v, const uint16_t *u, uint32_t in, size_t rows, const uint32_t *start,
                          uint32_t *m) {
  for (; rows >= ROWS; rows -= ROWS, v += (size_t)ROWS * in, m += ROWS * EIGHT) products(v, u, in, start, m, ROWS);
  if (rows == 3) products(v, u, in, start, m, 3);
  if (rows == 2) products(v, u, in, start, m, 2);
  if (rows == 1) products(v, u, in, start, m, 1);
}

/* ---- Output ---- */

#define INVERSE_OF_9 0x38e38e39u /* modulo 2^32 */
#define MAGIC 0x4b400000         /* 1.5 * 2^23: the last bit of a float near it is worth 1 */

/* factor = 3 * 2^power */
static const uint8_t power[4] = {3, 2, 1, 1};

/* A^T m, m `step` apart. */
HB_SIMD void output_line(const hb_u32x4 *m, int step, hb_u32x4 *y) {
  const hb_u32x4 m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step], m5 = m[5 * step];
  const hb_u32x4 one = m1 + m2, minus_one = m1 - m2, two = m3 + m4, minus_two = m3 - m4;
  y[0] = (m0 + one) * 4 + m0 * 2 + two;
  y[1] = minus_one * 2 + minus_two;
  y[2] = one + two;
  y[3] = (m5 + minus_two) * 2 + m5 * 4 + minus_one;
}

/* The nearest whole number to y / 9 * scale, halves to even, plus zero. Far below -128 the trick with MAGIC does not
 * hold, hence the maximum; far above it gives what is too large as well. */
HB_SIMD hb_u32x4 round_scaled(hb_u32x4 y, const float *scale, int32_t zero) {
  const hb_f32x4 magic = {0x1.8p23f, 0x1.8p23f, 0x1.8p23f, 0x1.8p23f};
  const uint32_t lowest = (uint32_t)(MAGIC + INT8_MIN - zero), offset = (uint32_t)(MAGIC - zero);
  const hb_f32x4 scaled = hb_float_i32(y * INVERSE_OF_9) * hb_load_f32(scale) + magic;
  return hb_max_i32((hb_u32x4)scaled, (hb_u32x4){lowest, lowest, lowest, lowest}) - offset;
}

HB_SIMD hb_u16x8 add_other(hb_u16x8 q, hb_u16x8 other, const hb_sum_i8 *sum) {
  const uint32_t a = (uint32_t)sum->multiplier, b = (uint32_t)sum->other_multiplier, bias = (uint32_t)sum->bias;
  const hb_u32x4 low = hb_low_i32(q) * a + hb_low_i32(other) * b + bias;
  const hb_u32x4 high = hb_high_i32(q) * a + hb_high_i32(other) * b + bias;
  const uint16_t zero = (uint16_t)sum->zero;
  const hb_i32x4 shift = {(int32_t)sum->shift, (int32_t)sum->shift, (int32_t)sum->shift, (int32_t)sum->shift};
  return hb_add_clamped(hb_narrow_i32((hb_u32x4)((hb_i32x4)low >> shift), (hb_u32x4)((hb_i32x4)high >> shift)),
                        (hb_u16x8){zero, zero, zero, zero, zero, zero, zero, zero});
}

/* A row of four outputs, eight channels each, those from `from` on. */
HB_SIMD void finish_row(const hb_winograd_i8 *conv, const hb_winograd_finish *finish, const hb_u32x4 (*m)[2], int y,
                        uint32_t from, uint8_t *pixel, const hb_sum_i8 *sum, const uint8_t *other) {
  hb_u32x4 line[2][4];
  for (int h = 0; h < 2; h++) output_line(&m[0][h], 2, line[h]);
  for (uint32_t x = from; x < 4; x++) {
    const float *scale = finish->scale[power[y] + power[x] - 2];
    hb_u16x8 q = hb_narrow_i32(round_scaled(line[0][x], scale, conv->output_zero),
                               round_scaled(line[1][x], scale + 4, conv->output_zero));
    if (sum != NULL) {
      const hb_u16x8 o = conv->flip ? hb_load_u8(other + x * conv->out) - 128 : hb_load_i8(other + x * conv->out);
      q = add_other(hb_clamp_i16(q, INT8_MIN, INT8_MAX), o, sum);
    }
    hb_store_narrow_i16(pixel + x * conv->out, q, conv->flip);
  }
}

HB_SIMD void output_eight(const hb_winograd_i8 *conv, const hb_winograd_finish *finish, const uint32_t *m,
                          size_t m_point, const hb_winograd_tile *tile, uint8_t *pixel, size_t stride,
                          const hb_sum_i8 *sum, const uint8_t *other) {
  hb_u32x4 rows[4][SIZE][2]; /* [y][j][half] */
  for (int j = tile->from_x > 0; j < SIZE; j++)
    for (int h = 0; h < 2; h++) {
      hb_u32x4 column[SIZE], y[4];
      for (int i = 0; i < SIZE; i++) /* a point that is left out is not needed either */
        column[i] = i == 0 && tile->from_y > 0
                        ? (hb_u32x4){0}
                        : hb_load_u32(m + (i * SIZE + j) * m_point + tile->slot[i > 0][j > 0] * EIGHT + 4 * h);
      output_line(column, 1, y);
      for (int r = 0; r < 4; r++) rows[r][j][h] = y[r];
    }
  if (tile->from_x > 0)
    for (int r = 0; r < 4; r++) rows[r][0][0] = rows[r][0][1] = (hb_u32x4){0};
  for (uint32_t y = tile->from_y; y < 4; y++)
    finish_row(conv, finish, (const hb_u32x4(*)[2])rows[y], (int)y, tile->from_x, pixel + y * stride, sum,
               sum != NULL ? other + y * sum->other.stride : NULL);
}

void hb_winograd_output(const hb_winograd_i8 *conv, const hb_winograd_finish *finish, const uint32_t *m, size_t m_point,
                        const hb_winograd_tile *tile, uint8_t *pixel, size_t stride, const hb_sum_i8 *sum,
                        const uint8_t *other) {
  if (sum == NULL)
    output_eight(conv, finish, m, m_point, tile, pixel, stride, NULL, NULL);
  else
    output_eight(conv, finish, m, m_point, tile, pixel, stride, sum, other);
}
