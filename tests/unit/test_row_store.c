/* Rows of a bundle that is being built: the first part of builder.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "collections.h"

#define DIM 5

static hb_row_store store_make(const char *folder) {
  hb_row_store rows;
  assert_ok(hb_row_store_create(&rows, HB_ENCODING_F32, DIM, path_in(folder, "rows"), &failure));
  return rows;
}

static void name_row(hb_row_store *rows, const char *path, const char *label, uint32_t id) {
  assert_ok(hb_row_store_name(rows, path, label, 0, id, &failure));
}

static const char *path_of(const hb_row_store *rows, uint32_t row) { return rows->paths + rows->info[row].path; }
static const char *label_of(const hb_row_store *rows, uint32_t row) { return rows->labels[rows->info[row].label]; }

/* 3000 rows are more than the arrays begin with. */
static void rows_are_kept_as_they_came(void **state) {
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    collection c = collection_make(3000, DIM, 90, 1);
    hb_row_store rows = collection_rows(&c, encoding, path_in(*state, "rows"));
    uint8_t *codes = must_allocate(3000 * hb_row_bytes(encoding, DIM)), code[DIM * 4];
    hb_rows read;
    assert_int_equal(rows.count, 3000);
    assert_int_equal(rows.label_count, 90);
    assert_ok(hb_row_store_read(&rows, 0, 3000, codes, &read, &failure));
    assert_true(read.encoding == encoding && read.dim == DIM && read.count == 3000);
    for (uint32_t i = 0; i < 3000; i++) {
      float scale;
      hb_row_encode(encoding, DIM, collection_vector(&c, i), true, code, &scale);
      assert_memory_equal(codes + i * hb_row_bytes(encoding, DIM), code, hb_row_bytes(encoding, DIM));
      if (encoding == HB_ENCODING_I8) assert_same_bits(&read.scales[i], &scale, 1);
      assert_string_equal(path_of(&rows, i), c.paths[i]);
      assert_string_equal(label_of(&rows, i), c.labels[i]);
      assert_true(rows.info[i].content == collection_content(i) && rows.info[i].id == collection_id(i));
    }
    assert_true(encoding == HB_ENCODING_I8 || read.scales == NULL);
    free(codes);
    hb_row_store_free(&rows);
    collection_free(&c);
  }
}

/* A part of the rows comes with its own scales. */
static void a_block_begins_anywhere(void **state) {
  collection c = collection_make(30, DIM, 2, 1);
  hb_row_store rows = collection_rows(&c, HB_ENCODING_I8, path_in(*state, "rows"));
  int8_t codes[5 * DIM];
  float decoded[DIM];
  hb_rows read;
  assert_ok(hb_row_store_read(&rows, 20, 5, codes, &read, &failure));
  for (uint32_t i = 0; i < 5; i++) {
    hb_row_decode(&read, i, decoded);
    assert_true(cosine_double(decoded, collection_vector(&c, 20 + i), DIM) > 0.999);
    assert_true(dot_double(decoded, decoded, DIM) > 1 - 1e-5);
  }
  hb_row_store_free(&rows);
  collection_free(&c);
}

static void stored_codes_are_taken_as_they_are(void **state) {
  hb_row_store rows;
  assert_ok(hb_row_store_create(&rows, HB_ENCODING_I8, DIM, path_in(*state, "rows"), &failure));
  const int8_t codes[DIM] = {-127, 3, 0, 127, -1};
  const float scale = 0.0123f;
  const hb_rows stored = {HB_ENCODING_I8, DIM, 1, codes, &scale};
  name_row(&rows, "a", "", 0);
  assert_ok(hb_row_store_add_codes(&rows, 0, &stored, &failure));
  int8_t read_codes[DIM];
  hb_rows read;
  assert_ok(hb_row_store_read(&rows, 0, 1, read_codes, &read, &failure));
  assert_memory_equal(read_codes, codes, DIM);
  assert_same_bits(read.scales, &scale, 1);
  hb_row_store_free(&rows);
}

static void paths_must_come_in_byte_order_and_once(void **state) {
  static const char *const late[] = {"", "a", "m", "M", "l\xff"};
  hb_row_store rows = store_make(*state);
  name_row(&rows, "a", "x", 0);
  name_row(&rows, "m", "x", 0);
  for (size_t i = 0; i < sizeof late / sizeof *late; i++)
    assert_fails(hb_row_store_name(&rows, late[i], "y", 0, 0, &failure), HB_INVALID_ARGUMENT, "byte order");
  assert_int_equal(rows.count, 2);
  name_row(&rows, "m ", "x", 0);
  name_row(&rows, "z", "x", 0);
  name_row(&rows, "\xc3\xbc", "x", 0); /* bytes, not letters; above 127 comes last */
  hb_row_store_free(&rows);
}

static void a_label_has_one_number(void **state) {
  static const char *const labels[] = {"pear", "", "apple", "zebra", "Pear", "pear ", "\xc3\xbc"};
  hb_row_store rows = store_make(*state);
  for (int round = 0; round < 3; round++)
    for (uint32_t l = 0; l < 7; l++) {
      uint32_t number = 99;
      assert_ok(hb_row_store_label(&rows, labels[l], &number, &failure));
      assert_int_equal(number, l); /* as they came first */
    }
  assert_int_equal(rows.label_count, 7);
  for (uint32_t l = 1; l < 7; l++)
    assert_true(strcmp(rows.labels[rows.label_order[l - 1]], rows.labels[rows.label_order[l]]) < 0);
  hb_row_store_free(&rows);
}

