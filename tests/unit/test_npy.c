/* npy.h: NumPy's matrices, row by row; whatever else is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocations.h"
#include "npy.h"
#include "support.h"

#define PLAIN "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"

/* A file of this version with this header and these bytes behind it. */
static blob npy(int version, const char *header, const void *numbers, size_t size) {
  blob b = {0};
  blob_add(&b, "\x93NUMPY", 6);
  blob_add_u8(&b, (unsigned)version);
  blob_add_u8(&b, 0);
  blob_add_little(&b, strlen(header), version == 1 ? 2 : 4);
  blob_add(&b, header, strlen(header));
  blob_add(&b, numbers, size);
  return b;
}

static const float numbers[3][4] = {{0, 1, -2, 0.5f}, {1e-30f, 3e38f, -0.0f, 7}, {9, 8, 7, 6}};

static const char *save(const char *folder, blob b) {
  const char *path = path_in(folder, "x.npy");
  file_write(path, b.bytes, b.size);
  blob_free(&b);
  return path;
}

static void check_numbers(const char *path) {
  npy_file *file;
  float row[4];
  assert_ok(npy_open(path, &file, &failure));
  assert_int_equal(npy_count(file), 3);
  assert_int_equal(npy_dim(file), 4);
  for (uint32_t i = 0; i < 6; i++) { /* in any order, more than once */
    uint32_t number = (2 * i + 2) % 3;
    assert_ok(npy_row(file, number, row, &failure));
    assert_same_bits(row, numbers[number], 4);
  }
  npy_close(file);
}

/* The file is refused, in a sentence with these words and the file's name. */
static void check_refusal(const char *folder, blob b, const char *words) {
  npy_file *file = NULL;
  assert_fails(npy_open(save(folder, b), &file, &failure), HB_INVALID_ARGUMENT, words);
  assert_non_null(strstr(failure.text, "x.npy"));
  assert_null(file);
}

/* ---- What can be read ---- */

static void rows_of_all_versions_are_read(void **state) {
  for (int version = 1; version <= 3; version++)
    check_numbers(save(*state, npy(version, PLAIN, numbers, sizeof numbers)));
}

static void the_header_is_any_way_to_write_that_dictionary(void **state) {
  static const char *const headers[] = {
      PLAIN "                                                          \n", /* to the byte as NumPy writes it */
      "{'shape':(3,4),'descr':'<f4','fortran_order':False}",
      " {\t\"fortran_order\" : False , \"shape\" : ( 3 , 4 , ) , \"descr\" : \"<f4\" } \r\n",
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    check_numbers(save(*state, npy(1, headers[i], numbers, sizeof numbers)));
}

static void halves_become_floats(void **state) {
  static const uint16_t halves[2][4] = {{0x3c00, 0xc000, 0x7bff, 0x3555}, {0x0001, 0x8000, 0x0400, 0xfbff}};
  static const float expected[2][4] = {{1, -2, 65504, 0.333251953125f}, {0x1p-24f, -0.0f, 0x1p-14f, -65504}};
  npy_file *file;
  float row[4];
  const char *header = "{'descr': '<f2', 'fortran_order': False, 'shape': (2, 4), }";
  assert_ok(npy_open(save(*state, npy(1, header, halves, sizeof halves)), &file, &failure));
  for (uint32_t i = 2; i-- > 0;) {
    assert_ok(npy_row(file, i, row, &failure));
    assert_same_bits(row, expected[i], 4);
  }
  npy_close(file);
}

static void only_a_row_is_in_memory(void **state) {
  static float many[4096][512];
  for (int i = 0; i < 4096; i++) many[i][511] = (float)i;
  const char *header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4096, 512), }";
  const char *path = save(*state, npy(1, header, many, sizeof many));
  npy_file *file;
  float row[512];
  allocations_reset();
  assert_ok(npy_open(path, &file, &failure));
  for (uint32_t i = 0; i < 4096; i++) {
    assert_ok(npy_row(file, i, row, &failure));
    assert_true(row[511] == (float)i);
  }
  npy_close(file);
  assert_true(allocations_largest() < 2048);
}

