/* journal.h: what is found again after a build was stopped, and what is not. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "allocations.h"
#include "base/file.h"
#include "existing_bundle.h"
#include "journal.h"
#include "support.h"

#define MODEL "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_MODEL "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee"
#define HEADER_BYTES 16
#define RECORD_BYTES (8 + HB_FEATURES_DIM * sizeof(float) + 8)

static const char *bundle(const char *folder) { return path_in(folder, "bundle"); }
static const char *file(const char *folder) { return path_in(folder, "bundle.embedded"); }

static journal *must_open(const char *folder, const char *model_id) {
  journal *j;
  assert_ok(journal_open(bundle(folder), model_id, &j, &failure));
  return j;
}

/* Pictures 0 .. 9 have the contents 70, 63 .. 7. */
static uint64_t content(uint32_t picture) { return 7 * (10 - picture); }
static float feature(uint32_t picture, uint32_t place) { return (float)picture + (float)place / 1024; }

static void add(journal *j, uint32_t first, uint32_t end) {
  float features[HB_FEATURES_DIM];
  for (uint32_t p = first; p < end; p++) {
    for (uint32_t i = 0; i < HB_FEATURES_DIM; i++) features[i] = feature(p, i);
    journal_add(j, content(p), features);
  }
  journal_sync(j);
}

/* Just these are there, with their features. */
static void check_has(const journal *j, uint32_t count) {
  float features[HB_FEATURES_DIM];
  assert_int_equal(journal_count(j), count);
  for (uint32_t p = 0; p < 10; p++) {
    assert_int_equal(journal_find(j, content(p), features), p < count);
    for (uint32_t i = 0; p < count && i < HB_FEATURES_DIM; i++) assert_true(features[i] == feature(p, i));
  }
  assert_false(journal_find(j, 8, features));
}

static void leave(const char *folder, uint32_t count) {
  journal *j = must_open(folder, MODEL);
  add(j, 0, count);
  journal_free(j);
}

static void check_left(const char *folder, uint32_t count) {
  journal *j = must_open(folder, MODEL);
  check_has(j, count);
  journal_free(j);
}

static void what_was_added_is_found_by_the_next(void **state) {
  leave(*state, 3);
  journal *j = must_open(*state, MODEL);
  check_has(j, 3);
  assert_string_equal(journal_path(j), file(*state));
  add(j, 3, 7);
  check_has(j, 3); /* its own are not looked for */
  journal_free(j);
  check_left(*state, 7);
}

static void nothing_is_written_before_something_is_added(void **state) {
  journal *j = must_open(*state, MODEL);
  journal_sync(j);
  check_has(j, 0);
  assert_null(journal_path(j));
  journal_free(j);
  assert_int_equal(folder_count(*state), 0);
}

static void a_build_that_is_done_leaves_nothing(void **state) {
  leave(*state, 2);
  journal *j = must_open(*state, MODEL);
  add(j, 2, 3);
  journal_remove(j);
  journal_free(j);
  assert_int_equal(folder_count(*state), 0);
}

static void a_record_that_is_not_whole_does_not_count_and_is_written_over(void **state) {
  leave(*state, 3);
  blob whole = file_read(file(*state));
  assert_int_equal(whole.size, HEADER_BYTES + 3 * RECORD_BYTES);
  for (size_t size = 0; size < whole.size; size += 97) {
    file_write(file(*state), whole.bytes, size);
    check_left(*state, size < HEADER_BYTES ? 0 : (uint32_t)((size - HEADER_BYTES) / RECORD_BYTES));
  }
  file_write(file(*state), whole.bytes, whole.size - 1);
  journal *j = must_open(*state, MODEL);
  add(j, 2, 4);
  journal_free(j);
  check_left(*state, 4);
  blob_free(&whole);
}

