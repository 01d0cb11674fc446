/* image/exif.h: the orientation in a JPEG or PNG, also in one that is made to hurt. */
#include <string.h>

#include "image/exif.h"
#include "pictures.h"
#include "support.h"

#define SHORT 3

/* The orientation found when these segments come first in a JPEG. Frees them. */
static int orientation_with(blob segments) {
  blob jpeg = jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &segments);
  int orientation = hb_exif_orientation(jpeg.bytes, jpeg.size);
  blob_free(&segments);
  blob_free(&jpeg);
  return orientation;
}

static blob joined(blob first, blob second) {
  blob_add(&first, second.bytes, second.size);
  blob_free(&second);
  return first;
}

static void all_orientations_in_both_byte_orders(void **state) {
  (void)state;
  for (int big_endian = 0; big_endian < 2; big_endian++)
    for (unsigned o = 1; o <= 8; o++) assert_int_equal(orientation_with(exif_segment(big_endian, 0, SHORT, 1, o)), o);
}

static void the_directory_may_be_anywhere_in_the_segment(void **state) {
  (void)state;
  static const size_t paddings[] = {1, 2, 7, 100, 60000};
  for (size_t i = 0; i < sizeof paddings / sizeof *paddings; i++)
    for (int big_endian = 0; big_endian < 2; big_endian++)
      assert_int_equal(orientation_with(exif_segment(big_endian, paddings[i], SHORT, 1, 6)), 6);
}

static void other_segments_may_come_first(void **state) {
  (void)state;
  blob segments = other_segment(0xe0, 14);
  segments = joined(segments, other_segment(0xe2, 65533));
  segments = joined(segments, other_segment(0xe1, 40)); /* APP1, but not EXIF: XMP is there, too */
  segments = joined(segments, other_segment(0xfe, 0));  /* an empty comment */
  segments = joined(segments, exif_segment(true, 3, SHORT, 1, 8));
  assert_int_equal(orientation_with(segments), 8);
}

static void fill_bytes_between_segments_are_skipped(void **state) {
  (void)state;
  blob segments = other_segment(0xe0, 5);
  blob_add(&segments, "\xff\xff\xff", 3);
  assert_int_equal(orientation_with(joined(segments, exif_segment(false, 0, SHORT, 1, 3))), 3);
}

static void the_first_exif_segment_counts(void **state) {
  (void)state;
  blob segments = joined(exif_segment(false, 0, SHORT, 1, 5), exif_segment(true, 0, SHORT, 1, 2));
  assert_int_equal(orientation_with(segments), 5);
}

static void without_exif_it_is_upright(void **state) {
  (void)state;
  assert_int_equal(hb_exif_orientation(jpeg_baseline, sizeof jpeg_baseline), HB_UPRIGHT);
  assert_int_equal(hb_exif_orientation(jpeg_progressive, sizeof jpeg_progressive), HB_UPRIGHT);
  assert_int_equal(hb_exif_orientation("", 0), HB_UPRIGHT);
  assert_int_equal(hb_exif_orientation("\xff\xd8\xff\xe1", 4), HB_UPRIGHT);
  blob segment = exif_segment(true, 0, SHORT, 1, 6);
  assert_int_equal(hb_exif_orientation(segment.bytes, segment.size), HB_UPRIGHT); /* no JPEG around it */
  blob_free(&segment);
}

static void exif_behind_the_start_of_the_picture_data_does_not_count(void **state) {
  (void)state;
  blob exif = exif_segment(true, 0, SHORT, 1, 6), jpeg = blob_of(jpeg_baseline, sizeof jpeg_baseline - 2);
  blob_add(&jpeg, exif.bytes, exif.size);
  assert_int_equal(hb_exif_orientation(jpeg.bytes, jpeg.size), HB_UPRIGHT);
  blob_free(&exif);
  blob_free(&jpeg);
}

