/* image/resize.h: pixels to the crop, against resizing and cropping written down plainly. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/resize.h"
#include "pictures.h"
#include "plain_resample.h"
#include "support.h"

static uint8_t crop[HB_CROP_BYTES], other[HB_CROP_BYTES];

static hb_image image_of(const picture *p, hb_orientation orientation) {
  return (hb_image){p->pixels, p->width, p->height, p->channels, orientation};
}

/* The largest difference of two crops, and their mean one. */
static int difference(const uint8_t *a, const uint8_t *b, double *mean) {
  int largest = 0;
  double sum = 0;
  for (size_t i = 0; i < HB_CROP_BYTES; i++) {
    int d = abs(a[i] - b[i]);
    sum += d;
    if (d > largest) largest = d;
  }
  *mean = sum / HB_CROP_BYTES;
  return largest;
}

/* ---- The reference ---- */

/* Python's round(): a half goes to the even neighbour. */
static int32_t python_round(double x) { return (int32_t)nearbyint(x); }

/* torchvision: Resize(256), CenterCrop(224), with the long side given, so that a wrong one can be tried. */
static void reference_crop(const picture *p, uint32_t width, uint32_t height, uint8_t *out) {
  int32_t left = python_round((width - 224) / 2.0), top = python_round((height - 224) / 2.0);
  picture whole = plain_resample(p, width, height);
  picture cut = picture_cut(&whole, (uint32_t)left, (uint32_t)top, 224, 224);
  memcpy(out, cut.pixels, HB_CROP_BYTES);
  picture_free(&whole);
  picture_free(&cut);
}

static uint32_t long_side(uint32_t side, uint32_t shorter) { return (uint32_t)(256.0 * side / shorter); }

/* ---- Size and crop ---- */

static const uint32_t sizes[][2] = {{256, 256}, {300, 200}, {200, 300}, {500, 375}, {375, 500},  {257, 256},
                                    {259, 256}, {256, 261}, {640, 427}, {427, 640}, {1000, 313}, {100, 100},
                                    {64, 48},   {7, 5},     {3, 2},     {1, 1},     {1, 3},      {2000, 1500}};
#define SIZES (sizeof sizes / sizeof *sizes)

static void crops_match_the_reference(void **state) {
  (void)state;
  for (size_t s = 0; s < SIZES; s++)
    for (uint32_t channels = 3; channels <= 4; channels++) {
      uint32_t w = sizes[s][0], h = sizes[s][1], shorter = w < h ? w : h;
      picture p = picture_make(w, h, channels, s);
      hb_image image = image_of(&p, HB_UPRIGHT);
      assert_ok(hb_image_center_crop(&image, crop, &failure));
      reference_crop(&p, long_side(w, shorter), long_side(h, shorter), other);
      double mean;
      int largest = difference(crop, other, &mean);
      if (largest > 0) fail_msg("%u x %u: %d levels, %f on average", w, h, largest, mean);
      picture_free(&p);
    }
}

/* The long side is int(256 * long / short), not rounded: the wrong one must show, or the test above is blind. */
static void a_long_side_that_is_one_more_would_show(void **state) {
  (void)state;
  picture p = picture_make(640, 427, 3, 8); /* 383.7: 383 */
  hb_image image = image_of(&p, HB_UPRIGHT);
  assert_ok(hb_image_center_crop(&image, crop, &failure));
  reference_crop(&p, 384, 256, other);
  double mean;
  assert_true(difference(crop, other, &mean) > 3);
  assert_true(mean > 0.3);
  picture_free(&p);
}

static void a_square_of_256_is_only_cropped(void **state) {
  (void)state;
  picture p = picture_make(256, 256, 3, 2);
  hb_image image = image_of(&p, HB_UPRIGHT);
  assert_ok(hb_image_center_crop(&image, crop, &failure));
  for (size_t y = 0; y < 224; y++)
    assert_memory_equal(crop + y * 224 * 3, p.pixels + ((y + 16) * 256 + 16) * 3, 224 * 3);
  picture_free(&p);
}

/* With a shorter side of 256 nothing is resized, and the crop's offset is plain to see. */
static void offsets_are_rounded_as_python_does(void **state) {
  (void)state;
  static const uint32_t cases[][2] = {{256, 16}, {257, 16}, {258, 17}, {259, 18}, {260, 18}, {261, 18},
                                      {262, 19}, {263, 20}, {264, 20}, {265, 20}, {266, 21}, {267, 22}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int tall = 0; tall < 2; tall++) {
      uint32_t side = cases[i][0], w = tall ? 256 : side, h = tall ? side : 256;
      size_t left = tall ? 16 : cases[i][1], top = tall ? cases[i][1] : 16;
      assert_int_equal(python_round((side - 224) / 2.0), cases[i][1]);
      picture p = picture_make(w, h, 3, i);
      hb_image image = image_of(&p, HB_UPRIGHT);
      assert_ok(hb_image_center_crop(&image, crop, &failure));
      for (size_t y = 0; y < 224; y++)
        assert_memory_equal(crop + y * 224 * 3, p.pixels + ((y + top) * w + left) * 3, 224 * 3);
      picture_free(&p);
    }
}