static void from_a_flipped_bit_on_nothing_counts(void **state) {
  leave(*state, 3);
  blob whole = file_read(file(*state));
  for (size_t at = HEADER_BYTES + RECORD_BYTES; at < HEADER_BYTES + 2 * RECORD_BYTES; at += 31) {
    whole.bytes[at] ^= 4;
    file_write(file(*state), whole.bytes, whole.size);
    check_left(*state, 1);
    whole.bytes[at] ^= 4;
  }
  blob_free(&whole);
}

static void another_model_s_do_not_count(void **state) {
  leave(*state, 3);
  journal *j = must_open(*state, OTHER_MODEL);
  check_has(j, 0);
  add(j, 0, 1);
  journal_free(j);
  check_left(*state, 0);
  j = must_open(*state, OTHER_MODEL);
  check_has(j, 1);
  journal_free(j);
}

/* Records of 512 features, as they were until 0.1.0, sound by their own check. */
static void records_of_another_size_do_not_count(void **state) {
  enum { FEATURES = 512 * sizeof(float), RECORD = 8 + FEATURES + 8, VERSION = 32, ID = HB_SHA256_HEX + 7 };
  char bytes[HEADER_BYTES + 3 * RECORD] = "heybagh embedded", vouched[VERSION + ID + 8 + FEATURES] = {0};
  snprintf(vouched, VERSION, "heybagh %s", hb_version());
  memcpy(vouched + VERSION, MODEL, sizeof MODEL);
  for (uint32_t p = 0; p < 3; p++) {
    char *record = bytes + HEADER_BYTES + p * RECORD;
    const uint64_t of = content(p);
    memcpy(record, &of, sizeof of);
    memcpy(vouched + VERSION + ID, &of, sizeof of);
    const uint64_t check = content_of(vouched, sizeof vouched);
    memcpy(record + 8 + FEATURES, &check, sizeof check);
  }
  file_write(file(*state), bytes, sizeof bytes);
  journal *j = must_open(*state, MODEL);
  check_has(j, 0);
  add(j, 0, 1);
  journal_free(j);
  check_left(*state, 1);
}

static void somebody_else_s_file_is_left_alone(void **state) {
  static const char precious[] = "precious, and longer than a header";
  file_write(file(*state), precious, sizeof precious);
  journal *j = must_open(*state, MODEL);
  add(j, 0, 3);
  assert_null(journal_path(j));
  journal_remove(j);
  journal_free(j);
  blob left = file_read(file(*state));
  assert_int_equal(left.size, sizeof precious);
  assert_memory_equal(left.bytes, precious, sizeof precious);
  blob_free(&left);
}

static void a_file_that_cannot_be_written_stops_nothing(void **state) {
  assert_int_equal(mkdir(file(*state), 0700), 0);
  journal *j = must_open(*state, MODEL);
  add(j, 0, 3);
  assert_null(journal_path(j));
  journal_free(j);
}

static void without_memory_it_is_not_opened(void **state) {
  leave(*state, 3);
  const char *place = bundle(*state);
  journal *j = NULL;
  hb_status status = HB_OUT_OF_MEMORY;
  for (size_t n = 0; n < 100 && status != HB_OK; n++) {
    allocations_fail_one(n);
    status = journal_open(place, MODEL, &j, &failure);
    allocations_work();
    assert_true(status == HB_OK || status == HB_OUT_OF_MEMORY);
  }
  check_has(j, 3);
  journal_free(j);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_was_added_is_found_by_the_next, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(nothing_is_written_before_something_is_added, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_build_that_is_done_leaves_nothing, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_record_that_is_not_whole_does_not_count_and_is_written_over, make_folder,
                                      remove_folder),
      cmocka_unit_test_setup_teardown(from_a_flipped_bit_on_nothing_counts, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(another_model_s_do_not_count, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(records_of_another_size_do_not_count, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(somebody_else_s_file_is_left_alone, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_stops_nothing, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(without_memory_it_is_not_opened, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