static void malformed_entries_are_upright(void **state) {
  (void)state;
  for (int big_endian = 0; big_endian < 2; big_endian++) {
    static const unsigned values[] = {0, 9, 10, 255, 256, 1536, 65535};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
      assert_int_equal(orientation_with(exif_segment(big_endian, 0, SHORT, 1, values[i])), HB_UPRIGHT);
    static const unsigned types[] = {0, 1, 2, 4, 5, 7, 0x300, 65535};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
      assert_int_equal(orientation_with(exif_segment(big_endian, 0, types[i], 1, 6)), HB_UPRIGHT);
    assert_int_equal(orientation_with(exif_segment(big_endian, 0, SHORT, 2, 6)), HB_UPRIGHT);
    assert_int_equal(orientation_with(exif_segment(big_endian, 0, SHORT, 0, 6)), HB_UPRIGHT);
    assert_int_equal(orientation_with(exif_segment(big_endian, 0, SHORT, UINT32_MAX, 6)), HB_UPRIGHT);
  }
}

/* Where the parts of exif_segment lie: marker 2, length 2, "Exif" 6, byte order 2, 42, then the directory's offset. */
#define AT_ORDER 10
#define AT_42 12
#define AT_OFFSET 14
#define AT_ENTRIES 18

static int orientation_patched(size_t at, const char *bytes, size_t size) {
  blob segment = exif_segment(false, 0, SHORT, 1, 6);
  memcpy(segment.bytes + at, bytes, size);
  return orientation_with(segment);
}

static void a_malformed_header_is_upright(void **state) {
  (void)state;
  assert_int_equal(orientation_patched(0, "\xff", 1), 6); /* the patching itself changes nothing */
  assert_int_equal(orientation_patched(AT_ORDER, "IM", 2), HB_UPRIGHT);
  assert_int_equal(orientation_patched(AT_ORDER, "MM", 2), HB_UPRIGHT);
  assert_int_equal(orientation_patched(AT_42, "\x2b", 1), HB_UPRIGHT);
  assert_int_equal(orientation_patched(4, "exif", 4), HB_UPRIGHT);
}

static void an_offset_out_of_range_is_upright(void **state) {
  (void)state;
  static const char *const offsets[] = {"\xff\xff\xff\xff", "\xfe\xff\xff\xff", "\x00\x00\x00\x80", "\x2c\0\0\0",
                                        "\x2d\0\0\0",       "\x2e\0\0\0",       "\x00\x10\0\0"};
  for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
    assert_int_equal(orientation_patched(AT_OFFSET, offsets[i], 4), HB_UPRIGHT);
}

static void more_entries_than_there_are_is_harmless(void **state) {
  (void)state;
  assert_int_equal(orientation_patched(AT_ENTRIES, "\xff\xff", 2), 6); /* found before the end */
  blob segment = exif_segment(false, 0, SHORT, 1, 6);
  memcpy(segment.bytes + AT_ENTRIES, "\xff\xff", 2);
  segment.bytes[AT_ENTRIES + 2 + 12] = 0x13; /* no orientation any more: it must stop at the end */
  assert_int_equal(orientation_with(segment), HB_UPRIGHT);
}

/* Cut anywhere, and with a segment length that tells the truth about what is left. */
static void cut_short_anywhere_it_never_reads_past_the_end(void **state) {
  (void)state;
  for (int big_endian = 0; big_endian < 2; big_endian++) {
    blob segment = exif_segment(big_endian, 2, SHORT, 1, 6);
    blob jpeg = jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &segment);
    for (size_t n = 0; n < segment.size + 4; n++) {
      blob cut = blob_of(jpeg.bytes, n);
      int orientation = hb_exif_orientation(cut.bytes, cut.size);
      assert_true(orientation == HB_UPRIGHT || n >= segment.size + 2);
      blob_free(&cut);
    }
    for (size_t n = 4; n < segment.size; n++) {
      blob cut = blob_of("\xff\xd8", 2);
      blob_add(&cut, segment.bytes, n);
      cut.bytes[4] = (uint8_t)((n - 2) >> 8), cut.bytes[5] = (uint8_t)(n - 2);
      int orientation = hb_exif_orientation(cut.bytes, cut.size);
      /* the last 6 bytes are the entry's unused half and the offset of the next directory */
      assert_true(orientation == HB_UPRIGHT || n >= segment.size - 6);
      blob_free(&cut);
    }
    blob_free(&segment);
    blob_free(&jpeg);
  }
}

