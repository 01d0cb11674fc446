/* decoder_process.h: what a process of its own decodes, and what becomes of a picture that it does not survive. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "decoder_process.h"
#include "pictures.h"
#include "support.h"
#include "thumbnail.h"

/* ---- Pictures that are fatal: hb_crops_file is wrapped by the linker ---- */

static const char crashing[] = "crash", endless[] = "go on for ever", leaving[] = "leave", enormous[] = "enormous";

hb_status __real_hb_crops_file(const void *bytes, size_t size, const hb_region *region, hb_view view, hb_crops *out,
                               hb_timings *timings, hb_error *error);
hb_status __wrap_hb_crops_file(const void *bytes, size_t size, const hb_region *region, hb_view view, hb_crops *out,
                               hb_timings *timings, hb_error *error) {
  if (size == sizeof crashing && memcmp(bytes, crashing, size) == 0) raise(SIGTERM);
  if (size == sizeof enormous && memcmp(bytes, enormous, size) == 0)
    raise(SIGKILL); /* as the system does without memory */
  if (size == sizeof leaving && memcmp(bytes, leaving, size) == 0) _exit(7);
  for (volatile int spins = 0; size == sizeof endless && memcmp(bytes, endless, size) == 0;) spins = 1 - spins;
  return __real_hb_crops_file(bytes, size, region, view, out, timings, error);
}

static int make_decoder(void **state) {
  decoder_process *d;
  assert_ok(decoder_process_create(1, &d, &failure));
  *state = d;
  return 0;
}

static int free_decoder(void **state) {
  decoder_process_free(*state);
  return 0;
}

/* The crops are those without a process. */
static void assert_decodes_by(decoder_process *d, const blob *file, const hb_region *region, hb_view view) {
  hb_timings timings = {-1, -1, -1, -1};
  hb_crops expected, actual;
  assert_ok(hb_crops_file(file->bytes, file->size, region, view, &expected, NULL, &failure));
  assert_ok(decoder_process_crops(d, file->bytes, file->size, region, view, &actual, &timings, &failure));
  assert_int_equal(actual.count, expected.count);
  assert_memory_equal(actual.pixels, expected.pixels, (size_t)expected.count * HB_CROP_BYTES);
  assert_true(timings.decode >= 0 && timings.preprocess >= 0 && timings.network == -1);
  free(expected.pixels);
  free(actual.pixels);
}

static void assert_decodes(decoder_process *d, const blob *file, const hb_region *region) {
  assert_decodes_by(d, file, region, HB_VIEW_CROP);
}

static void every_view_is_as_without_a_process(void **state) {
  picture p = picture_make(120, 90, 3, 1), strip = picture_make(40, 2000, 3, 2);
  blob file = pnm_encode(&p), longest = pnm_encode(&strip);
  for (hb_view view = HB_VIEW_CROP; view <= HB_VIEW_BOTH; view++) {
    assert_decodes_by(*state, &file, NULL, view);
    assert_decodes_by(*state, &longest, NULL, view);
  }
  blob_free(&file), blob_free(&longest);
  picture_free(&p), picture_free(&strip);
}

static blob small_picture(void) { return blob_of(jpeg_baseline, sizeof jpeg_baseline); }

static void crops_are_as_without_a_process(void **state) {
  picture p = picture_make(1300, 900, 3, 1);
  blob large = pnm_encode(&p), small = small_picture(); /* 3.5 MB: more than a socket holds */
  const hb_region region = {0.25, 0, 0.5, 1};
  assert_decodes(*state, &large, NULL);
  assert_decodes(*state, &small, NULL);
  assert_decodes(*state, &large, &region);
  assert_decodes(*state, &small, &region);
  blob_free(&large);
  blob_free(&small);
  picture_free(&p);
}

static void refusals_are_as_without_a_process(void **state) {
  hb_crops crops = {NULL, 0};
  const hb_region outside = {0.5, 0.5, 1, 1};
  assert_fails(decoder_process_crops(*state, "", 0, NULL, HB_VIEW_CROP, &crops, NULL, &failure), HB_UNSUPPORTED_IMAGE,
               "the file is empty");
  assert_fails(decoder_process_crops(*state, jpeg_baseline, 200, NULL, HB_VIEW_CROP, &crops, NULL, &failure),
               HB_CORRUPT_IMAGE, "incomplete");
  assert_fails(decoder_process_crops(*state, jpeg_baseline, sizeof jpeg_baseline, &outside, HB_VIEW_WHOLE, &crops, NULL,
                                     &failure),
               HB_INVALID_ARGUMENT, "inside the picture");
  assert_int_equal(decoder_process_crops(*state, "x", 1, NULL, HB_VIEW_CROP, &crops, NULL, NULL), HB_UNSUPPORTED_IMAGE);
  blob file = small_picture();
  assert_decodes(*state, &file, NULL);
  blob_free(&file);
}