/* As in a fresh build: labels of a base that no row has are gone. */
static void renumbering_sorts_labels_and_counts_rows(void **state) {
  hb_row_store rows = store_make(*state);
  uint32_t number;
  assert_ok(hb_row_store_label(&rows, "unused", &number, &failure));
  assert_ok(hb_row_store_label(&rows, "zebra", &number, &failure));
  name_row(&rows, "a", "zebra", 17);
  name_row(&rows, "b", "apple", 4);
  name_row(&rows, "c", "zebra", HB_ID_NEW);
  name_row(&rows, "d", "mole", 4);
  assert_ok(hb_row_store_renumber(&rows, &failure));
  static const char *const expected[] = {"apple", "mole", "zebra"}, *const of_rows[] = {"zebra", "apple", "zebra",
                                                                                        "mole"};
  assert_int_equal(rows.label_count, 3);
  for (uint32_t l = 0; l < 3; l++) assert_string_equal(rows.labels[l], expected[l]);
  for (uint32_t i = 0; i < 4; i++) {
    assert_int_equal(rows.info[i].id, i);
    assert_string_equal(label_of(&rows, i), of_rows[i]);
  }
  assert_ok(hb_row_store_label(&rows, "mole", &number, &failure)); /* still found, and grows */
  assert_int_equal(number, 1);
  assert_ok(hb_row_store_label(&rows, "aardvark", &number, &failure));
  assert_int_equal(number, 3);
  hb_row_store_free(&rows);
}

static void check_ids(const char *folder, const uint32_t *before, const uint32_t *after, uint32_t count) {
  hb_row_store rows = store_make(folder);
  for (uint32_t i = 0; i < count; i++) {
    const char path[] = {(char)('a' + i), 0};
    name_row(&rows, path, "", before[i]);
  }
  assert_ok(hb_row_store_give_ids(&rows, &failure));
  for (uint32_t i = 0; i < count; i++) assert_int_equal(rows.info[i].id, after[i]);
  hb_row_store_free(&rows);
}

static void new_rows_get_ids_above_all_others(void **state) {
  const uint32_t n = HB_ID_NEW;
  check_ids(*state, (uint32_t[]){n, n, n}, (uint32_t[]){0, 1, 2}, 3);
  check_ids(*state, (uint32_t[]){2, 0, 1}, (uint32_t[]){2, 0, 1}, 3);
  check_ids(*state, (uint32_t[]){n, 5, n, 1, n}, (uint32_t[]){6, 5, 7, 1, 8}, 5); /* holes stay: an id is not reused */
}

/* A picture that is there twice now has two rows from one of the base: the first keeps the id. */
static void an_id_that_two_rows_have_stays_with_the_first(void **state) {
  const uint32_t n = HB_ID_NEW;
  check_ids(*state, (uint32_t[]){4, 4, n, 4, 2}, (uint32_t[]){4, 5, 6, 7, 2}, 5);
  check_ids(*state, (uint32_t[]){0, 0, 0}, (uint32_t[]){0, 1, 2}, 3);
}

/* Here the copy comes first in the order of paths. */
static void a_row_that_moved_gives_its_id_up_to_one_that_stayed(void **state) {
  hb_row_store rows = store_make(*state);
  name_row(&rows, "a", "", 4);
  name_row(&rows, "b", "", 9);
  name_row(&rows, "c", "", 4);
  rows.info[0].moved = true;
  assert_ok(hb_row_store_give_ids(&rows, &failure));
  assert_int_equal(rows.info[0].id, 10);
  assert_int_equal(rows.info[1].id, 9);
  assert_int_equal(rows.info[2].id, 4);
  hb_row_store_free(&rows);
}

static void the_file_of_codes_has_no_name(void **state) {
  hb_row_store rows = store_make(*state);
  assert_int_equal(folder_count(*state), 0);
  hb_row_store_free(&rows);
  hb_row_store_free(&rows); /* nothing any more */
}

/* All that row_store.c does, with what memory there is. */
static hb_status use_all(const char *path, hb_row_store *rows) {
  float vector[DIM] = {1};
  char name[8];
  hb_status status = hb_row_store_create(rows, HB_ENCODING_F16, DIM, path, &failure);
  for (uint32_t i = 0; i < 1100 && status == HB_OK; i++) {
    snprintf(name, sizeof name, "%06u", i);
    status = hb_row_store_name(rows, name, name + 4, 0, HB_ID_NEW, &failure);
    if (status == HB_OK) status = hb_row_store_add_vector(rows, i, vector, &failure);
  }
  if (status == HB_OK) status = hb_row_store_give_ids(rows, &failure);
  if (status == HB_OK) status = hb_row_store_renumber(rows, &failure);
  return status;
}

static void without_memory_it_fails_cleanly(void **state) {
  const char *path = path_in(*state, "rows");
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_row_store rows;
    allocations_fail_from(n);
    hb_status status = use_all(path, &rows);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    hb_row_store_free(&rows);
    assert_int_equal(folder_count(*state), 0);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(rows_are_kept_as_they_came),
      test(a_block_begins_anywhere),
      test(stored_codes_are_taken_as_they_are),
      test(paths_must_come_in_byte_order_and_once),
      test(a_label_has_one_number),
      test(renumbering_sorts_labels_and_counts_rows),
      test(new_rows_get_ids_above_all_others),
      test(an_id_that_two_rows_have_stays_with_the_first),
      test(a_row_that_moved_gives_its_id_up_to_one_that_stayed),
      test(the_file_of_codes_has_no_name),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
