/* vector_ids.h: names of vectors, from a text file or counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector_ids.h"

static hb_status read_text(const char *folder, const char *text, size_t size, uint32_t count, vector_ids *out) {
  const char *path = path_in(folder, "ids.txt");
  file_write(path, text, size);
  return vector_ids_read(path, count, out, &failure);
}

static vector_ids must_read(const char *folder, const char *text, uint32_t count) {
  vector_ids list;
  assert_ok(read_text(folder, text, strlen(text), count, &list));
  assert_int_equal(list.count, count);
  return list;
}

static void check_line(const vector_ids *list, uint32_t line, const char *path, const char *label) {
  assert_string_equal(list->paths[line], path);
  assert_string_equal(list->labels[line], label);
}

/* The file is refused, in a sentence with these words and the file's name; a NUL may stand in the text. */
static void check_refusal(const char *folder, const char *text, size_t size, uint32_t count, const char *words) {
  vector_ids list = {.count = 77};
  assert_fails(read_text(folder, text, size, count, &list), HB_INVALID_ARGUMENT, words);
  assert_non_null(strstr(failure.text, "ids.txt"));
  assert_int_equal(list.count, 77);
}

/* ---- What can be read ---- */

static void paths_and_labels_are_read(void **state) {
  vector_ids list = must_read(*state, "cats/1.jpg\tcat\na b.png\t\nplain\nübersee/日本.jpg\t日本\n", 4);
  check_line(&list, 0, "cats/1.jpg", "cat");
  check_line(&list, 1, "a b.png", "");
  check_line(&list, 2, "plain", "");
  check_line(&list, 3, "übersee/日本.jpg", "日本");
  vector_ids_free(&list);
}

static void line_ends_of_other_systems_and_none_at_the_end_are_fine(void **state) {
  vector_ids list = must_read(*state,
                              "\xef\xbb\xbf"
                              "b\tx\r\na\r\nc\td",
                              3);
  check_line(&list, 0, "b", "x");
  check_line(&list, 1, "a", "");
  check_line(&list, 2, "c", "d");
  vector_ids_free(&list);
  list = must_read(*state, "b\r", 1); /* a file that ends within a line end */
  check_line(&list, 0, "b", "");
  vector_ids_free(&list);
}

static void the_order_is_that_of_the_bytes(void **state) {
  vector_ids list = must_read(*state, "b\nä\nB\na/b\na\na-b\na0\nab\tlast\n", 8);
  static const char *const expected[] = {"B", "a", "a-b", "a/b", "a0", "ab", "b", "ä"};
  for (uint32_t i = 0; i < 8; i++) assert_string_equal(list.paths[list.order[i]], expected[i]);
  assert_string_equal(list.labels[list.order[5]], "last");
  vector_ids_free(&list);
}

static void all_of_unicode_is_text(void **state) {
  static const char *const ends[] = {"\x01",         "\x7f",         "\xc2\x80",         "\xdf\xbf",
                                     "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",     "\xef\xbf\xbf",
                                     "\xec\x80\x80", "\xe1\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    vector_ids list = must_read(*state, ends[i], 1);
    check_line(&list, 0, ends[i], "");
    vector_ids_free(&list);
  }
}

/* ---- What is refused ---- */

static void lines_without_a_path_are_named(void **state) {
  check_refusal(*state, "a\n\nb\n", 5, 3, "line 2 of");
  check_refusal(*state, "a\nb\n\n", 5, 3, "line 3 of");
  check_refusal(*state, "a\n\tlabel\n", 9, 2, "line 2 of");
  check_refusal(*state, "\r\n", 2, 1, "line 1 of");
  assert_non_null(strstr(failure.text, "no path"));
}

static void a_path_twice_is_refused_with_both_lines(void **state) {
  check_refusal(*state, "same\tx\nother\nsame\ty\n", 20, 3, "line 3 of");
  assert_non_null(strstr(failure.text, "line 1, 'same'"));
}

