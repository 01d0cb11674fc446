/* image/view.h: which crops a view makes of a picture of which shape, and from which part of it each is. */
#include <stdlib.h>
#include <string.h>

#include "image/resize.h"
#include "image/view.h"
#include "pictures.h"
#include "support.h"

static uint8_t expected[HB_CROP_BYTES];

static hb_image image_of(const picture *p, hb_orientation orientation) {
  return (hb_image){p->pixels, p->width, p->height, p->channels, orientation};
}

static hb_crops look(const picture *p, hb_view view) {
  hb_image image = image_of(p, HB_UPRIGHT);
  hb_crops crops = {NULL, 0};
  assert_ok(hb_image_look(&image, view, &crops, &failure));
  return crops;
}

/* Tiles are scaled as part of the picture, so that a tile's edges also have something of its neighbour's; and Pillow's
 * way rounds by place. */
static void assert_near(const uint8_t *crop, const uint8_t *wanted) {
  double sum = 0;
  for (size_t i = 0; i < HB_CROP_BYTES; i++) sum += abs(crop[i] - wanted[i]);
  if (sum / HB_CROP_BYTES > 1) fail_msg("%.2f levels apart on average", sum / HB_CROP_BYTES);
}

static void crop_is_torchvision_s_for_every_shape(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{300, 200}, {500, 700}, {2000, 300}, {40, 900}};
  for (int s = 0; s < 4; s++) {
    picture p = picture_make(shapes[s][0], shapes[s][1], 3, 1);
    hb_image image = image_of(&p, HB_UPRIGHT);
    hb_crops crops = look(&p, HB_VIEW_CROP);
    assert_int_equal(crops.count, 1);
    assert_ok(hb_image_center_crop(&image, expected, &failure));
    assert_memory_equal(crops.pixels, expected, HB_CROP_BYTES);
    free(crops.pixels);
    picture_free(&p);
  }
}

/* Up to three times as long as wide. */
static void whole_is_all_of_the_picture(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{300, 200}, {500, 700}, {900, 300}, {100, 300}, {1, 1}, {224, 224}};
  for (int s = 0; s < 6; s++) {
    picture p = picture_make(shapes[s][0], shapes[s][1], 3 + (uint32_t)s % 2, 2);
    hb_image image = image_of(&p, HB_UPRIGHT);
    hb_crops whole = look(&p, HB_VIEW_WHOLE), both = look(&p, HB_VIEW_BOTH);
    assert_int_equal(whole.count, 1);
    assert_ok(hb_image_scale(&image, 224, 224, expected, &failure));
    assert_memory_equal(whole.pixels, expected, HB_CROP_BYTES);
    assert_int_equal(both.count, 2);
    assert_memory_equal(both.pixels + HB_CROP_BYTES, expected, HB_CROP_BYTES);
    assert_ok(hb_image_center_crop(&image, expected, &failure));
    assert_memory_equal(both.pixels, expected, HB_CROP_BYTES);
    free(whole.pixels), free(both.pixels);
    picture_free(&p);
  }
}

static void a_picture_of_the_crop_s_size_stays_as_it_is(void **state) {
  (void)state;
  picture p = picture_make(224, 224, 3, 3);
  hb_crops crops = look(&p, HB_VIEW_WHOLE);
  assert_memory_equal(crops.pixels, p.pixels, HB_CROP_BYTES);
  free(crops.pixels);
  picture_free(&p);
}

static void long_pictures_have_tiles(void **state) {
  (void)state;
  static const struct {
    uint32_t longer, shorter, tiles;
  } shapes[] = {{901, 300, 3},  {1049, 300, 3}, {1050, 300, 4}, {2400, 300, 8},
                {9000, 300, 8}, {100000, 3, 8}, {4, 1, 4}};
  for (int s = 0; s < 7; s++)
    for (int high = 0; high < 2; high++) {
      picture p =
          picture_make(high ? shapes[s].shorter : shapes[s].longer, high ? shapes[s].longer : shapes[s].shorter, 3, 4);
      for (hb_view view = HB_VIEW_WHOLE; view <= HB_VIEW_BOTH; view++) {
        hb_crops crops = look(&p, view);
        assert_int_equal(crops.count, shapes[s].tiles);
        free(crops.pixels);
      }
      picture_free(&p);
    }
}

