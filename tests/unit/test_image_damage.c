/* image/damage.h: what a picture looks like of which the end is missing, and when it is refused. */
#include <stdlib.h>
#include <string.h>

#include "image/damage.h"
#include "support.h"

#define WIDTH 10
#define HEIGHT 8

static hb_image black(void) {
  hb_image image = {must_allocate(WIDTH * HEIGHT * 3), WIDTH, HEIGHT, 3, HB_UPRIGHT};
  memset(image.pixels, 0, WIDTH * HEIGHT * 3);
  return image;
}

/* Pixels that have this shade in all channels. */
static uint32_t count_shade(const hb_image *image, uint8_t shade) {
  uint32_t count = 0;
  for (const uint8_t *p = image->pixels, *end = p + WIDTH * HEIGHT * 3; p < end; p += 3)
    count += p[0] == shade && p[1] == shade && p[2] == shade;
  return count;
}

static void rows_that_are_missing_are_filled(void **state) {
  (void)state;
  hb_image image = black();
  assert_ok(hb_image_end_at(&image, 0, 6, 1, HB_SHADE_WHITE, &failure));
  assert_int_equal(count_shade(&image, 255), 2 * WIDTH);
  assert_int_equal(image.pixels[6 * WIDTH * 3 - 1], 0);
  hb_image_free(&image);
}

static void a_row_of_blocks_is_filled_from_where_it_breaks_off(void **state) {
  (void)state;
  hb_image image = black();
  assert_ok(hb_image_end_at(&image, 6, 4, 4, HB_SHADE_GREY, &failure)); /* 4 of 10 columns of the lower 4 rows */
  assert_int_equal(count_shade(&image, 128), 4 * 4);
  assert_int_equal(count_shade(&image, 0), WIDTH * HEIGHT - 16);
  hb_image_free(&image);
}

static void an_end_behind_the_picture_changes_nothing(void **state) {
  (void)state;
  hb_image image = black();
  assert_ok(hb_image_end_at(&image, 0, HEIGHT, 8, HB_SHADE_WHITE, &failure));
  assert_ok(hb_image_end_at(&image, 99, 7, 99, HB_SHADE_WHITE, &failure));
  assert_ok(hb_image_end_at(&image, 0, UINT32_MAX, UINT32_MAX, HB_SHADE_WHITE, &failure));
  assert_int_equal(count_shade(&image, 0), WIDTH * HEIGHT);
  hb_image_free(&image);
}

static void less_than_three_quarters_are_refused(void **state) {
  (void)state;
  hb_image image = black();
  assert_fails(hb_image_end_at(&image, 9, 5, 1, HB_SHADE_WHITE, &failure), HB_CORRUPT_IMAGE, "three quarters");
  assert_true(failure.is_incomplete);
  assert_int_equal(count_shade(&image, 0), WIDTH * HEIGHT);
  assert_int_equal(hb_image_end_at(&image, 0, 0, 1, HB_SHADE_WHITE, NULL), HB_CORRUPT_IMAGE);
  assert_true(hb_image_is_enough(3, 4) && !hb_image_is_enough(74, 100) && hb_image_is_enough(75, 100));
  hb_image_free(&image);
}

/* Only then is no other decoder asked. */
static void what_is_merely_damaged_is_not_incomplete(void **state) {
  (void)state;
  failure.is_incomplete = true;
  assert_int_equal(hb_image_fail_corrupt(&failure), HB_CORRUPT_IMAGE);
  assert_false(failure.is_incomplete);
  assert_int_equal(hb_image_fail_decoder(HB_CORRUPT_IMAGE, &failure), HB_CORRUPT_IMAGE);
  assert_int_equal(hb_image_fail_decoder(HB_OUT_OF_MEMORY, &failure), HB_OUT_OF_MEMORY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_that_are_missing_are_filled),
      cmocka_unit_test(a_row_of_blocks_is_filled_from_where_it_breaks_off),
      cmocka_unit_test(an_end_behind_the_picture_changes_nothing),
      cmocka_unit_test(less_than_three_quarters_are_refused),
      cmocka_unit_test(what_is_merely_damaged_is_not_incomplete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