static void the_largest_dimension_is_read(void **state) {
  uint16_t *halves = calloc(HB_DIM_MAX + 1, sizeof *halves);
  float *row = must_allocate(HB_DIM_MAX * sizeof *row);
  halves[HB_DIM_MAX - 1] = 0x3c00;
  npy_file *file;
  const char *header = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 32768), }";
  assert_ok(npy_open(save(*state, npy(2, header, halves, 65536)), &file, &failure));
  assert_ok(npy_row(file, 0, row, &failure));
  assert_true(row[0] == 0 && row[HB_DIM_MAX - 1] == 1);
  npy_close(file);
  header = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 32769), }";
  check_refusal(*state, npy(2, header, halves, 65538), "1 vectors of 32769 numbers");
  free(halves);
  free(row);
}

/* ---- What is refused ---- */

static void other_types_are_refused_with_how_to_convert(void **state) {
  static const char *const types[] = {">f4", "<f8", "<i4", "|u1", "|O", "f4", "<f44", ""};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    char header[100], words[100];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (3, 4), }", types[i]);
    snprintf(words, sizeof words, "type '%s'", types[i]);
    check_refusal(*state, npy(1, header, numbers, sizeof numbers), words);
    assert_non_null(strstr(failure.text, "np.ascontiguousarray(x, dtype='<f4')"));
  }
  check_refusal(*state, npy(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }", numbers, 48), "Fortran");
  assert_non_null(strstr(failure.text, "np.ascontiguousarray(x, dtype='<f4')"));
  check_refusal(*state, npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3, 4), }", numbers, 48),
                "structured");
}

