/* image/jpeg_structure.h and image/jpeg.h: what is said of a JPEG before it is decoded, and what is made of one that
 * lacks something. */
#include <stdlib.h>
#include <string.h>

#include "image/jpeg.h"
#include "image/jpeg_structure.h"
#include "pictures.h"

static blob baseline(void) { return blob_of(jpeg_baseline, sizeof jpeg_baseline); }
static blob progressive(void) { return blob_of(jpeg_progressive, sizeof jpeg_progressive); }

/* Where this marker is for the first time. */
static size_t find(const blob *jpeg, uint8_t marker) {
  for (size_t at = 2; at + 1 < jpeg->size; at++)
    if (jpeg->bytes[at] == 0xff && jpeg->bytes[at + 1] == marker) return at;
  fail_msg("there is no marker %x", marker);
  return 0;
}

static size_t segment_size(const blob *jpeg, size_t at) {
  return 2u + jpeg->bytes[at + 2] * 256u + jpeg->bytes[at + 3];
}

/* Takes bytes out, and puts others there. */
static void replace(blob *jpeg, size_t at, size_t size, const void *bytes, size_t bytes_size) {
  blob changed = blob_of(jpeg->bytes, at);
  blob_add(&changed, bytes, bytes_size);
  blob_add(&changed, jpeg->bytes + at + size, jpeg->size - at - size);
  blob_free(jpeg);
  *jpeg = changed;
}

static void remove_all_segments(blob *jpeg, uint8_t marker) {
  for (size_t at = 2; jpeg->bytes[at + 1] != 0xda;) {
    const size_t size = segment_size(jpeg, at);
    if (jpeg->bytes[at + 1] == marker)
      replace(jpeg, at, size, "", 0);
    else
      at += size;
  }
}

static hb_jpeg_structure structure_of(blob jpeg) {
  hb_jpeg_structure s;
  assert_true(hb_jpeg_structure_read(jpeg.bytes, jpeg.size, &s));
  blob_free(&jpeg);
  return s;
}

/* ---- The structure ---- */

static void a_right_file_is_sound(void **state) {
  (void)state;
  hb_jpeg_structure s = structure_of(baseline());
  assert_true(s.is_sound && s.is_enough && !s.is_open && !s.is_progressive && s.rare_kind == NULL);
  assert_int_equal(s.width, JPEG_WIDTH);
  assert_int_equal(s.height, JPEG_HEIGHT);
  assert_int_equal(s.blocks, 3 * 3 * 2);
  assert_int_equal(s.end, sizeof jpeg_baseline - 2);
  assert_true(s.tables_at == 0 && s.adobe_at == 0 && s.intervals == 0);
  s = structure_of(progressive());
  assert_true(s.is_sound && s.is_enough && s.is_enough_before_last && !s.is_open && s.is_progressive);
  assert_int_equal(s.end, sizeof jpeg_progressive - 2);
}

static void what_follows_the_picture_is_not_looked_at(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    blob jpeg = k == 0 ? baseline() : progressive();
    const size_t size = jpeg.size;
    blob_add(&jpeg, "\xff\xd8\xff\xc0 and more\xff", 15);
    const hb_jpeg_structure s = structure_of(jpeg);
    assert_true(s.is_sound && !s.is_open);
    assert_int_equal(s.end, size - 2);
  }
}

static void rare_kinds_are_told_by_their_frame(void **state) {
  (void)state;
  static const struct {
    uint8_t marker, precision;
    const char *kind;
  } kinds[] = {{0xc3, 8, "lossless"},
               {0xc5, 8, "hierarchical"},
               {0xc9, 8, "arithmetic coding"},
               {0xca, 8, "arithmetic coding"},
               {0xf7, 8, "JPEG-LS"},
               {0xc1, 12, "more than 8 bits a colour"},
               {0xc2, 12, "more than 8 bits a colour"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    blob jpeg = baseline();
    const size_t at = find(&jpeg, 0xc0);
    jpeg.bytes[at + 1] = kinds[i].marker, jpeg.bytes[at + 4] = kinds[i].precision;
    const hb_jpeg_structure s = structure_of(jpeg);
    assert_string_equal(s.rare_kind, kinds[i].kind);
  }
}

static void without_tables_only_motion_jpeg_is_sound(void **state) {
  (void)state;
  blob jpeg = baseline();
  remove_all_segments(&jpeg, 0xc4);
  const size_t scan_at = find(&jpeg, 0xda);
  hb_jpeg_structure s = structure_of(jpeg);
  assert_true(s.is_sound);
  assert_int_equal(s.tables_at, scan_at);
  jpeg = baseline();
  const size_t at = find(&jpeg, 0xc4);
  replace(&jpeg, at, segment_size(&jpeg, at), "", 0); /* one of four */
  assert_false(structure_of(jpeg).is_sound);
  jpeg = progressive();
  remove_all_segments(&jpeg, 0xc4);
  assert_false(structure_of(jpeg).is_sound);
  jpeg = baseline();
  remove_all_segments(&jpeg, 0xdb);
  assert_false(structure_of(jpeg).is_sound);
}

static void components_with_one_number_are_not_sound(void **state) {
  (void)state;
  blob jpeg = baseline();
  jpeg.bytes[find(&jpeg, 0xc0) + 13] = 1; /* of the second */
  assert_false(structure_of(jpeg).is_sound);
}

/* Cut after every byte: a baseline file is open from its scan on; of a progressive one enough is there at some time. */
static void a_cut_file_is_open(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    const blob jpeg = k == 0 ? baseline() : progressive();
    blob copy = blob_of(jpeg.bytes, jpeg.size);
    const size_t frame_end = find(&copy, k == 0 ? 0xc0 : 0xc2) + 19;
    bool was_enough = false;
    for (size_t n = frame_end; n + 1 < jpeg.size; n++) {
      blob cut = blob_of(jpeg.bytes, n);
      const hb_jpeg_structure s = structure_of(cut);
      assert_true(s.is_sound && s.is_open && s.end <= n);
      assert_true(!s.is_enough_before_last || s.is_enough);
      if (was_enough) assert_true(s.is_enough);
      was_enough = s.is_enough;
    }
    assert_true(was_enough);
    blob_free(&copy);
    free(jpeg.bytes);
  }
}

