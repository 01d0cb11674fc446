/* image/format.h: files told by their first bytes, however few there are. */
#include <string.h>

#include "image/format.h"
#include "support.h"

/* The format of these bytes and of every shorter beginning of them, which is the same from `enough` bytes on. */
static void assert_format(const char *bytes, size_t size, hb_format format, size_t enough) {
  for (size_t n = 0; n <= size; n++) {
    blob file = blob_of(bytes, n);
    assert_int_equal(hb_format_find(file.bytes, n), n >= enough ? format : HB_FORMAT_NONE);
    blob_free(&file);
  }
}

static void formats_that_are_decoded_are_known_by_their_magic(void **state) {
  (void)state;
  assert_format("\xff\xd8\xff\xe1", 4, HB_FORMAT_JPEG, 3);
  assert_format("\x89PNG\r\n\x1a\n", 8, HB_FORMAT_PNG, 4);
  assert_format("GIF87a", 6, HB_FORMAT_GIF, 4);
  assert_format("GIF89a", 6, HB_FORMAT_GIF, 4);
  assert_format("BM\x36\0", 4, HB_FORMAT_BMP, 2);
  assert_format("P1\n", 3, HB_FORMAT_PNM, 3);
  assert_format("P7 ", 3, HB_FORMAT_PNM, 3);
  assert_format("P6#", 3, HB_FORMAT_PNM, 3);
}

static void what_only_begins_alike_is_none_of_them(void **state) {
  (void)state;
  static const char *const others[] = {"\xff\xd9\xff", "\x89JNG", "GIFT ", "bm", "P0\n", "P8\n", "PF\n", "P5x", "RIFF"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_int_equal(hb_format_find(others[i], strlen(others[i])), HB_FORMAT_NONE);
}

static void assert_other(const char *bytes, size_t size, const char *name) {
  blob file = blob_of(bytes, size);
  const char *found = hb_format_other(file.bytes, size);
  assert_true(name == NULL ? found == NULL : found != NULL && strcmp(found, name) == 0);
  blob_free(&file);
}

static void others_have_a_name(void **state) {
  (void)state;
  assert_other("RIFF\x24\0\0\0WEBPVP8 ", 16, "a WebP picture");
  assert_other("RIFF\x24\0\0\0WAVEfmt ", 16, NULL);
  assert_other(
      "\0\0\0\x20"
      "ftypavis",
      12, "an AVIF picture");
  assert_other(
      "\0\0\0\x20"
      "ftypheix",
      12, "a HEIC picture");
  assert_other(
      "\0\0\0\x20"
      "ftypmif1",
      12, "a HEIC picture");
  assert_other(
      "\0\0\0\x20"
      "ftypqt  ",
      12, "a video");
  assert_other(
      "\0\0\0\x20"
      "ftypcrx ",
      12, "a camera's raw file");
  assert_other("\xff\x0a", 2, "a JPEG XL picture");
  assert_other("II*\0", 4, "a TIFF picture or a camera's raw file");
  assert_other("%PDF-1.4", 8, "a PDF document");
  assert_other("II+\0\x08", 5, "a TIFF picture or a camera's raw file");
  assert_other("II\xbc\1", 4, "a JPEG XR picture");
  assert_other("Dear diary\0", 11, NULL);
  assert_other("Dear \x7f", 6, NULL);
  assert_other("", 0, NULL);
}

static void markup_is_told_behind_its_preliminaries(void **state) {
  (void)state;
  static const struct {
    const char *text, *name;
  } cases[] = {
      {"<svg xmlns='x'/>", "an SVG drawing"},
      {"\xef\xbb\xbf  <?xml version='1.0'?>\n<!-- <html> -->\n<SVG/>", "an SVG drawing"},
      {"<!DOCTYPE svg PUBLIC 'x'><svg/>", "an SVG drawing"},
      {"\r\n<!doctype HTML>", "a web page"},
      {"<html lang=en>", "a web page"},
      {"<meta charset=utf-8><title>404</title>", "a web page"},
      {"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "text"},
      {"<!-- that does not end", "text"},
      {"<?xml", "text"},
      {"<sv", "text"},
      {"{\"error\": \"not found\"}\r\n", "text"},
      {"404 Not Found", "text"},
      {"L\xc3\xa4ngst nicht mehr da", "text"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_other(cases[i].text, strlen(cases[i].text), cases[i].name);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formats_that_are_decoded_are_known_by_their_magic),
      cmocka_unit_test(what_only_begins_alike_is_none_of_them),
      cmocka_unit_test(others_have_a_name),
      cmocka_unit_test(markup_is_told_behind_its_preliminaries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
