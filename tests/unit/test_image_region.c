/* image/region.h: parts of pictures, against parts that are cut out of the picture as it is shown. */
#include <math.h>
#include <string.h>

#include "image/region.h"
#include "pictures.h"

static hb_image image_of(const picture *p, int orientation) {
  return (hb_image){p->pixels, p->width, p->height, p->channels, (hb_orientation)orientation};
}

/* What the region keeps of the picture, turned to be shown, is `cut` of the shown picture, byte for byte. */
static void check_kept(picture p, int orientation, hb_region region, picture cut) {
  hb_image image = image_of(&p, orientation);
  assert_ok(hb_region_keep(&image, &region, &failure));
  const picture kept = {image.width, image.height, image.channels, image.pixels};
  picture shown = picture_turned(&kept, orientation);
  assert_int_equal(shown.width, cut.width);
  assert_int_equal(shown.height, cut.height);
  assert_memory_equal(shown.pixels, cut.pixels, (size_t)cut.width * cut.height * cut.channels);
  assert_int_equal(image.orientation, orientation);
  picture_free(&shown);
  picture_free(&cut);
  picture_free(&p);
}

static void a_region_counts_from_the_upper_left_corner_of_the_shown_picture(void **state) {
  (void)state;
  for (int o = 1; o <= 8; o++)
    for (uint32_t channels = 3; channels <= 4; channels++) {
      picture p = picture_make(40, 100, channels, 7), shown = picture_turned(&p, o);
      uint32_t w = shown.width, h = shown.height;
      check_kept(p, o, (hb_region){0.1, 0.2, 0.25, 0.7}, picture_cut(&shown, w / 10, h / 5, w / 4, h * 7 / 10));
      picture_free(&shown);
    }
}

static void edges_are_rounded_to_whole_pixels(void **state) {
  (void)state;
  static const struct {
    double start, size;
    uint32_t first, count;
  } cases[] = {{0.09, 0.5, 3, 18},        {0.11, 0.5, 4, 17},   {0, 1, 0, 35},
               {0.69, 0.31, 24, 11},      {0.0142, 0.9, 0, 32}, {2.0 / 3, 1.0 / 3, 23, 12},
               {0.5, 0.5 + 5e-10, 18, 17}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int o = 1; o <= 8; o++) {
      picture p = picture_make(35, 35, 3, 7), shown = picture_turned(&p, o);
      const hb_region across = {cases[i].start, 0, cases[i].size, 1};
      check_kept(p, o, across, picture_cut(&shown, cases[i].first, 0, cases[i].count, 35));
      p = picture_make(35, 35, 3, 7);
      const hb_region down = {0, cases[i].start, 1, cases[i].size};
      check_kept(p, o, down, picture_cut(&shown, 0, cases[i].first, 35, cases[i].count));
      picture_free(&shown);
    }
}

static void assert_refused(const picture *p, hb_region region, const char *words) {
  hb_image image = image_of(p, HB_UPRIGHT);
  assert_fails(hb_region_keep(&image, &region, &failure), HB_INVALID_ARGUMENT, words);
  assert_int_equal(image.width, p->width);
  assert_int_equal(image.height, p->height);
}

static void a_region_outside_the_picture_is_refused(void **state) {
  (void)state;
  static const hb_region regions[] = {{-0.1, 0, 1, 1},   {0, -0.1, 1, 1},  {0.1, 0, 1, 1},      {0, 0.1, 1, 1},
                                      {0, 0, 0, 1},      {0, 0, 1, 0},     {0.5, 0, -0.2, 1},   {0, 0.5, 1, -0.2},
                                      {0, 0, 1.0001, 1}, {1e300, 0, 1, 1}, {0, 0, INFINITY, 1}, {NAN, 0, 1, 1},
                                      {0, NAN, 1, 1},    {0, 0, NAN, 1},   {0, 0, 1, NAN}};
  picture p = picture_make(100, 100, 3, 1);
  for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) assert_refused(&p, regions[i], "inside the picture");
  picture_free(&p);
}

static void a_region_of_few_pixels_is_refused(void **state) {
  (void)state;
  picture p = picture_make(100, 100, 3, 1);
  assert_refused(&p, (hb_region){0.5, 0.5, 0.07, 0.5}, "7 x 50 pixels");
  assert_refused(&p, (hb_region){0.5, 0.5, 0.5, 0.07}, "50 x 7 pixels");
  assert_refused(&p, (hb_region){0.5, 0.5, 1e-9, 1e-9}, "0 x 0 pixels");
  hb_image image = image_of(&p, HB_UPRIGHT);
  assert_ok(hb_region_keep(&image, &(hb_region){0.5, 0.5, 0.08, 0.08}, &failure));
  picture_free(&p);
}

/* An icon may be smaller than the smallest region. */
static void the_whole_of_a_small_picture_is_fine(void **state) {
  (void)state;
  picture p = picture_make(5, 30, 3, 1), copy = picture_make(5, 30, 3, 1);
  hb_image image = image_of(&p, HB_UPRIGHT);
  assert_ok(hb_region_keep(&image, &(hb_region){0, 0, 1, 1}, &failure));
  assert_int_equal(image.width, 5);
  assert_int_equal(image.height, 30);
  assert_memory_equal(p.pixels, copy.pixels, 5 * 30 * 3);
  assert_refused(&p, (hb_region){0, 0, 0.8, 1}, "4 x 30 pixels");
  picture_free(&p);
  picture_free(&copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_region_counts_from_the_upper_left_corner_of_the_shown_picture),
      cmocka_unit_test(edges_are_rounded_to_whole_pixels),
      cmocka_unit_test(a_region_outside_the_picture_is_refused),
      cmocka_unit_test(a_region_of_few_pixels_is_refused),
      cmocka_unit_test(the_whole_of_a_small_picture_is_fine),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
