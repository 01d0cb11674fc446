/* image/bmp.h and image/bmp_rle.h: bitmaps of every header, depth and packing, to the pixel. */
#include <string.h>

#include "image/bmp.h"
#include "support.h"

/* What is behind the file's header of 14 bytes, in the order of the file. */
typedef struct {
  uint32_t header, width, bits, compression, colours;
  int32_t height;
  const char *masks, *palette, *gap, *pixels;
  size_t masks_size, palette_size, gap_size, pixels_size;
} parts;

#define BYTES(name, text) .name = (text), .name##_size = sizeof(text) - 1

static blob make(const parts *p) {
  blob info = blob_of("", 0);
  blob_add_little(&info, p->header, 4);
  if (p->header == 12) {
    blob_add_little(&info, p->width, 2), blob_add_little(&info, (uint32_t)p->height, 2);
    blob_add_little(&info, 1, 2), blob_add_little(&info, p->bits, 2);
  } else {
    blob_add_little(&info, p->width, 4), blob_add_little(&info, (uint32_t)p->height, 4);
    blob_add_little(&info, 1, 2), blob_add_little(&info, p->bits, 2);
    blob_add_little(&info, p->compression, 4);
    for (int i = 0; i < 3; i++) blob_add_little(&info, 0, 4);
    blob_add_little(&info, p->colours, 4), blob_add_little(&info, 0, 4);
    blob_add(&info, p->masks, p->masks_size);
    while (info.size < p->header) blob_add_u8(&info, 0);
    if (info.size > p->header && p->header < 40) info.size = p->header;
  }
  blob_add(&info, p->palette, p->palette_size);
  blob_add(&info, p->gap, p->gap_size);
  blob file = blob_of("BM", 2);
  blob_add_little(&file, 14 + info.size + p->pixels_size, 4), blob_add_little(&file, 0, 4);
  blob_add_little(&file, 14 + info.size, 4);
  blob_add(&file, info.bytes, info.size);
  blob_add(&file, p->pixels, p->pixels_size);
  blob_free(&info);
  return file;
}

static void assert_pixels(const parts *p, uint32_t channels, const char *expected) {
  blob file = make(p);
  hb_image image;
  assert_ok(hb_bmp_decode(file.bytes, file.size, &image, &failure));
  const uint32_t height = (uint32_t)(p->height < 0 ? -p->height : p->height);
  assert_int_equal(image.width, p->width);
  assert_int_equal(image.height, height);
  assert_int_equal(image.channels, channels);
  assert_memory_equal(image.pixels, expected, (size_t)p->width * height * channels);
  hb_image_free(&image);
  blob_free(&file);
}

static void refuse(const parts *p, hb_status status, const char *words) {
  blob file = make(p);
  hb_image image;
  assert_fails(hb_bmp_decode(file.bytes, file.size, &image, &failure), status, words);
  blob_free(&file);
}

/* 2 x 2 pixels of blue, green and red, rows padded to 4 bytes, the lower one first. */
#define TRUE_COLOURS "\1\2\3\4\5\6\0\0\7\x08\x09\x0a\x0b\x0c\0\0"
#define SHOWN "\x09\x08\7\x0c\x0b\x0a\3\2\1\6\5\4"
#define SHOWN_TOP_DOWN "\3\2\1\6\5\4\x09\x08\7\x0c\x0b\x0a"

static void true_colours_have_any_header(void **state) {
  (void)state;
  static const uint32_t headers[] = {12, 16, 40, 52, 56, 64, 108, 124};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    assert_pixels(&(parts){headers[i], 2, 24, .height = 2, BYTES(gap, "anything"), BYTES(pixels, TRUE_COLOURS)}, 3,
                  SHOWN);
  assert_pixels(&(parts){40, 2, 24, .height = -2, BYTES(pixels, TRUE_COLOURS)}, 3, SHOWN_TOP_DOWN);
}

#define PALETTE "\1\2\3\0\4\5\6\0\7\x08\x09\0"
#define PALETTE_OS2 "\1\2\3\4\5\6\7\x08\x09"

