/* image/pnm.h: Netpbm's formats, to the pixel. */
#include <stdio.h>
#include <string.h>

#include "image/pnm.h"
#include "support.h"

static hb_image decode(const void *bytes, size_t size) {
  blob file = blob_of(bytes, size);
  hb_image image;
  assert_ok(hb_pnm_decode(file.bytes, file.size, &image, &failure));
  blob_free(&file);
  return image;
}

#define DECODE(text) decode(text, sizeof(text) - 1)

static void assert_pixels(hb_image image, uint32_t width, uint32_t height, uint32_t channels, const char *pixels) {
  assert_int_equal(image.width, width);
  assert_int_equal(image.height, height);
  assert_int_equal(image.channels, channels);
  assert_memory_equal(image.pixels, pixels, (size_t)width * height * channels);
  hb_image_free(&image);
}

#define BLACK "\0\0\0"
#define WHITE "\xff\xff\xff"

static void bits_are_black_where_they_are_set(void **state) {
  (void)state;
  assert_pixels(DECODE("P1 3 2\n1 0 1\n0 1 0\n"), 3, 2, 3, BLACK WHITE BLACK WHITE BLACK WHITE);
  assert_pixels(DECODE("P1\n3 2 101010"), 3, 2, 3, BLACK WHITE BLACK WHITE BLACK WHITE);
  assert_pixels(DECODE("P4\n9 1\n\x80\x80"), 9, 1, 3, BLACK WHITE WHITE WHITE WHITE WHITE WHITE WHITE BLACK);
}

static void text_and_bytes_are_the_same(void **state) {
  (void)state;
  assert_pixels(DECODE("P2 2 1 255 7 200"), 2, 1, 3, "\x07\x07\x07\xc8\xc8\xc8");
  assert_pixels(DECODE("P5 2 1 255\n\x07\xc8"), 2, 1, 3, "\x07\x07\x07\xc8\xc8\xc8");
  assert_pixels(DECODE("P3 1 2 # size\n255 1 2 3 # first\n4 5 6\n"), 1, 2, 3, "\1\2\3\4\5\6");
  assert_pixels(DECODE("P6\n1 2\n255\n\1\2\3\4\5\6"), 1, 2, 3, "\1\2\3\4\5\6");
}

/* To 255 and rounded, also of 16 bits, whose upper byte comes first. */
static void any_maximum_is_scaled(void **state) {
  (void)state;
  assert_pixels(DECODE("P5 3 1 100\n\0\x32\x64"), 3, 1, 3, BLACK "\x80\x80\x80" WHITE);
  assert_pixels(DECODE("P5 3 1 1\n\0\1\x09"), 3, 1, 3, BLACK WHITE WHITE); /* what is too much is the maximum */
  assert_pixels(DECODE("P5 3 1 65535\n\0\0\x80\0\xff\xff"), 3, 1, 3, BLACK "\x80\x80\x80" WHITE);
  assert_pixels(DECODE("P5 2 1 256\n\1\0\0\x80"), 2, 1, 3, WHITE "\x80\x80\x80");
}

static void pam_has_any_number_of_channels(void **state) {
  (void)state;
  assert_pixels(DECODE("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\1"), 1, 1, 3, WHITE);
  assert_pixels(DECODE("P7\nDEPTH 2 \n#c\nWIDTH 1\nHEIGHT 1\nMAXVAL 255\nENDHDR\n\x05\x40"), 1, 1, 4, "\5\5\5\x40");
  assert_pixels(DECODE("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\1\2\3\4"), 1, 1, 4,
                "\1\2\3\4");
}

static void refuse(const char *text, hb_status status, const char *words) {
  blob file = blob_of(text, strlen(text));
  hb_image image;
  assert_fails(hb_pnm_decode(file.bytes, file.size, &image, &failure), status, words);
  blob_free(&file);
}

static void odd_headers_are_refused(void **state) {
  (void)state;
  refuse("P6\n", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 1", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 1 1", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 -1 1 255 abc", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 0 1 255 abc", HB_CORRUPT_IMAGE, "no pixels");
  refuse("P6 1 1 0 abc", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 1 1 65536 abcdef", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 99999999999999 1 255 abc", HB_CORRUPT_IMAGE, "damaged");
  refuse("P6 99999 99999 255 abc", HB_IMAGE_TOO_LARGE, "megapixels");
  refuse("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 0\nMAXVAL 255\nENDHDR\nabcde", HB_CORRUPT_IMAGE, "damaged");
  refuse("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\n", HB_CORRUPT_IMAGE, "damaged");
}

/* They are valid, so that nothing is damaged. */
static void channels_that_are_no_colours_are_named(void **state) {
  (void)state;
  static const char *const inks[] = {"TUPLTYPE CMYK", "TUPLTYPE   CMYK", "TUPLTYPE\tCMYK", "TUPLTYPE CMYK_ALPHA"};
  for (size_t i = 0; i < sizeof inks / sizeof *inks; i++) {
    char text[128];
    snprintf(text, sizeof text, "P7\nWIDTH 1\nHEIGHT 1\nDEPTH %d\nMAXVAL 255\n%s\nENDHDR\nabcde", i < 3 ? 4 : 5,
             inks[i]);
    refuse(text, HB_UNSUPPORTED_IMAGE, "inks");
  }
  refuse("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nTUPLTYPE RGBXY\nENDHDR\nabcde", HB_UNSUPPORTED_IMAGE,
         "5 channels");
}

/* Of lines as on Windows, the samples follow the second byte if they are all there. */
static void a_line_feed_may_follow_a_carriage_return(void **state) {
  (void)state;
  assert_pixels(DECODE("P6\r\n1 2\r\n255\r\n\1\2\3\4\5\6"), 1, 2, 3, "\1\2\3\4\5\6");
  assert_pixels(DECODE("P4\r\n9 1\r\n\x80\x80"), 9, 1, 3, BLACK WHITE WHITE WHITE WHITE WHITE WHITE WHITE BLACK);
  assert_pixels(DECODE("P5\n2 1\n255\r\n\7"), 2, 1, 3, "\n\n\n\7\7\7"); /* the line feed is a sample */
  assert_pixels(DECODE("P7\r\nWIDTH 1\r\nHEIGHT 1\r\nDEPTH 3\r\nMAXVAL 255\r\nTUPLTYPE RGB\r\nENDHDR\r\n\n\2\3"), 1, 1,
                3, "\n\2\3");
}

static void what_is_missing_is_white_up_to_a_quarter(void **state) {
  (void)state;
  assert_pixels(DECODE("P5 1 4 255\n\1\2\3"), 1, 4, 3, "\1\1\1\2\2\2\3\3\3" WHITE);
  assert_pixels(DECODE("P2 1 4 255\n1 2 3 x"), 1, 4, 3, "\1\1\1\2\2\2\3\3\3" WHITE);
  refuse("P5 1 4 255\nab", HB_CORRUPT_IMAGE, "three quarters");
  refuse("P2 1 4 255\n1 2 xx yy", HB_CORRUPT_IMAGE, "three quarters");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bits_are_black_where_they_are_set),
      cmocka_unit_test(text_and_bytes_are_the_same),
      cmocka_unit_test(any_maximum_is_scaled),
      cmocka_unit_test(pam_has_any_number_of_channels),
      cmocka_unit_test(odd_headers_are_refused),
      cmocka_unit_test(channels_that_are_no_colours_are_named),
      cmocka_unit_test(a_line_feed_may_follow_a_carriage_return),
      cmocka_unit_test(what_is_missing_is_white_up_to_a_quarter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
