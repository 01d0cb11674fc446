/* Smaller pictures, hb_scale_file of the public header; its crops are tested in test_engine.c. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "image/resize.h"
#include "pictures.h"

/* hb_scale_file gives width x height: the pixels of hb_image_scale. */
static void check_scaled(const blob *file, uint32_t longest, uint32_t width, uint32_t height) {
  hb_picture scaled;
  hb_image image;
  assert_ok(hb_scale_file(file->bytes, file->size, longest, &scaled, &failure));
  assert_int_equal(scaled.width, width);
  assert_int_equal(scaled.height, height);
  uint8_t *expected = must_allocate((size_t)width * height * 3);
  assert_ok(hb_image_decode(file->bytes, file->size, &image, &failure));
  assert_ok(hb_image_scale(&image, width, height, expected, &failure));
  assert_memory_equal(scaled.rgb, expected, (size_t)width * height * 3);
  hb_image_free(&image);
  free(expected);
  free(scaled.rgb);
}

static void the_longer_side_has_so_many_pixels(void **state) {
  (void)state;
  static const struct {
    uint32_t width, height, longest, expected_width, expected_height;
  } cases[] = {{300, 200, 100, 100, 67}, {200, 300, 100, 67, 100}, {300, 1, 100, 100, 1}, {64, 64, 1, 1, 1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    picture p = picture_make(cases[c].width, cases[c].height, 3, c);
    blob file = pnm_encode(&p);
    check_scaled(&file, cases[c].longest, cases[c].expected_width, cases[c].expected_height);
    blob_free(&file);
    picture_free(&p);
  }
}

static void a_smaller_picture_keeps_its_size(void **state) {
  (void)state;
  picture p = picture_make(30, 20, 3, 1);
  blob file = pnm_encode(&p);
  hb_picture same;
  check_scaled(&file, 30, 30, 20);
  check_scaled(&file, 65535, 30, 20);
  assert_ok(hb_scale_file(file.bytes, file.size, 31, &same, &failure));
  assert_memory_equal(same.rgb, p.pixels, 30 * 20 * 3);
  free(same.rgb);
  blob_free(&file);
  picture_free(&p);
}

static void sides_are_those_of_the_picture_as_it_is_shown(void **state) {
  (void)state;
  for (int orientation = 1; orientation <= 8; orientation++) {
    blob exif = exif_segment(true, 0, 3, 1, (unsigned)orientation);
    blob file = jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &exif);
    check_scaled(&file, 12, orientation < 5 ? 12 : 8, orientation < 5 ? 8 : 12);
    blob_free(&exif);
    blob_free(&file);
  }
}

static void what_is_refused_leaves_the_output_alone(void **state) {
  (void)state;
  uint8_t pixel;
  hb_picture out = {&pixel, 3, 4};
  picture p = picture_make(30, 20, 3, 1);
  blob file = pnm_encode(&p);
  assert_fails(hb_scale_file(file.bytes, file.size, 0, &out, &failure), HB_INVALID_ARGUMENT, "1 to 65535");
  assert_fails(hb_scale_file(file.bytes, file.size, 65536, &out, &failure), HB_INVALID_ARGUMENT, "65536");
  assert_fails(hb_scale_file("hello", 5, 20, &out, &failure), HB_UNSUPPORTED_IMAGE, "not a picture");
  assert_fails(hb_scale_file(file.bytes, file.size / 2, 20, &out, &failure), HB_CORRUPT_IMAGE, "damaged");
  assert_true(out.rgb == &pixel && out.width == 3 && out.height == 4);
  blob_free(&file);
  picture_free(&p);
}

static void a_lack_of_memory_is_told(void **state) {
  (void)state;
  picture p = picture_make(300, 200, 3, 1);
  blob file = pnm_encode(&p);
  hb_picture out;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    allocations_fail_from(n);
    hb_status status = hb_scale_file(file.bytes, file.size, 100, &out, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
  }
  free(out.rgb);
  blob_free(&file);
  picture_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_longer_side_has_so_many_pixels),
      cmocka_unit_test(a_smaller_picture_keeps_its_size),
      cmocka_unit_test(sides_are_those_of_the_picture_as_it_is_shown),
      cmocka_unit_test(what_is_refused_leaves_the_output_alone),
      cmocka_unit_test(a_lack_of_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