static void indices_have_any_number_of_bits(void **state) {
  (void)state;
  assert_pixels(&(parts){40, 3, 1, .height = 1, BYTES(palette, "\1\2\3\0\4\5\6\0"), BYTES(pixels, "\x40\0\0\0")}, 3,
                "\3\2\1\6\5\4\3\2\1");
  assert_pixels(&(parts){40, 3, 2, .height = 1, .colours = 3, BYTES(palette, PALETTE), BYTES(pixels, "\x60\0\0\0")}, 3,
                "\6\5\4\x09\x08\7\3\2\1");
  assert_pixels(&(parts){40, 3, 4, .height = 1, .colours = 3, BYTES(palette, PALETTE), BYTES(pixels, "\x12\0\0\0")}, 3,
                "\6\5\4\x09\x08\7\3\2\1");
  assert_pixels(&(parts){40, 3, 8, .height = 1, .colours = 3, BYTES(palette, PALETTE), BYTES(pixels, "\1\2\0\0")}, 3,
                "\6\5\4\x09\x08\7\3\2\1");
  assert_pixels(&(parts){12, 3, 8, .height = 1, BYTES(palette, PALETTE_OS2), BYTES(pixels, "\1\2\0\0")}, 3,
                "\6\5\4\x09\x08\7\3\2\1");
}

static void an_index_beyond_the_palette_is_black(void **state) {
  (void)state;
  assert_pixels(
      &(parts){40, 4, 8, .height = 1, .colours = 2, BYTES(palette, "\1\2\3\0\4\5\6\0"), BYTES(pixels, "\1\2\xff\0")}, 3,
      "\6\5\4\0\0\0\0\0\0\3\2\1");
}

#define MASKS_565 "\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0"

static void sixteen_bits_are_split_by_masks(void **state) {
  (void)state;
  /* 0x7fff and 0x7c00: white and red of 5 bits each */
  assert_pixels(&(parts){40, 2, 16, .height = 1, BYTES(pixels, "\xff\x7f\0\x7c")}, 3, "\xff\xff\xff\xff\0\0");
  static const uint32_t headers[] = {40, 52, 56, 108, 124};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    assert_pixels(&(parts){headers[i], 2, 16, 3, .height = 1, BYTES(masks, MASKS_565), BYTES(pixels, "\0\xf8\xe0\7")},
                  3, "\xff\0\0\0\xff\0");
}

static void the_fourth_byte_counts_only_as_alpha(void **state) {
  (void)state;
  assert_pixels(&(parts){40, 1, 32, .height = 1, BYTES(pixels, "\1\2\3\x80")}, 3, "\3\2\1");
  static const char masks[] = "\0\0\xff\0\0\xff\0\0\xff\0\0\0\0\0\0\xff";
  const parts with_alpha = {
      124, 2, 32, 3, .height = 1, .masks = masks, .masks_size = 16, BYTES(pixels, "\1\2\3\x80\4\5\6\0")};
  assert_pixels(&with_alpha, 4, "\3\2\1\x80\6\5\4\0");
  const parts empty = {124, 2, 32, 3, .height = 1, .masks = masks, .masks_size = 16, BYTES(pixels, "\1\2\3\0\4\5\6\0")};
  assert_pixels(&empty, 4, "\3\2\1\xff\6\5\4\xff"); /* nobody filled it in */
}

/* Indices 1 and 2 of this palette are \6\5\4 and \x09\x08\7; what runs leave out is black. */
#define RLE8(width_, height_, text) \
  &(parts) { 40, width_, 8, 1, 3, height_, BYTES(palette, PALETTE), BYTES(pixels, text) }

static void runs_of_bytes_are_unpacked(void **state) {
  (void)state;
  assert_pixels(RLE8(3, 2, "\3\1\0\0\1\2\2\1\0\1"), 3, "\x09\x08\7\6\5\4\6\5\4\6\5\4\6\5\4\6\5\4");
  assert_pixels(RLE8(3, 1, "\0\3\1\2\1\0\0\1"), 3, "\6\5\4\x09\x08\7\6\5\4");     /* as they are, padded */
  assert_pixels(RLE8(3, 1, "\1\1\0\2\1\0\1\2\0\1"), 3, "\6\5\4\0\0\0\x09\x08\7"); /* one is passed over */
  assert_pixels(RLE8(1, 2, "\0\2\0\1\1\1\0\1"), 3, "\6\5\4\0\0\0");               /* a row is */
  assert_pixels(RLE8(2, 1, "\xff\1\0\1"), 3, "\6\5\4\6\5\4");                     /* more than the row has */
  assert_pixels(RLE8(2, 1, "\2\1"), 3, "\6\5\4\6\5\4");                           /* without an end */
}

static void runs_of_half_bytes_and_of_colours_are_unpacked(void **state) {
  (void)state;
  assert_pixels(&(parts){40, 3, 4, 2, 3, 1, BYTES(palette, PALETTE), BYTES(pixels, "\3\x12\0\1")}, 3,
                "\6\5\4\x09\x08\7\6\5\4");
  assert_pixels(&(parts){40, 3, 4, 2, 3, 1, BYTES(palette, PALETTE), BYTES(pixels, "\0\3\x12\x10\0\1")}, 3,
                "\6\5\4\x09\x08\7\6\5\4");
  assert_pixels(&(parts){64, 3, 24, 4, .height = 1, BYTES(pixels, "\2\1\2\3\1\4\5\6\0\1")}, 3, "\3\2\1\3\2\1\6\5\4");
  assert_pixels(&(parts){64, 3, 24, 4, .height = 1, BYTES(pixels, "\0\3\1\2\3\4\5\6\7\x08\x09\0\0\1")}, 3,
                "\3\2\1\6\5\4\x09\x08\7");
}