static void assert_fatal(decoder_process *d, const char *bytes, size_t size, const char *words) {
  hb_crops crops = {NULL, 0};
  assert_fails(decoder_process_crops(d, bytes, size, NULL, HB_VIEW_CROP, &crops, NULL, &failure), HB_CORRUPT_IMAGE,
               words);
  blob file = small_picture();
  assert_decodes(d, &file, NULL);
  blob_free(&file);
}

static void a_fatal_picture_is_refused_and_the_next_one_decoded(void **state) {
  assert_fatal(*state, crashing, sizeof crashing, "signal 15");
  assert_fatal(*state, leaving, sizeof leaving, "exit code 7");
  assert_fatal(*state, crashing, sizeof crashing, "damaged");
}

static void a_lack_of_memory_is_not_the_pictures_fault(void **state) {
  hb_crops crops = {NULL, 0};
  assert_fails(decoder_process_crops(*state, enormous, sizeof enormous, NULL, HB_VIEW_CROP, &crops, NULL, &failure),
               HB_OUT_OF_MEMORY, "memory");
  blob file = small_picture();
  assert_decodes(*state, &file, NULL);
  blob_free(&file);
}

static void an_endless_picture_is_given_up(void **state) {
  assert_fatal(*state, endless, sizeof endless, "more than 1 s");
}

static void decoders_do_not_hold_each_other(void **state) {
  decoder_process *second, *third;
  assert_ok(decoder_process_create(1, &second, &failure));
  assert_ok(decoder_process_create(1, &third, &failure));
  assert_fatal(second, crashing, sizeof crashing, "signal 15"); /* its new process knows of the others' sockets */
  decoder_process_free(third);
  assert_fatal(*state, leaving, sizeof leaving, "exit code 7");
  decoder_process_free(second);
}

static void thumbnails_are_as_without_a_process(void **state) {
  void *folder;
  make_folder(&folder);
  const char *expected = path_in(folder, "expected.jpg"), *actual = path_in(folder, "actual.jpg");
  assert_ok(thumbnail_write(jpeg_baseline, sizeof jpeg_baseline, 10, expected, &failure));
  assert_ok(decoder_process_thumbnail(*state, jpeg_baseline, sizeof jpeg_baseline, 10, actual, &failure));
  assert_true(files_equal(expected, actual));
  assert_fails(decoder_process_thumbnail(*state, "x", 1, 10, actual, &failure), HB_UNSUPPORTED_IMAGE, "not a picture");
  char *long_path = must_allocate(5001);
  memset(long_path, 'a', 5000);
  long_path[5000] = '\0';
  assert_fails(decoder_process_thumbnail(*state, jpeg_baseline, sizeof jpeg_baseline, 10, long_path, &failure), HB_IO,
               "too long");
  free(long_path);
  remove_folder(&folder);
}

/* A page that the disk does not give up is like one behind the end of a file that was cut after it was mapped. */
static void a_file_that_cannot_be_read_is_told_from_a_bad_picture(void **state) {
  void *folder;
  make_folder(&folder);
  const char *path = path_in(folder, "cut.jpg");
  blob whole = blob_of(jpeg_baseline, sizeof jpeg_baseline);
  hb_mapping file;
  hb_crops crops;
  file_write(path, whole.bytes, whole.size);
  assert_ok(hb_file_map(path, &file, &failure));
  assert_int_equal(truncate(path, 0), 0);
  assert_fails(decoder_process_crops(*state, file.bytes, file.size, NULL, HB_VIEW_CROP, &crops, NULL, &failure), HB_IO,
               "cannot read the file");
  assert_decodes(*state, &whole, NULL);
  hb_file_unmap(file);
  blob_free(&whole);
  remove_folder(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_view_is_as_without_a_process),
      cmocka_unit_test(crops_are_as_without_a_process),
      cmocka_unit_test(refusals_are_as_without_a_process),
      cmocka_unit_test(a_fatal_picture_is_refused_and_the_next_one_decoded),
      cmocka_unit_test(a_lack_of_memory_is_not_the_pictures_fault),
      cmocka_unit_test(an_endless_picture_is_given_up),
      cmocka_unit_test(a_file_that_cannot_be_read_is_told_from_a_bad_picture),
      cmocka_unit_test(decoders_do_not_hold_each_other),
      cmocka_unit_test(thumbnails_are_as_without_a_process),
  };
  return cmocka_run_group_tests(tests, make_decoder, free_decoder);
}
