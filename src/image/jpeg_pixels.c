#include "image/jpeg_pixels.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_dispatch.h"
#include "base/simd.h"

#define LANES 8

static size_t round_up(size_t n) { return (n + LANES - 1) / LANES * LANES; }

/* ---- Planes of full size ---- */

/* Room for a row of a plane on its way. */
typedef struct {
  int16_t *sums;    /* behind one more */
  uint8_t *samples; /* of as many as the picture has pixels in a row, and a few more */
} row_buffer;

/* Each sample three times, and once the one in the row above or below; `weight` is 1 if there is no such row. */
HB_CPU_DISPATCH static void add_rows(const uint8_t *near, const uint8_t *far, uint32_t width, int16_t *sums) {
  for (uint32_t i = 0; i < width; i += LANES) {
    const hb_i16x8 n = hb_load_widened_u8(near + i);
    hb_store_i16x8(sums + i, far != NULL ? n * 3 + hb_load_widened_u8(far + i) : n);
  }
}

/* Two samples of each: three parts of its own and one of the neighbour's, which is itself at the ends. */
HB_CPU_DISPATCH static void spread(int16_t *sums, uint32_t width, int16_t even_half, int16_t odd_half, int shift,
                                   uint8_t *samples) {
  sums[-1] = sums[0];
  sums[width] = sums[width - 1];
  for (uint32_t i = 0; i < width; i += LANES) {
    const hb_i16x8 thrice = hb_load_i16x8(sums + i) * 3;
    const hb_i16x8 even = (thrice + hb_load_i16x8(sums + (ptrdiff_t)i - 1) + even_half) >> (int16_t)shift;
    const hb_i16x8 odd = (thrice + hb_load_i16x8(sums + i + 1) + odd_half) >> (int16_t)shift;
    hb_store_i16x8(samples + 2 * (size_t)i, even | odd << 8);
  }
}

HB_CPU_DISPATCH static void quarter(const int16_t *sums, uint32_t width, int16_t half, uint8_t *samples) {
  for (uint32_t i = 0; i < width; i += LANES) {
    const hb_i16x8 v = (hb_load_i16x8(sums + i) + half) >> 2;
    hb_store_half_i8x16(samples + i, (hb_i8x16)hb_narrow_i16x8_u8(v, v), 0);
  }
}

static void repeat(const uint8_t *row, uint32_t across, uint32_t width, uint8_t *samples) {
  for (uint32_t x = 0; x < width; x++) samples[x] = row[x / across];
}

/* libjpeg repeats samples where a plane is at most two of them wide, and where one stands for more than 2 x 2. */
static bool is_smooth(const hb_jpeg_plane *p) {
  return p->across <= 2 && p->down <= 2 && (p->across == 1 || p->width > 2);
}

/* The picture's row `y` of a plane, `width` samples. Halves are rounded up and down in turn, as libjpeg does. */
static const uint8_t *full_row(const hb_jpeg_plane *p, uint32_t y, uint32_t width, const row_buffer *b) {
  const uint32_t at = y / p->down;
  const uint8_t *near = p->samples + at * p->stride;
  if (p->across == 1 && p->down == 1) return near;
  if (!is_smooth(p)) return repeat(near, p->across, width, b->samples), b->samples;
  const bool is_lower = y % p->down == 1;
  const uint32_t other = is_lower ? (at + 1 < p->height ? at + 1 : at) : (at > 0 ? at - 1 : 0);
  add_rows(near, p->down == 2 ? p->samples + other * p->stride : NULL, p->width, b->sums);
  if (p->across == 1)
    quarter(b->sums, p->width, is_lower ? 2 : 1, b->samples);
  else if (p->down == 1)
    spread(b->sums, p->width, 1, 2, 2, b->samples);
  else
    spread(b->sums, p->width, 8, 7, 4, b->samples);
  return b->samples;
}

/* ---- Colours ---- */

/* Eight pixels. */
HB_INLINE void put(hb_i16x8 r, hb_i16x8 g, hb_i16x8 b, uint8_t *rgb) {
  const hb_u8x16 rg = hb_narrow_i16x8_u8(r, g), bb = hb_narrow_i16x8_u8(b, b);
  const hb_u8x16 first = __builtin_shufflevector(rg, bb, 0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5);
  const hb_u8x16 rest = __builtin_shufflevector(rg, bb, 13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0);
  hb_store_i8x16(rgb, (hb_i8x16)first);
  hb_store_half_i8x16(rgb + 16, (hb_i8x16)rest, 0);
}

