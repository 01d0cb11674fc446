/* temporary_rows.h: rows that wait in a file. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "allocations.h"
#include "builder/temporary_rows.h"
#include "support.h"

/* Every byte of a row depends on the row and on its place. */
static void fill_row(uint32_t row, uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(row * 31 + (row >> 8) + i * 7);
}

static hb_temporary_rows *make_rows(const char *folder, size_t row_bytes, uint32_t count) {
  hb_temporary_rows *temporary = NULL;
  uint8_t *row = must_allocate(row_bytes);
  assert_ok(hb_temporary_rows_create(path_in(folder, "rows"), row_bytes, &temporary, &failure));
  for (uint32_t r = 0; r < count; r++) {
    fill_row(r, row, row_bytes);
    assert_ok(hb_temporary_rows_add(temporary, row, &failure));
  }
  free(row);
  return temporary;
}

static void check_rows(hb_temporary_rows *temporary, size_t row_bytes, uint32_t first, uint32_t count) {
  uint8_t *expected = must_allocate(row_bytes), *rows = must_allocate(count * row_bytes);
  assert_ok(hb_temporary_rows_read(temporary, first, count, rows, &failure));
  for (uint32_t r = 0; r < count; r++) {
    fill_row(first + r, expected, row_bytes);
    assert_memory_equal(rows + r * row_bytes, expected, row_bytes);
  }
  free(rows);
  free(expected);
}

/* 2.5 MB, more than a buffer; rows longer than a buffer; one-byte rows. */
static void rows_come_back_in_any_piece(void **state) {
  static const struct {
    size_t row_bytes;
    uint32_t count;
  } cases[] = {{1000, 2500}, {3u << 20, 3}, {1, 5000}, {4096, 256}, {7, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const size_t bytes = cases[i].row_bytes;
    const uint32_t count = cases[i].count;
    hb_temporary_rows *temporary = make_rows(*state, bytes, count);
    check_rows(temporary, bytes, 0, count);
    check_rows(temporary, bytes, count - 1, 1);
    check_rows(temporary, bytes, count / 3, count / 2);
    check_rows(temporary, bytes, 0, 0);
    hb_temporary_rows_free(temporary);
  }
}

static void reading_between_adding_is_fine(void **state) {
  hb_temporary_rows *temporary = make_rows(*state, 16, 10);
  uint8_t row[16];
  for (uint32_t r = 10; r < 200; r++) {
    check_rows(temporary, 16, 0, r);
    fill_row(r, row, sizeof row);
    assert_ok(hb_temporary_rows_add(temporary, row, &failure));
  }
  check_rows(temporary, 16, 0, 200);
  hb_temporary_rows_free(temporary);
}

static void rows_that_were_not_added_are_not_invented(void **state) {
  hb_temporary_rows *temporary = make_rows(*state, 16, 3);
  uint8_t rows[4 * 16];
  assert_fails(hb_temporary_rows_read(temporary, 0, 4, rows, &failure), HB_IO, "rows");
  assert_fails(hb_temporary_rows_read(temporary, 3, 1, rows, &failure), HB_IO, "cannot read");
  hb_temporary_rows_free(temporary);
}

static void the_file_is_fresh_and_has_no_name(void **state) {
  file_write(path_in(*state, "rows"), "left from before", 16);
  hb_temporary_rows *temporary = make_rows(*state, 16, 0);
  uint8_t row[16];
  assert_fails(hb_temporary_rows_read(temporary, 0, 1, row, &failure), HB_IO, "");
  assert_int_equal(folder_count(*state), 0);
  hb_temporary_rows_free(temporary);
  assert_int_equal(folder_count(*state), 0);
  hb_temporary_rows_free(NULL);
}

static void a_place_that_cannot_be_written_is_named(void **state) {
  hb_temporary_rows *temporary = NULL;
  assert_fails(hb_temporary_rows_create(path_in(*state, "nowhere/rows"), 16, &temporary, &failure), HB_IO,
               "nowhere/rows");
  assert_null(temporary);
}

static void a_full_disk_is_told(void **state) {
  hb_temporary_rows *temporary = make_rows(*state, 1000, 100);
  uint8_t rows[1000];
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = 50000;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  failure = (hb_error){0};
  hb_status status = hb_temporary_rows_read(temporary, 0, 1, rows, &failure);
  setrlimit(RLIMIT_FSIZE, &before);
  check_fails(status, HB_IO, "File too large", __FILE__, __LINE__);
  hb_temporary_rows_free(temporary);
  assert_int_equal(folder_count(*state), 0);
}

static void without_memory_it_fails_cleanly(void **state) {
  const char *path = path_in(*state, "rows");
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_temporary_rows *temporary = NULL;
    allocations_fail_from(n);
    hb_status status = hb_temporary_rows_create(path, 16, &temporary, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    assert_true(refused == (temporary == NULL));
    hb_temporary_rows_free(temporary);
    assert_int_equal(folder_count(*state), 0);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(rows_come_back_in_any_piece),
      test(reading_between_adding_is_fine),
      test(rows_that_were_not_added_are_not_invented),
      test(the_file_is_fresh_and_has_no_name),
      test(a_place_that_cannot_be_written_is_named),
      test(a_full_disk_is_told),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