/* A file of 3 x 2 units with a restart interval of one, whose data are just these. */
static blob with_restarts(const char *data, size_t size) {
  blob jpeg = baseline();
  const size_t scan_at = find(&jpeg, 0xda), data_at = scan_at + segment_size(&jpeg, scan_at);
  replace(&jpeg, data_at, jpeg.size - data_at, data, size);
  replace(&jpeg, scan_at, 0, "\xff\xdd\0\4\0\1", 6);
  return jpeg;
}

#define DATA(text) text, sizeof(text) - 1

static void restart_markers_are_counted(void **state) {
  (void)state;
  static const char right[] =
      "a\xff\xd0"
      "b\xff\xd1"
      "c\xff\xd2"
      "d\xff\xd3"
      "e\xff\xd4"
      "f\xff\xd9";
  hb_jpeg_structure s = structure_of(with_restarts(right, sizeof right - 1));
  assert_true(s.is_sound && !s.is_open);
  assert_int_equal(s.intervals, 6);
  assert_int_equal(s.intervals_present, 6);
  s =
      structure_of(with_restarts(DATA("a\xff\xd0"
                                      "b\xff\xd1"
                                      "c\xff\xd2"
                                      "d\xff\xd3"
                                      "e\xff\xd4"
                                      "f\xff\xd5\xff\xd9")));
  assert_true(s.is_sound); /* one behind the last interval */
  s =
      structure_of(with_restarts(DATA("a\xff\xd0"
                                      "b\xff\xd1"
                                      "c\xff\xd2"
                                      "d\xff\xd3"
                                      "e\xff\xd9")));
  assert_false(s.is_sound);
  assert_int_equal(s.intervals_present, 5);
  s =
      structure_of(with_restarts(DATA("a\xff\xd0"
                                      "b\xff\xd1"
                                      "c\xff\xd3"
                                      "d\xff\xd2"
                                      "e\xff\xd4"
                                      "f\xff\xd9")));
  assert_false(s.is_sound); /* out of order */
  s =
      structure_of(with_restarts(DATA("a\xff\0\xff\xd0"
                                      "b\xff\xff\xd1"
                                      "c")));
  assert_true(s.is_sound && s.is_open); /* cut; a stuffed zero and a filling are passed over */
  assert_int_equal(s.intervals_present, 3);
}

static void too_few_restart_intervals_are_refused_for_good(void **state) {
  (void)state;
  static const struct {
    const char *data;
    size_t size;
    bool is_incomplete;
  } cases[] = {{DATA("a\xff\xd0"
                     "b\xff\xd1"
                     "c\xff\xd2"
                     "d\xff\xd3"
                     "e\xff\xd9"),
                false},
               {DATA("a\xff\xd0"
                     "b\xff\xd1"
                     "c\xff\xd2"
                     "d\xff\xd9"),
                true}};
  for (int i = 0; i < 2; i++) {
    blob jpeg = with_restarts(cases[i].data, cases[i].size);
    hb_image image;
    assert_fails(hb_jpeg_decode(jpeg.bytes, jpeg.size, &image, &failure), HB_CORRUPT_IMAGE, "damaged");
    assert_true(failure.is_incomplete == cases[i].is_incomplete);
    blob_free(&jpeg);
  }
}