static void one_colour_stays_that_colour(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{1, 1}, {999, 3}, {3, 999}, {1234, 777}};
  for (int s = 0; s < 4; s++) {
    picture p = picture_make(shapes[s][0], shapes[s][1], 3, 1);
    for (size_t i = 0; i < (size_t)p.width * p.height; i++) memcpy(p.pixels + 3 * i, "\x00\x80\xff", 3);
    hb_image image = image_of(&p, HB_UPRIGHT);
    assert_ok(hb_image_center_crop(&image, crop, &failure));
    for (size_t i = 0; i < HB_CROP_BYTES; i += 3) assert_memory_equal(crop + i, "\x00\x80\xff", 3);
    picture_free(&p);
  }
}

static void a_fourth_channel_has_no_influence(void **state) {
  (void)state;
  picture rgb = picture_make(301, 257, 3, 5), rgba = picture_make(301, 257, 4, 6);
  for (size_t i = 0; i < 301 * 257; i++) memcpy(rgba.pixels + 4 * i, rgb.pixels + 3 * i, 3);
  hb_image three = image_of(&rgb, HB_UPRIGHT), four = image_of(&rgba, HB_UPRIGHT);
  assert_ok(hb_image_center_crop(&three, crop, &failure));
  assert_ok(hb_image_center_crop(&four, other, &failure));
  double mean;
  assert_true(difference(crop, other, &mean) == 0);
  picture_free(&rgb);
  picture_free(&rgba);
}

static void extreme_shapes_are_refused(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{100000, 1}, {1, 100000}, {200000, 2}, {300000, 1}};
  for (int s = 0; s < 4; s++) {
    picture p = {shapes[s][0], shapes[s][1], 3, must_allocate((size_t)shapes[s][0] * shapes[s][1] * 3)};
    hb_image image = image_of(&p, HB_UPRIGHT);
    assert_fails(hb_image_center_crop(&image, crop, &failure), HB_UNSUPPORTED_IMAGE, "too narrow");
    picture_free(&p);
  }
}

static void almost_extreme_shapes_are_not(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{99999, 1}, {1, 99999}};
  for (int s = 0; s < 2; s++) {
    picture p = {shapes[s][0], shapes[s][1], 3, calloc(99999, 3)};
    hb_image image = image_of(&p, HB_UPRIGHT);
    crop[0] = 99;
    assert_ok(hb_image_center_crop(&image, crop, &failure));
    assert_int_equal(crop[0], 0);
    picture_free(&p);
  }
}

/* ---- Orientation ---- */

/* The network sees what it would see of the picture turned by Pillow's ImageOps.exif_transpose, to the last bit. */
static void orientation_on_the_crop_is_orientation_on_the_picture(void **state) {
  (void)state;
  for (size_t s = 0; s < SIZES; s++)
    for (int o = 1; o <= 8; o++) {
      picture p = picture_make(sizes[s][0], sizes[s][1], 3 + (uint32_t)(s % 2), s), upright = picture_turned(&p, o);
      hb_image stored = image_of(&p, (hb_orientation)o), shown = image_of(&upright, HB_UPRIGHT);
      assert_ok(hb_image_center_crop(&stored, crop, &failure));
      assert_ok(hb_image_center_crop(&shown, other, &failure));
      if (memcmp(crop, other, sizeof crop) != 0) fail_msg("%u x %u, orientation %d", p.width, p.height, o);
      picture_free(&p);
      picture_free(&upright);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(crops_match_the_reference),
      cmocka_unit_test(a_long_side_that_is_one_more_would_show),
      cmocka_unit_test(a_square_of_256_is_only_cropped),
      cmocka_unit_test(offsets_are_rounded_as_python_does),
      cmocka_unit_test(one_colour_stays_that_colour),
      cmocka_unit_test(a_fourth_channel_has_no_influence),
      cmocka_unit_test(extreme_shapes_are_refused),
      cmocka_unit_test(almost_extreme_shapes_are_not),
      cmocka_unit_test(orientation_on_the_crop_is_orientation_on_the_picture),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
