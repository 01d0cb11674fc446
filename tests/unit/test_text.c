/* text.h: a growing string, and strings as JSON. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "base/json.h"
#include "base/text.h"
#include "support.h"

static void text_is_formatted_and_appended(void **state) {
  (void)state;
  hb_text t = {0};
  hb_text_add(&t, "%d", 12);
  hb_text_add(&t, "%s", "");
  hb_text_add(&t, "-%s-%05.2f", "word", 1.5);
  assert_string_equal(t.bytes, "12-word-01.50");
  assert_int_equal(t.size, strlen(t.bytes));
  assert_false(t.failed);
  hb_text_free(&t);
  assert_null(t.bytes);
}

static void adding_nothing_still_ends_the_string(void **state) {
  (void)state;
  hb_text t = {0};
  hb_text_add(&t, "%s", "");
  assert_non_null(t.bytes);
  assert_string_equal(t.bytes, "");
  hb_text_free(&t);
}

static void text_grows_over_any_boundary(void **state) {
  (void)state;
  hb_text t = {0};
  for (size_t i = 0; i < 5000; i++) {
    hb_text_add(&t, "%c", (int)('a' + i % 26));
    assert_int_equal(t.size, i + 1);
    assert_int_equal(t.bytes[t.size], 0);
    assert_true(t.size < t.capacity);
  }
  for (size_t i = 0; i < 5000; i++) assert_int_equal(t.bytes[i], 'a' + i % 26);
  hb_text_free(&t);
}

static void one_long_addition_fits(void **state) {
  (void)state;
  char *words = must_allocate(100001);
  memset(words, 'x', 100000);
  words[100000] = '\0';
  hb_text t = {0};
  hb_text_add(&t, "[%s]", words);
  assert_int_equal(t.size, 100002);
  assert_int_equal(t.bytes[100001], ']');
  hb_text_free(&t);
  free(words);
}

static void clearing_keeps_the_memory(void **state) {
  (void)state;
  hb_text t = {0};
  for (int i = 0; i < 100; i++) hb_text_add(&t, "0123456789");
  char *memory = t.bytes;
  size_t capacity = t.capacity;
  hb_text_clear(&t);
  hb_text_add(&t, "again");
  assert_string_equal(t.bytes, "again");
  assert_ptr_equal(t.bytes, memory);
  assert_int_equal(t.capacity, capacity);
  hb_text_free(&t);
}

static void json_strings_are_quoted_and_escaped(void **state) {
  (void)state;
  hb_text t = {0};
  hb_text_add_json(&t, "a \"quoted\\\" name\n\t\x01\x1f\x7f/ 100 % %s");
  assert_string_equal(t.bytes, "\"a \\\"quoted\\\\\\\" name\\u000a\\u0009\\u0001\\u001f\x7f/ 100 % %s\"");
  hb_text_clear(&t);
  hb_text_add_json(&t, "");
  assert_string_equal(t.bytes, "\"\"");
  hb_text_free(&t);
}

static void utf8_stays_utf8(void **state) {
  (void)state;
  hb_text t = {0};
  hb_text_add_json(&t, "Wörter \xe2\x82\xac \xf0\x9f\x90\x98");
  assert_string_equal(t.bytes, "\"Wörter \xe2\x82\xac \xf0\x9f\x90\x98\"");
  hb_text_free(&t);
}

static void every_byte_survives_writing_and_reading(void **state) {
  (void)state;
  char all[256], back[256];
  for (int i = 0; i < 255; i++) all[i] = (char)(i + 1);
  all[255] = '\0';
  hb_text t = {0};
  hb_text_add_json(&t, all);
  hb_json *json;
  assert_int_equal(hb_json_parse(t.bytes, t.size, &json), HB_OK);
  assert_true(hb_json_string(json, 0, back, sizeof back));
  assert_string_equal(back, all);
  hb_json_free(json);
  hb_text_free(&t);
}

static void a_failed_allocation_is_remembered(void **state) {
  (void)state;
  hb_text t = {0};
  hb_text_add(&t, "kept");
  allocations_fail_from(0);
  for (int i = 0; i < 100; i++) hb_text_add(&t, "0123456789");
  allocations_work();
  assert_true(t.failed);
  hb_text_add(&t, "later");
  assert_true(t.failed);
  hb_text_free(&t);
  assert_false(t.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_formatted_and_appended),
      cmocka_unit_test(adding_nothing_still_ends_the_string),
      cmocka_unit_test(text_grows_over_any_boundary),
      cmocka_unit_test(one_long_addition_fits),
      cmocka_unit_test(clearing_keeps_the_memory),
      cmocka_unit_test(json_strings_are_quoted_and_escaped),
      cmocka_unit_test(utf8_stays_utf8),
      cmocka_unit_test(every_byte_survives_writing_and_reading),
      cmocka_unit_test(a_failed_allocation_is_remembered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