/* In their order, from the left or from the top, each square part scaled as if it were a picture of its own. */
static void a_tile_is_its_part_of_the_picture(void **state) {
  (void)state;
  for (int high = 0; high < 2; high++) {
    picture p = high ? picture_make(300, 1500, 3, 5) : picture_make(1500, 300, 4, 5);
    hb_crops crops = look(&p, HB_VIEW_WHOLE);
    assert_int_equal(crops.count, 5);
    for (uint32_t t = 0; t < 5; t++) {
      picture part = picture_cut(&p, high ? 0 : 300 * t, high ? 300 * t : 0, 300, 300);
      hb_image image = image_of(&part, HB_UPRIGHT);
      assert_ok(hb_image_scale(&image, 224, 224, expected, &failure));
      assert_near(crops.pixels + t * HB_CROP_BYTES, expected);
      picture_free(&part);
    }
    free(crops.pixels);
    picture_free(&p);
  }
}

/* What counts is the picture as it is shown. */
static void orientation_comes_first(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{300, 200}, {1200, 300}, {200, 900}};
  for (int s = 0; s < 3; s++)
    for (int o = 1; o <= 8; o++) {
      picture p = picture_make(shapes[s][0], shapes[s][1], 3, 6), upright = picture_turned(&p, o);
      hb_image stored = image_of(&p, (hb_orientation)o);
      hb_crops turned = {NULL, 0}, shown = look(&upright, HB_VIEW_BOTH);
      assert_ok(hb_image_look(&stored, HB_VIEW_BOTH, &turned, &failure));
      assert_int_equal(turned.count, shown.count);
      for (uint32_t c = 0; c < shown.count; c++)
        assert_near(turned.pixels + c * HB_CROP_BYTES, shown.pixels + c * HB_CROP_BYTES);
      free(turned.pixels), free(shown.pixels);
      picture_free(&p), picture_free(&upright);
    }
}

static void a_failure_leaves_the_output_alone(void **state) {
  (void)state;
  picture p = {200000, 1, 3, calloc(200000, 3)};
  hb_image image = image_of(&p, HB_UPRIGHT);
  hb_crops crops = {NULL, 77};
  assert_fails(hb_image_look(&image, HB_VIEW_CROP, &crops, &failure), HB_UNSUPPORTED_IMAGE, "too narrow");
  assert_int_equal(crops.count, 77);
  assert_ok(hb_image_look(&image, HB_VIEW_WHOLE, &crops, &failure)); /* its tiles are there */
  assert_int_equal(crops.count, HB_CROPS_MAX);
  free(crops.pixels);
  picture_free(&p);
}

static void views_have_names(void **state) {
  (void)state;
  static const char *const names[] = {"crop", "whole", "both"};
  hb_view view = HB_VIEW_BOTH;
  for (int v = 0; v < 3; v++) {
    assert_string_equal(hb_view_name((hb_view)v), names[v]);
    assert_true(hb_view_parse(names[v], &view));
    assert_int_equal(view, v);
  }
  assert_false(hb_view_parse("Crop", &view));
  assert_false(hb_view_parse("", &view));
  assert_int_equal(view, HB_VIEW_BOTH);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(crop_is_torchvision_s_for_every_shape),       cmocka_unit_test(whole_is_all_of_the_picture),
      cmocka_unit_test(a_picture_of_the_crop_s_size_stays_as_it_is), cmocka_unit_test(long_pictures_have_tiles),
      cmocka_unit_test(a_tile_is_its_part_of_the_picture),           cmocka_unit_test(orientation_comes_first),
      cmocka_unit_test(a_failure_leaves_the_output_alone),           cmocka_unit_test(views_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