static void every_byte_changed_gives_some_orientation(void **state) {
  (void)state;
  blob segment = joined(other_segment(0xe0, 3), exif_segment(true, 2, SHORT, 1, 6));
  blob jpeg = jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &segment);
  for (size_t at = 0; at < segment.size + 2; at++)
    for (int value = 0; value < 256; value++) {
      blob changed = blob_of(jpeg.bytes, jpeg.size);
      changed.bytes[at] = (uint8_t)value;
      int orientation = hb_exif_orientation(changed.bytes, changed.size);
      assert_in_range(orientation, HB_UPRIGHT, HB_ROTATE_270);
      blob_free(&changed);
    }
  blob_free(&segment);
  blob_free(&jpeg);
}

/* The same structure in a PNG's chunk, before and behind the data. */
static void a_png_may_have_one_too(void **state) {
  (void)state;
  picture p = picture_make(2, 2, 3, 1);
  for (unsigned o = 1; o <= 8; o++)
    for (int place = 0; place < 2; place++) {
      blob segment = exif_segment(o % 2 == 0, 0, SHORT, 1, o), png = png_encode(&p), with_exif;
      with_exif = blob_of(png.bytes, place == 0 ? 33 : png.size - 12);
      blob_add_u32_big(&with_exif, (uint32_t)(segment.size - 10));
      blob_add(&with_exif, "eXIf", 4);
      blob_add(&with_exif, segment.bytes + 10, segment.size - 10);
      blob_add(&with_exif, "\0\0\0\0", 4);
      blob_add(&with_exif, png.bytes + (place == 0 ? 33 : png.size - 12), place == 0 ? png.size - 33 : 12);
      assert_int_equal(hb_exif_orientation(with_exif.bytes, with_exif.size), o);
      for (size_t n = 0; n < with_exif.size; n++) {
        blob cut = blob_of(with_exif.bytes, n);
        assert_in_range(hb_exif_orientation(cut.bytes, n), HB_UPRIGHT, HB_ROTATE_270);
        blob_free(&cut);
      }
      blob_free(&segment), blob_free(&png), blob_free(&with_exif);
    }
  picture_free(&p);
}

static void behind_the_end_of_a_png_nothing_counts(void **state) {
  (void)state;
  picture p = picture_make(2, 2, 3, 1);
  blob segment = exif_segment(true, 0, SHORT, 1, 6), png = png_encode(&p);
  blob_add_u32_big(&png, (uint32_t)(segment.size - 10));
  blob_add(&png, "eXIf", 4);
  blob_add(&png, segment.bytes + 10, segment.size - 10);
  blob_add(&png, "\0\0\0\0", 4);
  assert_int_equal(hb_exif_orientation(png.bytes, png.size), HB_UPRIGHT);
  blob_free(&segment), blob_free(&png);
  picture_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_orientations_in_both_byte_orders),
      cmocka_unit_test(the_directory_may_be_anywhere_in_the_segment),
      cmocka_unit_test(other_segments_may_come_first),
      cmocka_unit_test(fill_bytes_between_segments_are_skipped),
      cmocka_unit_test(the_first_exif_segment_counts),
      cmocka_unit_test(without_exif_it_is_upright),
      cmocka_unit_test(exif_behind_the_start_of_the_picture_data_does_not_count),
      cmocka_unit_test(malformed_entries_are_upright),
      cmocka_unit_test(a_malformed_header_is_upright),
      cmocka_unit_test(an_offset_out_of_range_is_upright),
      cmocka_unit_test(more_entries_than_there_are_is_harmless),
      cmocka_unit_test(cut_short_anywhere_it_never_reads_past_the_end),
      cmocka_unit_test(every_byte_changed_gives_some_orientation),
      cmocka_unit_test(a_png_may_have_one_too),
      cmocka_unit_test(behind_the_end_of_a_png_nothing_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