/* (a * x + b * y + 1/2) in 16.16 fixed point, without the fraction. */
HB_INLINE hb_i16x8 scaled(hb_i16x8 x, hb_i16x8 y, int a, int b) {
  const hb_i16x8 factors = {(int16_t)a, (int16_t)b, (int16_t)a, (int16_t)b,
                            (int16_t)a, (int16_t)b, (int16_t)a, (int16_t)b};
  const hb_i32x4 half = hb_splat_i32x4(1 << 15);
  return hb_narrow_i32x4((hb_dot_i16x8(hb_zip_i16x8(x, y, 0), factors) + half) >> 16,
                         (hb_dot_i16x8(hb_zip_i16x8(x, y, 1), factors) + half) >> 16);
}

/* JFIF's factors, times 65536: 1.402, 0.34414, 0.71414 and 1.772. */
#define CR_RED 91881
#define CB_GREEN 22554
#define CR_GREEN 46802
#define CB_BLUE 116130

/* Factors of 16 bits go from -1/2 to 1/2, so that whole parts are added on their own. */
HB_INLINE void convert(const uint8_t *const from[3], size_t x, bool is_ycc, uint8_t *rgb) {
  const hb_i16x8 first = hb_load_widened_u8(from[0] + x), second = hb_load_widened_u8(from[1] + x),
                 third = hb_load_widened_u8(from[2] + x);
  if (!is_ycc) return put(first, second, third, rgb);
  const hb_i16x8 cb = second - 128, cr = third - 128;
  const hb_i16x8 r = first + cr + scaled(cb, cr, 0, CR_RED - 65536);
  const hb_i16x8 g = first - cr + scaled(cb, cr, -CB_GREEN, 65536 - CR_GREEN);
  const hb_i16x8 b = first + cb * 2 + scaled(cb, cr, CB_BLUE - 2 * 65536, 0);
  put(r, g, b, rgb);
}

HB_CPU_DISPATCH static void convert_row(const uint8_t *const from[3], uint32_t width, bool is_ycc, uint8_t *rgb) {
  const uint32_t even = width / LANES * LANES;
  for (uint32_t x = 0; x < even; x += LANES) convert(from, x, is_ycc, rgb + 3 * (size_t)x);
  if (even == width) return;
  uint8_t last[3 * LANES];
  convert(from, even, is_ycc, last);
  memcpy(rgb + 3 * (size_t)even, last, 3 * (size_t)(width - even));
}

static void add_black(const uint8_t *black, uint32_t width, bool is_ycck, uint8_t *rgb) {
  for (uint32_t x = 0; x < width; x++, rgb += 3)
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(((is_ycck ? 255 - rgb[c] : rgb[c]) * black[x] + 127) / 255);
}

/* ---- All of it ---- */

static void make_row(const hb_jpeg_plane planes[], uint32_t count, hb_jpeg_colours colours, uint32_t y, uint32_t width,
                     const row_buffer buffers[], uint8_t *rgb) {
  const uint8_t *rows[4];
  for (uint32_t p = 0; p < count; p++) rows[p] = full_row(&planes[p], y, width, &buffers[p]);
  if (count == 1) rows[1] = rows[2] = rows[0];
  convert_row(rows, width, colours == HB_JPEG_YCC || colours == HB_JPEG_YCCK, rgb);
  if (count == 4) add_black(rows[3], width, colours == HB_JPEG_YCCK, rgb);
}

hb_status hb_jpeg_pixels(const hb_jpeg_plane planes[], hb_jpeg_colours colours, uint32_t width, uint32_t height,
                         uint8_t *rgb) {
  const uint32_t count = colours == HB_JPEG_GREY ? 1 : colours >= HB_JPEG_CMYK ? 4 : 3;
  const size_t samples = round_up(width) + 2 * LANES, sums = samples + LANES;
  uint8_t *memory = calloc(count, samples + sums * sizeof(int16_t));
  if (memory == NULL) return HB_OUT_OF_MEMORY;
  row_buffer buffers[4];
  for (uint32_t p = 0; p < count; p++) {
    buffers[p].sums = (int16_t *)memory + p * sums + 1;
    buffers[p].samples = memory + count * sums * sizeof(int16_t) + p * samples;
  }
  for (uint32_t y = 0; y < height; y++)
    make_row(planes, count, colours, y, width, buffers, rgb + (size_t)y * width * 3);
  free(memory);
  return HB_OK;
}