static void more_tabs_and_zero_bytes_are_refused(void **state) {
  check_refusal(*state, "a\tb\nc\td\te\n", 10, 2, "line 2 of");
  assert_non_null(strstr(failure.text, "more than one tab"));
  check_refusal(*state, "a\nb\0c\n", 6, 2, "line 2 of");
  assert_non_null(strstr(failure.text, "zero byte"));
}

static void what_is_not_utf8_is_refused(void **state) {
  static const char *const wrong[] = {
      "\x80",         "caf\xe9",      "\xc0\xaf",         "\xc1\xbf", "\xe0\x9f\xbf",
      "\xed\xa0\x80", "\xe2\x82",     "\xf0\x8f\xbf\xbf", "\xff",     "\xf4\x90\x80\x80",
      "\xe2\x82 ",    "\xf0\x9f\x98", "\xf5\x80\x80\x80", "a\tb\xfc", "\xc3("};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char text[20];
    snprintf(text, sizeof text, "fine\n%s\n", wrong[i]);
    check_refusal(*state, text, strlen(text), 2, "line 2 of");
    assert_non_null(strstr(failure.text, "UTF-8"));
  }
}

static void the_number_of_lines_must_be_that_of_the_vectors(void **state) {
  check_refusal(*state, "a\nb\n", 4, 3, "2 lines");
  assert_non_null(strstr(failure.text, "3 vectors"));
  check_refusal(*state, "a\nb\nc", 5, 2, "3 lines");
  check_refusal(*state, "", 0, 1, "0 lines");
}

static void what_is_not_a_file_is_named(void **state) {
  vector_ids list;
  assert_fails(vector_ids_read(path_in(*state, "nobody.txt"), 1, &list, &failure), HB_IO, "nobody.txt");
}

/* ---- Numbers ---- */

static void numbers_stand_in_for_paths(void **state) {
  (void)state;
  vector_ids list;
  assert_ok(vector_ids_number(1234, &list, &failure));
  assert_int_equal(list.count, 1234);
  check_line(&list, 0, "0", "");
  check_line(&list, 9, "9", "");
  check_line(&list, 1233, "1233", "");
  static const uint32_t first[] = {0, 1, 10, 100, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 101};
  for (size_t i = 0; i < sizeof first / sizeof *first; i++) assert_int_equal(list.order[i], first[i]);
  for (uint32_t i = 1; i < 1234; i++) assert_true(strcmp(list.paths[list.order[i - 1]], list.paths[list.order[i]]) < 0);
  vector_ids_free(&list);
}

/* ---- Memory ---- */

static void a_lack_of_memory_is_reported_wherever_it_strikes(void **state) {
  const char *path = path_in(*state, "ids.txt");
  file_write(path, "a\nb\n", 4);
  for (int counted = 0; counted < 2; counted++) {
    vector_ids list = {.count = 77};
    size_t n = 0;
    for (;; n++) {
      allocations_fail_from(n);
      hb_status status = counted ? vector_ids_number(2, &list, &failure) : vector_ids_read(path, 2, &list, &failure);
      allocations_work();
      if (status == HB_OK) break;
      assert_int_equal(status, HB_OUT_OF_MEMORY);
      assert_int_equal(list.count, 77);
    }
    assert_int_equal(n, counted ? 4 : 5); /* the mapping */
    vector_ids_free(&list);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(paths_and_labels_are_read),
      test(line_ends_of_other_systems_and_none_at_the_end_are_fine),
      test(the_order_is_that_of_the_bytes),
      test(all_of_unicode_is_text),
      test(lines_without_a_path_are_named),
      test(a_path_twice_is_refused_with_both_lines),
      test(more_tabs_and_zero_bytes_are_refused),
      test(what_is_not_utf8_is_refused),
      test(the_number_of_lines_must_be_that_of_the_vectors),
      test(what_is_not_a_file_is_named),
      cmocka_unit_test(numbers_stand_in_for_paths),
      test(a_lack_of_memory_is_reported_wherever_it_strikes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
