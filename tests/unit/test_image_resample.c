/* image/resample.h: vectors, and only the part that is wanted, against plain arithmetic on the whole turned picture.
 * That this is Pillow's arithmetic is shown by tests/golden/test_resize.py. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "image/resample.h"
#include "plain_resample.h"
#include "support.h"

/* Compares all bytes; nothing may be written behind them. */
static void check_part(const picture *stored, int orientation, const picture *expected, hb_span across, hb_span down) {
  const hb_image image = {stored->pixels, stored->width, stored->height, stored->channels, (hb_orientation)orientation};
  const size_t line = (size_t)across.count * 3, bytes = line * down.count;
  uint8_t *rgb = must_allocate(bytes + 8);
  memset(rgb + bytes, 0xa5, 8);
  assert_ok(hb_image_resample(&image, across, down, rgb, &failure));
  for (uint32_t y = 0; y < down.count; y++)
    if (memcmp(rgb + y * line, expected->pixels + ((size_t)(down.start + y) * across.size + across.start) * 3, line) !=
        0)
      fail_msg("%u x %u with %u channels, orientation %d, to %u x %u: row %u differs", stored->width, stored->height,
               stored->channels, orientation, across.size, down.size, y);
  for (int i = 0; i < 8; i++) assert_int_equal(rgb[bytes + (size_t)i], 0xa5);
  free(rgb);
}

/* All of it, and a part inside. */
static void check_scaled(const picture *stored, int orientation, uint32_t width, uint32_t height) {
  picture shown = picture_turned(stored, orientation), expected = plain_resample(&shown, width, height);
  check_part(stored, orientation, &expected, (hb_span){width, 0, width}, (hb_span){height, 0, height});
  const hb_span across = {width, width / 3, width - width / 3 - width / 5};
  const hb_span down = {height, height / 5, height - height / 5 - height / 4};
  check_part(stored, orientation, &expected, across, down);
  picture_free(&expected);
  picture_free(&shown);
}

/* ---- Sizes ---- */

static const uint32_t sizes[][2] = {{1, 1},   {2, 1},   {1, 3},    {3, 5},    {4, 4},    {5, 2},
                                    {7, 31},  {16, 1},  {17, 9},   {64, 48},  {97, 101}, {256, 300},
                                    {511, 3}, {2, 700}, {640, 41}, {333, 222}};
static const uint32_t targets[][2] = {{1, 1}, {2, 3}, {5, 1}, {1, 8}, {13, 7}, {64, 48}, {224, 224}, {301, 97}};
#define SIZES (sizeof sizes / sizeof *sizes)
#define TARGETS (sizeof targets / sizeof *targets)

static void every_size_in_every_orientation(void **state) {
  (void)state;
  for (size_t s = 0; s < SIZES; s++)
    for (int orientation = 1; orientation <= 8; orientation++) {
      picture p = picture_make(sizes[s][0], sizes[s][1], 3 + (uint32_t)(s + (size_t)orientation) % 2, s);
      for (size_t t = 0; t < TARGETS; t++) check_scaled(&p, orientation, targets[t][0], targets[t][1]);
      picture_free(&p);
    }
}

/* Black and white, where sums are smallest and largest, and many taps of small weights. */
static void extremes_of_brightness(void **state) {
  (void)state;
  picture p = picture_make(2999, 37, 3, 1);
  for (size_t i = 0; i < (size_t)p.width * p.height; i++) memset(p.pixels + 3 * i, i * 7919 % 3 == 0 ? 0 : 255, 3);
  for (int orientation = 1; orientation <= 8; orientation++) check_scaled(&p, orientation, 3, 2);
  memset(p.pixels, 255, (size_t)p.width * p.height * 3);
  for (int orientation = 1; orientation <= 8; orientation++) check_scaled(&p, orientation, 11, 100);
  picture_free(&p);
}

static void its_own_size_changes_nothing(void **state) {
  (void)state;
  picture p = picture_make(67, 45, 3, 4);
  const hb_image image = {p.pixels, 67, 45, 3, HB_UPRIGHT};
  uint8_t *rgb = must_allocate(67 * 45 * 3);
  assert_ok(hb_image_resample(&image, (hb_span){67, 0, 67}, (hb_span){45, 0, 45}, rgb, &failure));
  assert_memory_equal(rgb, p.pixels, 67 * 45 * 3);
  free(rgb);
  picture_free(&p);
}

/* What the test above relies on: plain resizing sees a wrong order of passes. */
static void turning_is_not_turning_back(void **state) {
  (void)state;
  picture p = picture_make(333, 222, 3, 5), turned = picture_turned(&p, 5);
  picture first = plain_resample(&turned, 97, 301), other = plain_resample(&p, 301, 97),
          second = picture_turned(&other, 5);
  assert_memory_not_equal(first.pixels, second.pixels, 97 * 301 * 3);
  picture *all[] = {&p, &turned, &first, &other, &second};
  for (int i = 0; i < 5; i++) picture_free(all[i]);
}

static void no_pixels_are_refused(void **state) {
  (void)state;
  picture p = picture_make(5, 4, 3, 1);
  const hb_image image = {p.pixels, 5, 4, 3, HB_UPRIGHT};
  uint8_t rgb[3];
  const hb_span one = {1, 0, 1}, none = {0, 0, 0};
  assert_fails(hb_image_resample(&image, one, none, rgb, &failure), HB_INVALID_ARGUMENT, "no pixels");
  assert_fails(hb_image_resample(&image, none, one, rgb, &failure), HB_INVALID_ARGUMENT, "no pixels");
  picture_free(&p);
}

/* ---- Memory ---- */

static void a_lack_of_memory_is_told(void **state) {
  (void)state;
  picture p = picture_make(300, 200, 3, 1);
  uint8_t *rgb = must_allocate(90 * 60 * 3);
  for (int orientation = 1; orientation <= 8; orientation++) {
    const hb_image image = {p.pixels, 300, 200, 3, (hb_orientation)orientation};
    bool refused = true;
    size_t n = 0;
    for (; refused; n++) {
      allocations_fail_from(n);
      hb_status status = hb_image_resample(&image, (hb_span){90, 0, 90}, (hb_span){60, 0, 60}, rgb, &failure);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    }
    assert_true(n > 6);
  }
  free(rgb);
  picture_free(&p);
}

/* A photograph of 12 megapixels, 36 MB: the resampler takes as little beside it as the weights and a few rows. */
static void a_photograph_takes_little_memory(void **state) {
  (void)state;
  hb_image image = {calloc(4000 * 3000, 3), 4000, 3000, 3, HB_UPRIGHT};
  uint8_t *rgb = must_allocate(224 * 224 * 3);
  for (int orientation = 1; orientation <= 6; orientation += 5) {
    image.orientation = (hb_orientation)orientation;
    allocations_reset();
    assert_ok(hb_image_resample(&image, (hb_span){341, 58, 224}, (hb_span){256, 16, 224}, rgb, &failure));
    assert_in_range(allocations_largest(), 1, 64 << 10);
  }
  free(rgb);
  free(image.pixels);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_size_in_every_orientation),
      cmocka_unit_test(extremes_of_brightness),
      cmocka_unit_test(its_own_size_changes_nothing),
      cmocka_unit_test(turning_is_not_turning_back),
      cmocka_unit_test(no_pixels_are_refused),
      cmocka_unit_test(a_lack_of_memory_is_told),
      cmocka_unit_test(a_photograph_takes_little_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
