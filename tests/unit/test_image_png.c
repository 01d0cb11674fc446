/* image/png.h: PNGs that lack their end, or have something wrong in them. */
#include <stdlib.h>
#include <string.h>

#include "image/png.h"
#include "pictures.h"

#define WIDTH 12
#define HEIGHT 20
#define ROW (1 + 3 * WIDTH)      /* as it is stored */
#define DATA_AT (33 + 8 + 2 + 5) /* header; chunk, zlib and block begin */

static picture some_picture(void) { return picture_make(WIDTH, HEIGHT, 3, 1); }

static hb_image decode(blob file) {
  hb_image image;
  assert_ok(hb_png_decode(file.bytes, file.size, &image, &failure));
  blob_free(&file);
  return image;
}

/* The first rows are the picture's, and all others white. */
static void assert_rows(hb_image image, const picture *p, uint32_t rows) {
  const size_t row = (size_t)image.width * 3;
  assert_int_equal(image.channels, 3);
  assert_memory_equal(image.pixels, p->pixels, rows * row);
  for (size_t i = rows * row; i < image.height * row; i++) assert_int_equal(image.pixels[i], 255);
  hb_image_free(&image);
}

/* 0 to 3 quarters of the file, and on to the end: refused, then row after row, then whole long before the end. */
static void a_file_cut_anywhere_shows_the_rows_that_are_there(void **state) {
  (void)state;
  picture p = some_picture();
  blob png = png_encode(&p);
  for (size_t n = 8; n < png.size; n++) {
    const size_t there = n > DATA_AT ? (n - DATA_AT) / ROW : 0, rows = there < HEIGHT ? there : HEIGHT;
    blob cut = blob_of(png.bytes, n);
    hb_image image;
    const hb_status status = hb_png_decode(cut.bytes, n, &image, &failure);
    assert_int_equal(status, 4 * rows >= 3 * HEIGHT ? HB_OK : HB_CORRUPT_IMAGE);
    if (status == HB_OK) assert_rows(image, &p, (uint32_t)rows);
    blob_free(&cut);
  }
  blob_free(&png);
  picture_free(&p);
}

static void checksums_are_not_looked_at(void **state) {
  (void)state;
  picture p = some_picture();
  blob png = png_encode(&p);
  memset(png.bytes + 29, '?', 4);
  memset(png.bytes + png.size - 12 - 8, '?', 8); /* of the data, twice */
  assert_rows(decode(png), &p, HEIGHT);
  picture_free(&p);
}

/* Deflate has no block of this kind. */
static void damage_in_the_data_is_their_end(void **state) {
  (void)state;
  picture p = picture_make(200, 200, 3, 1); /* of two blocks */
  const size_t second = DATA_AT + 65535, rows = 65535 / 601;
  blob png = png_encode(&p);
  png.bytes[second] = 7;
  hb_image image;
  assert_fails(hb_png_decode(png.bytes, png.size, &image, &failure), HB_CORRUPT_IMAGE, "three quarters");
  assert_true(failure.is_incomplete);
  blob_free(&png);
  picture_free(&p);
  p = picture_make(200, 130, 3, 1);
  png = png_encode(&p);
  png.bytes[second] = 7;
  assert_rows(decode(png), &p, (uint32_t)rows);
  picture_free(&p);
}

/* What was never written must not be read. */
static void colours_that_a_palette_lacks_are_its_last_one(void **state) {
  (void)state;
  static const uint8_t palette[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  picture indices = picture_make(4, 1, 1, 1), shown = picture_make(4, 1, 3, 1);
  memcpy(indices.pixels, "\0\2\3\xff", 4);
  memcpy(shown.pixels, "\1\2\3\7\x08\x09\7\x08\x09\7\x08\x09", 12);
  assert_rows(decode(png_encode_palette(&indices, palette, 3, NULL, 0)), &shown, 1);
  picture_free(&indices);
  picture_free(&shown);
}

static void a_transparency_that_does_not_fit_is_ignored(void **state) {
  (void)state;
  static const uint8_t palette[6] = {1, 2, 3, 4, 5, 6};
  picture indices = picture_make(2, 1, 1, 1), shown = picture_make(2, 1, 3, 1);
  memcpy(indices.pixels, "\0\1", 2);
  memcpy(shown.pixels, palette, 6);
  assert_rows(decode(png_encode_palette(&indices, palette, 2, palette, 3)), &shown, 1);
  picture_free(&indices);
  picture_free(&shown);
}

static void exif_is_found_before_and_behind_the_data(void **state) {
  (void)state;
  picture p = some_picture();
  for (int k = 0; k < 2; k++) {
    blob png = png_encode(&p), with_exif = blob_of(png.bytes, k == 0 ? 33 : png.size - 12);
    blob_add(&with_exif, "\0\0\0\4eXIfMM\0*????", 16);
    blob_add(&with_exif, png.bytes + with_exif.size - 16, png.size - (with_exif.size - 16));
    size_t size = 0;
    const uint8_t *exif = hb_png_exif(with_exif.bytes, with_exif.size, &size);
    assert_int_equal(size, 4);
    assert_ptr_equal(exif, with_exif.bytes + (k == 0 ? 33 : png.size - 12) + 8);
    assert_null(hb_png_exif(png.bytes, png.size, &size));
    assert_null(hb_png_exif(with_exif.bytes, (k == 0 ? 33 : png.size - 12) + 14, &size)); /* cut */
    assert_rows(decode(with_exif), &p, HEIGHT);
    blob_free(&png);
  }
  picture_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_cut_anywhere_shows_the_rows_that_are_there),
      cmocka_unit_test(checksums_are_not_looked_at),
      cmocka_unit_test(damage_in_the_data_is_their_end),
      cmocka_unit_test(colours_that_a_palette_lacks_are_its_last_one),
      cmocka_unit_test(a_transparency_that_does_not_fit_is_ignored),
      cmocka_unit_test(exif_is_found_before_and_behind_the_data),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