static void what_is_missing_is_white_up_to_a_quarter(void **state) {
  (void)state;
  static const char rows[] = "\1\1\1\0\2\2\2\0\3\3\3\0";
  assert_pixels(&(parts){40, 1, 24, .height = 4, BYTES(pixels, rows)}, 3, "\xff\xff\xff\3\3\3\2\2\2\1\1\1");
  assert_pixels(&(parts){40, 1, 24, .height = -4, BYTES(pixels, rows)}, 3, "\1\1\1\2\2\2\3\3\3\xff\xff\xff");
  assert_pixels(RLE8(1, 4, "\1\1\0\0\1\1\0\0\1\2\0\0"), 3, "\xff\xff\xff\x09\x08\7\6\5\4\6\5\4");
  refuse(&(parts){40, 1, 24, .height = 5, BYTES(pixels, rows)}, HB_CORRUPT_IMAGE, "three quarters");
  refuse(RLE8(1, 5, "\1\1\0\0\1\1\0\0\1\2\0\0"), HB_CORRUPT_IMAGE, "three quarters");
}

static void rare_kinds_are_named(void **state) {
  (void)state;
  refuse(&(parts){40, 1, 0, 4, .height = 1, BYTES(pixels, "\xff\xd8\xff\xe0")}, HB_UNSUPPORTED_IMAGE, "rare kind");
  refuse(&(parts){40, 1, 7, .height = 1, BYTES(pixels, "abcd")}, HB_UNSUPPORTED_IMAGE, "rare kind");
  refuse(&(parts){40, 1, 8, 1, .height = -1, BYTES(pixels, "\1\1\0\1")}, HB_UNSUPPORTED_IMAGE, "rare kind");
  refuse(&(parts){64, 8, 1, 3, .height = 1, BYTES(pixels, "abcd")}, HB_UNSUPPORTED_IMAGE, "rare kind"); /* fax codes */
}

static void odd_headers_are_refused(void **state) {
  (void)state;
  refuse(&(parts){13, 1, 24, .height = 1, BYTES(pixels, "abcd")}, HB_CORRUPT_IMAGE, "damaged");
  refuse(&(parts){40, 0, 24, .height = 1, BYTES(pixels, "abcd")}, HB_CORRUPT_IMAGE, "no pixels");
  refuse(&(parts){40, 0x80000000u, 24, .height = 1, BYTES(pixels, "abcd")}, HB_CORRUPT_IMAGE, "damaged");
  refuse(&(parts){40, 60000, 24, .height = INT32_MIN, BYTES(pixels, "abcd")}, HB_IMAGE_TOO_LARGE, "megapixels");
  refuse(&(parts){40, 60000, 8, 1, .height = 4000, BYTES(pixels, "\1\1\0\1")}, HB_CORRUPT_IMAGE, "three quarters");
}

static void a_header_cut_anywhere_is_refused(void **state) {
  (void)state;
  blob file = make(&(parts){124, 2, 16, 3, .height = 1, BYTES(masks, MASKS_565), BYTES(pixels, "\0\xf8\xe0\7")});
  for (size_t n = 2; n < file.size - 4; n++) {
    blob cut = blob_of(file.bytes, n);
    hb_image image;
    assert_int_equal(hb_bmp_decode(cut.bytes, n, &image, &failure), HB_CORRUPT_IMAGE);
    blob_free(&cut);
  }
  blob_free(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(true_colours_have_any_header),
      cmocka_unit_test(indices_have_any_number_of_bits),
      cmocka_unit_test(an_index_beyond_the_palette_is_black),
      cmocka_unit_test(sixteen_bits_are_split_by_masks),
      cmocka_unit_test(the_fourth_byte_counts_only_as_alpha),
      cmocka_unit_test(runs_of_bytes_are_unpacked),
      cmocka_unit_test(runs_of_half_bytes_and_of_colours_are_unpacked),
      cmocka_unit_test(what_is_missing_is_white_up_to_a_quarter),
      cmocka_unit_test(rare_kinds_are_named),
      cmocka_unit_test(odd_headers_are_refused),
      cmocka_unit_test(a_header_cut_anywhere_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