static void inks_without_adobe_s_marker_get_one(void **state) {
  (void)state;
  blob jpeg = blob_of("\xff\xd8", 2);
  blob_add(&jpeg, "\xff\xdb\0\x43\0", 5);
  for (int i = 0; i < 64; i++) blob_add_u8(&jpeg, 1);
  blob_add(&jpeg, DATA("\xff\xc0\0\x14\x08\0\1\0\1\4\1\x11\0\2\x11\0\3\x11\0\4\x11\0"));
  blob_add(&jpeg, DATA("\xff\xda\0\x0e\4\1\0\2\0\3\0\4\0\0\x3f\0 data \xff\xd9"));
  assert_int_equal(structure_of(blob_of(jpeg.bytes, jpeg.size)).adobe_at, 2);
  blob_free(&jpeg);
}

/* stb_image would take all of these for RGB, libjpeg only the first two: by their numbers, and by Adobe's marker. */
static void what_is_called_rgb_may_be_something_else(void **state) {
  (void)state;
  static const struct {
    const char *segment;
    size_t size;
    bool is_sound;
  } cases[] = {
      {DATA(""), true},
      {DATA("\xff\xee\0\x0e"
            "Adobe\0\x64\0\0\0\0\0"),
       true},
      {DATA("\xff\xee\0\x0e"
            "Adobe\0\x64\0\0\0\0\1"),
       false},
      {DATA("\xff\xe0\0\x10"
            "JFIF\0\1\1\0\0\1\0\1\0\0"),
       false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    blob jpeg = blob_of("\xff\xd8", 2);
    blob_add(&jpeg, cases[i].segment, cases[i].size);
    blob_add(&jpeg, "\xff\xdb\0\x43\0", 5);
    for (int k = 0; k < 64; k++) blob_add_u8(&jpeg, 1);
    blob_add(&jpeg, DATA("\xff\xc0\0\x11\x08\0\1\0\1\3R\x11\0G\x11\0B\x11\0"));
    blob_add(&jpeg, DATA("\xff\xda\0\x0c\3R\0G\0B\0\0\x3f\0 data \xff\xd9"));
    assert_true(structure_of(jpeg).is_sound == cases[i].is_sound);
  }
}

static void without_a_frame_there_is_no_picture(void **state) {
  (void)state;
  hb_jpeg_structure s;
  blob jpeg = baseline();
  const size_t frame_at = find(&jpeg, 0xc0);
  for (size_t n = 3; n < frame_at + 19; n++) {
    blob cut = blob_of(jpeg.bytes, n);
    assert_false(hb_jpeg_structure_read(cut.bytes, n, &s));
    blob_free(&cut);
  }
  blob_free(&jpeg);
}

/* ---- What is decoded of it ---- */

static hb_image decode(blob jpeg) {
  hb_image image;
  assert_ok(hb_jpeg_decode(jpeg.bytes, jpeg.size, &image, &failure));
  blob_free(&jpeg);
  return image;
}

static void assert_same(hb_image a, hb_image b) {
  assert_int_equal(a.width * a.height, b.width * b.height);
  assert_memory_equal(a.pixels, b.pixels, (size_t)a.width * a.height * 3);
  hb_image_free(&a);
  hb_image_free(&b);
}

static void without_an_end_it_is_the_same_picture(void **state) {
  (void)state;
  for (size_t less = 1; less <= 2; less++) {
    assert_same(decode(blob_of(jpeg_baseline, sizeof jpeg_baseline - less)), decode(baseline()));
    assert_same(decode(blob_of(jpeg_progressive, sizeof jpeg_progressive - less)), decode(progressive()));
  }
  blob other = blob_of(jpeg_baseline, sizeof jpeg_baseline - 2);
  blob_add(&other, "SEFHe\0\0\0SEFT", 12); /* as on panoramas of Samsung's phones */
  assert_same(decode(other), decode(baseline()));
}

static void a_progressive_file_that_is_cut_looks_as_before_its_last_scan(void **state) {
  (void)state;
  blob cut = blob_of(jpeg_progressive, sizeof jpeg_progressive - 9), ended = blob_of("", 0);
  const hb_jpeg_structure s = structure_of(blob_of(cut.bytes, cut.size));
  assert_true(s.is_open && s.is_enough_before_last);
  blob_add(&ended, jpeg_progressive, s.last_scan_at);
  blob_add(&ended, "\xff\xd9", 2);
  assert_same(decode(cut), decode(ended));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_right_file_is_sound),
      cmocka_unit_test(what_follows_the_picture_is_not_looked_at),
      cmocka_unit_test(rare_kinds_are_told_by_their_frame),
      cmocka_unit_test(without_tables_only_motion_jpeg_is_sound),
      cmocka_unit_test(components_with_one_number_are_not_sound),
      cmocka_unit_test(a_cut_file_is_open),
      cmocka_unit_test(restart_markers_are_counted),
      cmocka_unit_test(too_few_restart_intervals_are_refused_for_good),
      cmocka_unit_test(inks_without_adobe_s_marker_get_one),
      cmocka_unit_test(what_is_called_rgb_may_be_something_else),
      cmocka_unit_test(without_a_frame_there_is_no_picture),
      cmocka_unit_test(without_an_end_it_is_the_same_picture),
      cmocka_unit_test(a_progressive_file_that_is_cut_looks_as_before_its_last_scan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
