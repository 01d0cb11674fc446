/* image/jpeg_pixels.h: vectors against plain arithmetic, pixel by pixel. That this is libjpeg's arithmetic is shown by
 * tests/golden/test_pixels.py. */
#include <stdlib.h>
#include <string.h>

#include "image/jpeg_pixels.h"
#include "support.h"

/* ---- Plainly ---- */

static int at(const hb_jpeg_plane *p, int x, int y) {
  const int right = (int)p->width - 1, bottom = (int)p->height - 1;
  x = x < 0 ? 0 : x > right ? right : x;
  y = y < 0 ? 0 : y > bottom ? bottom : y;
  return p->samples[(size_t)y * p->stride + (size_t)x];
}

/* Of a pixel in a plane that stands for `across` x `down` pixels. */
static int sample_of(const hb_jpeg_plane *p, int x, int y) {
  const int across = (int)p->across, down = (int)p->down, column = x / across, row = y / down;
  if (across > 2 || down > 2 || (across == 2 && p->width <= 2)) return at(p, column, row);
  const int beside = x % 2 == 0 ? column - 1 : column + 1, above = y % 2 == 0 ? row - 1 : row + 1;
  if (across == 1 && down == 1) return at(p, x, y);
  if (down == 1) return (3 * at(p, column, row) + at(p, beside, row) + (x % 2 == 0 ? 1 : 2)) >> 2;
  if (across == 1) return (3 * at(p, column, row) + at(p, column, above) + (y % 2 == 0 ? 1 : 2)) >> 2;
  const int own = 3 * at(p, column, row) + at(p, column, above), other = 3 * at(p, beside, row) + at(p, beside, above);
  return (3 * own + other + (x % 2 == 0 ? 8 : 7)) >> 4;
}

static int clamp(int x) { return x < 0 ? 0 : x > 255 ? 255 : x; }

/* JFIF's equations, with factors of 16 bits after the point. */
static void ycc_to_rgb(const int ycc[3], int rgb[3]) {
  const int y = ycc[0], cb = ycc[1] - 128, cr = ycc[2] - 128;
  rgb[0] = clamp(y + ((91881 * cr + 32768) >> 16));
  rgb[1] = clamp(y + ((-22554 * cb - 46802 * cr + 32768) >> 16));
  rgb[2] = clamp(y + ((116130 * cb + 32768) >> 16));
}

static void plain_pixel(const hb_jpeg_plane planes[], hb_jpeg_colours colours, int x, int y, uint8_t pixel[3]) {
  int v[4] = {0}, rgb[3];
  for (int i = 0; i < (colours == HB_JPEG_GREY ? 1 : colours >= HB_JPEG_CMYK ? 4 : 3); i++)
    v[i] = sample_of(&planes[i], x, y);
  for (int i = 0; i < 3; i++) rgb[i] = colours == HB_JPEG_GREY ? v[0] : v[i];
  if (colours == HB_JPEG_YCC || colours == HB_JPEG_YCCK) ycc_to_rgb(v, rgb);
  for (int i = 0; i < 3; i++) {
    const int ink = colours == HB_JPEG_YCCK ? 255 - rgb[i] : rgb[i];
    pixel[i] = (uint8_t)(colours >= HB_JPEG_CMYK ? (2 * ink * v[3] + 255) / 510 : rgb[i]);
  }
}

/* ---- Compared ---- */

/* Planes of noise with the extremes, of memory that ends where the last block ends. */
static hb_jpeg_plane plane_make(uint32_t width, uint32_t height, uint32_t across, uint32_t down, hb_random *random) {
  hb_jpeg_plane p = {NULL, 0, (width + across - 1) / across, (height + down - 1) / down, across, down};
  p.stride = (p.width + 7) / 8 * 8;
  const size_t bytes = p.stride * ((p.height + 7) / 8 * 8);
  uint8_t *samples = must_allocate(bytes);
  for (size_t i = 0; i < bytes; i++) {
    const uint32_t x = hb_random_below(random, 300);
    samples[i] = (uint8_t)(x < 256 ? x : x % 2 ? 255 : 0);
  }
  p.samples = samples;
  return p;
}

static void check(uint32_t width, uint32_t height, hb_jpeg_colours colours, uint32_t across, uint32_t down) {
  hb_random random = {width * 1000 + height};
  const uint32_t count = colours == HB_JPEG_GREY ? 1 : colours >= HB_JPEG_CMYK ? 4 : 3;
  hb_jpeg_plane planes[4];
  for (uint32_t i = 0; i < count; i++) {
    const bool is_small = i == 1 || i == 2;
    planes[i] = plane_make(width, height, is_small ? across : 1, is_small ? down : 1, &random);
  }
  const size_t bytes = (size_t)width * height * 3;
  uint8_t *rgb = must_allocate(bytes), pixel[3];
  assert_int_equal(hb_jpeg_pixels(planes, colours, width, height, rgb), HB_OK);
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++) {
      plain_pixel(planes, colours, (int)x, (int)y, pixel);
      if (memcmp(rgb + ((size_t)y * width + x) * 3, pixel, 3) != 0)
        fail_msg("%u x %u, colours %d, a sample for %u x %u: (%u, %u) differs", width, height, colours, across, down, x,
                 y);
    }
  free(rgb);
  for (uint32_t i = 0; i < count; i++) free((void *)planes[i].samples);
}

static const uint32_t sizes[][2] = {{1, 1},  {2, 2},   {3, 5},   {4, 4},   {5, 3},  {7, 1},   {8, 8},  {9, 17},
                                    {15, 2}, {16, 16}, {17, 33}, {31, 31}, {1, 40}, {70, 23}, {129, 9}};

static void every_size_and_kind(void **state) {
  (void)state;
  static const uint32_t parts[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {1, 4}, {4, 2}, {2, 4}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    check(sizes[s][0], sizes[s][1], HB_JPEG_GREY, 1, 1);
    for (hb_jpeg_colours colours = HB_JPEG_RGB; colours <= HB_JPEG_YCCK; colours++)
      for (int p = 0; p < 8; p++) check(sizes[s][0], sizes[s][1], colours, parts[p][0], parts[p][1]);
  }
}

/* All 16 million colours: the brightness is in the row, so that all of one pair are side by side. */
static void every_colour(void **state) {
  (void)state;
  uint8_t y[256], cb[256], cr[256], rgb[256 * 3], pixel[3];
  for (int i = 0; i < 256; i++) y[i] = (uint8_t)i;
  const hb_jpeg_plane planes[3] = {{y, 256, 256, 1, 1, 1}, {cb, 256, 256, 1, 1, 1}, {cr, 256, 256, 1, 1, 1}};
  for (int pair = 0; pair < 65536; pair++) {
    memset(cb, pair & 255, 256);
    memset(cr, pair >> 8, 256);
    assert_int_equal(hb_jpeg_pixels(planes, HB_JPEG_YCC, 256, 1, rgb), HB_OK);
    for (int i = 0; i < 256; i++) {
      int expected[3];
      ycc_to_rgb((int[]){i, pair & 255, pair >> 8}, expected);
      for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)expected[c];
      if (memcmp(rgb + 3 * i, pixel, 3) != 0) fail_msg("y %d, cb %d, cr %d", i, pair & 255, pair >> 8);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_size_and_kind), cmocka_unit_test(every_colour)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