static void other_shapes_are_refused(void **state) {
  static const struct {
    const char *shape, *words;
  } cases[] = {
      {"()", "0 axes"},
      {"(12,)", "1 axes"},
      {"(1, 3, 4)", "3 axes"},
      {"(0, 4)", "0 vectors of 4 numbers"},
      {"(3, 0)", "3 vectors of 0 numbers"},
      {"(4294967295, 4)", "1 to 4294967294 vectors of 1 to 32768 numbers"},
      {"(4294967299, 4)", "4294967299 vectors"}, /* 3 in 32 bits */
      {"(3, 4294967300)", "of 4294967300 numbers"},
      {"(4294967294, 32768)", "562949953159248 by its header"}, /* the most that is possible */
      {"(99999999999999999999, 4)", "damaged"},
      {"(-3, 4)", "damaged"},
      {"(3, 4", "damaged"},
      {"(,)", "damaged"},
      {"(3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)",
       "damaged"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char header[200];
    snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': %-19s}", cases[i].shape);
    check_refusal(*state, npy(1, header, numbers, sizeof numbers), cases[i].words);
  }
}

static void broken_headers_are_refused(void **state) {
  static const char *const headers[] = {
      "",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'shape': (3, 4)}",
      "{'fortran_order': False, 'shape': (3, 4)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'more': 1}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)} more",
      "{'descr': '<f4' 'fortran_order': False, 'shape': (3, 4)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (3, 4)}",
      "{'descr': '<f4\", 'fortran_order': False, 'shape': (3, 4)}",
      "{'a name that is longer than any of the three that are known': '<f4'}",
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    check_refusal(*state, npy(1, headers[i], numbers, sizeof numbers), "header");
}

static void a_header_must_lie_within_the_file_and_reason(void **state) {
  blob b = npy(2, PLAIN, numbers, sizeof numbers);
  memcpy(b.bytes + 8, "\xff\xff\xff\xff", 4);
  check_refusal(*state, b, "damaged");
  size_t spaces = 65536 + strlen(PLAIN);
  char *header = must_allocate(spaces + 1);
  memset(header, ' ', spaces);
  memcpy(header, PLAIN, strlen(PLAIN));
  header[spaces] = '\0';
  check_refusal(*state, npy(2, header, numbers, sizeof numbers), "damaged");
  header[65535] = '\0';
  check_numbers(save(*state, npy(2, header, numbers, sizeof numbers)));
  free(header);
}

static void other_files_and_versions_are_refused(void **state) {
  check_refusal(*state, blob_of("", 0), "not a NumPy file");
  check_refusal(*state, blob_of("PK\3\4 such is an .npz file", 24), "not a NumPy file");
  check_refusal(*state, npy(0, PLAIN, numbers, sizeof numbers), "version 0");
  check_refusal(*state, npy(4, PLAIN, numbers, sizeof numbers), "version 4");
}

static void a_file_of_any_other_length_is_refused(void **state) {
  blob whole = npy(1, PLAIN, numbers, sizeof numbers);
  for (size_t size = 0; size < whole.size; size++)
    check_refusal(*state, blob_of(whole.bytes, size), size < 12 ? "not a NumPy file" : "");
  blob_add_u8(&whole, 0);
  check_refusal(*state, whole, "by its header");
}

/* Under sanitizers this shows reads outside the header. */
static void a_changed_byte_never_does_harm(void **state) {
  blob whole = npy(1, PLAIN, numbers, sizeof numbers);
  float row[HB_DIM_MAX];
  for (size_t at = 6; at < whole.size - sizeof numbers; at++)
    for (const char *c = "\x02\x7f'\"{}(),0 \n"; *c != '\0'; c++) {
      blob changed = blob_of(whole.bytes, whole.size);
      changed.bytes[at] = (uint8_t)*c;
      npy_file *file = NULL;
      if (npy_open(save(*state, changed), &file, &failure) == HB_OK) npy_row(file, npy_count(file) - 1, row, &failure);
      npy_close(file);
    }
  blob_free(&whole);
}

static void what_is_not_a_file_is_named(void **state) {
  npy_file *file = NULL;
  assert_fails(npy_open(path_in(*state, "nobody.npy"), &file, &failure), HB_IO, "nobody.npy");
  assert_fails(npy_open(*state, &file, &failure), HB_IO, "not a file");
  assert_null(file);
}

static void a_row_with_a_number_that_is_not_finite_is_refused(void **state) {
  static const float bad[] = {NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 3; i++) {
    float changed[3][4], row[4];
    memcpy(changed, numbers, sizeof numbers);
    changed[1][3] = bad[i];
    npy_file *file;
    assert_ok(npy_open(save(*state, npy(1, PLAIN, changed, sizeof changed)), &file, &failure));
    assert_fails(npy_row(file, 1, row, &failure), HB_INVALID_ARGUMENT, "number 3 in row 1 of");
    assert_ok(npy_row(file, 2, row, &failure));
    npy_close(file);
  }
}

static void a_file_that_shrinks_is_reported(void **state) {
  const char *path = save(*state, npy(1, PLAIN, numbers, sizeof numbers));
  npy_file *file;
  float row[4];
  assert_ok(npy_open(path, &file, &failure));
  assert_int_equal(truncate(path, 100), 0);
  assert_fails(npy_row(file, 2, row, &failure), HB_IO, "shorter");
  assert_ok(npy_row(file, 0, row, &failure));
  npy_close(file);
}

static void a_lack_of_memory_is_reported_wherever_it_strikes(void **state) {
  const char *header = "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 8), }";
  const char *path = save(*state, npy(1, header, numbers, sizeof numbers));
  npy_file *file = NULL;
  size_t n = 0;
  for (;; n++) {
    allocations_fail_from(n);
    hb_status status = npy_open(path, &file, &failure);
    allocations_work();
    if (status == HB_OK) break;
    assert_int_equal(status, HB_OUT_OF_MEMORY);
    assert_null(file);
  }
  assert_int_equal(n, 4); /* the struct, its path, the header, a row */
  npy_close(file);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(rows_of_all_versions_are_read),
      test(the_header_is_any_way_to_write_that_dictionary),
      test(halves_become_floats),
      test(only_a_row_is_in_memory),
      test(the_largest_dimension_is_read),
      test(other_types_are_refused_with_how_to_convert),
      test(other_shapes_are_refused),
      test(broken_headers_are_refused),
      test(a_header_must_lie_within_the_file_and_reason),
      test(other_files_and_versions_are_refused),
      test(a_file_of_any_other_length_is_refused),
      test(a_changed_byte_never_does_harm),
      test(what_is_not_a_file_is_named),
      test(a_row_with_a_number_that_is_not_finite_is_refused),
      test(a_file_that_shrinks_is_reported),
      test(a_lack_of_memory_is_reported_wherever_it_strikes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
