/* json.h: reading JSON, mostly from strangers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocations.h"
#include "base/json.h"
#include "support.h"

static hb_json *parse_bytes(const void *text, size_t size) {
  hb_json *json;
  hb_status status = hb_json_parse(text, size, &json);
  assert_int_equal(status, json != NULL ? HB_OK : HB_INVALID_ARGUMENT);
  return json;
}

static hb_json *parse(const char *text) { return parse_bytes(text, strlen(text)); }

static void assert_refused(const char *text) {
  hb_json *json = parse(text);
  if (json != NULL) print_error("accepted: %s\n", text);
  assert_null(json);
}

/* Walks all of a value. What a caller relies on when it allocates: as many items as hb_json_size says, and the chain
 * of items ends. Returns the number of values. */
static int walk(const hb_json *json, int value) {
  int items = 0, values = 1;
  bool object = hb_json_is_object(json, value);
  for (int i = hb_json_first(json, value); i >= 0; i = hb_json_next(json, value, i)) {
    assert_true(items < 1000000);
    items++;
    if (object) {
      char key[256];
      hb_json_string(json, i, key, sizeof key);
    }
    values += walk(json, object ? i + 1 : i);
  }
  assert_int_equal(items, hb_json_size(json, value));
  return values;
}

static const char sample[] =
    " {\"name\" : \"a\\n\\u00e9\", \"numbers\":[1, 2,3], \"empty\":{}, \"none\":[],\n"
    "\"deep\":{\"list\":[{\"x\":1},{\"x\":[[],[2]]}], \"last\":\"end\"}, \"truth\":true}";

static void values_are_found_by_key(void **state) {
  (void)state;
  hb_json *json = parse(sample);
  assert_non_null(json);
  char text[32];
  assert_true(hb_json_is_object(json, 0));
  assert_true(hb_json_string(json, hb_json_get(json, 0, "name"), text, sizeof text));
  assert_string_equal(text, "a\n\xc3\xa9");
  int deep = hb_json_get(json, 0, "deep");
  assert_true(hb_json_equals(json, hb_json_get(json, deep, "last"), "end"));
  assert_false(hb_json_equals(json, hb_json_get(json, deep, "last"), "en"));
  assert_int_equal(hb_json_size(json, 0), 6);
  assert_true(hb_json_is_array(json, hb_json_get(json, 0, "numbers")));
  assert_int_equal(walk(json, 0), 19);
  hb_json_free(json);
}

/* "list" and "x" exist, but deeper. */
static void a_key_is_looked_for_in_its_own_object_only(void **state) {
  (void)state;
  hb_json *json = parse(sample);
  assert_int_equal(hb_json_get(json, 0, "list"), -1);
  assert_int_equal(hb_json_get(json, 0, "x"), -1);
  assert_int_equal(hb_json_get(json, 0, "end"), -1);
  hb_json_free(json);
}

static void what_is_not_there_fails_through_a_whole_chain(void **state) {
  (void)state;
  hb_json *json = parse(sample);
  char text[8];
  uint64_t number = 77;
  int nothing = hb_json_get(json, hb_json_get(json, hb_json_get(json, 0, "no"), "such"), "key");
  assert_int_equal(nothing, -1);
  assert_false(hb_json_is_object(json, nothing));
  assert_false(hb_json_is_array(json, nothing));
  assert_false(hb_json_string(json, nothing, text, sizeof text));
  char *copy;
  assert_int_equal(hb_json_string_copy(json, nothing, &copy), HB_INVALID_ARGUMENT);
  assert_null(copy);
  assert_false(hb_json_integer(json, nothing, 10, &number));
  assert_false(hb_json_equals(json, nothing, ""));
  assert_int_equal(hb_json_first(json, nothing), -1);
  assert_int_equal(hb_json_size(json, nothing), 0);
  assert_int_equal(hb_json_get(json, hb_json_get(json, 0, "numbers"), "0"), -1);
  assert_int_equal(number, 77);
  hb_json_free(json);
}

static void arrays_are_walked_in_order(void **state) {
  (void)state;
  hb_json *json = parse("[[1,[9,9]],2,{\"a\":3},\"4\",5]");
  int expected[] = {-1, 2, -1, -1, 5}, n = 0;
  for (int i = hb_json_first(json, 0); i >= 0; i = hb_json_next(json, 0, i), n++) {
    uint64_t number;
    bool is_number = hb_json_integer(json, i, 100, &number);
    assert_int_equal(is_number, expected[n] > 0);
    if (is_number) assert_int_equal(number, expected[n]);
  }
  assert_int_equal(n, 5);
  hb_json_free(json);
}

static void whole_numbers_are_read_up_to_a_maximum(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t maximum, value;
    bool fine;
  } cases[] = {
      {"0", 0, 0, true},
      {"1", 0, 0, false},
      {"4294967295", UINT32_MAX, UINT32_MAX, true},
      {"4294967296", UINT32_MAX, 0, false},
      {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
      {"18446744073709551616", UINT64_MAX, 0, false},
      {"99999999999999999999999999", UINT64_MAX, 0, false},
      {"-1", UINT64_MAX, 0, false},
      {"1.5", UINT64_MAX, 0, false},
      {"1e3", UINT64_MAX, 0, false},
      {"true", UINT64_MAX, 0, false},
      {"null", UINT64_MAX, 0, false},
      {"1:2", UINT64_MAX, 0, false}, /* one number for jsmn */
      {"\"12\"", UINT64_MAX, 0, false},
      {"[12]", UINT64_MAX, 0, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[64];
    snprintf(text, sizeof text, "[%s]", cases[i].text);
    hb_json *json = parse(text);
    uint64_t value = 0;
    assert_non_null(json);
    assert_int_equal(hb_json_integer(json, 1, cases[i].maximum, &value), cases[i].fine);
    assert_true(value == cases[i].value);
    hb_json_free(json);
  }
}

static void escapes_are_resolved(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
      {"\\u0041\\u00e9\\u20ac\\uFFFF", "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf"},
      {"\\ud83d\\udc18", "\xf0\x9f\x90\x98"}, /* a surrogate pair: U+1F418 */
      {"\\udbff\\udfff", "\xf4\x8f\xbf\xbf"}, /* the largest: U+10FFFF */
      {"W\xc3\xb6rter", "W\xc3\xb6rter"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[64], out[64];
    snprintf(text, sizeof text, "\"%s\"", cases[i][0]);
    hb_json *json = parse(text);
    assert_non_null(json);
    assert_true(hb_json_string(json, 0, out, sizeof out));
    assert_string_equal(out, cases[i][1]);
    char *copy;
    assert_int_equal(hb_json_string_copy(json, 0, &copy), HB_OK);
    assert_string_equal(copy, cases[i][1]);
    free(copy);
    hb_json_free(json);
  }
}

static void malformed_escapes_are_no_strings(void **state) {
  (void)state;
  static const char *const cases[] = {"\\u0000",         "a\\u0000b",      "\\ud83d", "\\ud83dx",
                                      "\\ud83d\\n12345", "\\ud83d\\u0041", "\\udc18", "\\udc18\\ud83d"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[64], out[64];
    snprintf(text, sizeof text, "\"%s\"", cases[i]);
    hb_json *json = parse(text);
    if (json == NULL) continue; /* refused as a whole is fine, too */
    assert_false(hb_json_string(json, 0, out, sizeof out));
    char *copy;
    assert_int_equal(hb_json_string_copy(json, 0, &copy), HB_INVALID_ARGUMENT);
    assert_null(copy);
    hb_json_free(json);
  }
}

static void a_string_fits_with_its_nul_or_not_at_all(void **state) {
  (void)state;
  hb_json *json = parse("\"12345\"");
  char out[7] = "......";
  assert_false(hb_json_string(json, 0, out, 0));
  assert_false(hb_json_string(json, 0, out, 5));
  assert_true(hb_json_string(json, 0, out, 6));
  assert_string_equal(out, "12345");
  hb_json_free(json);
  json = parse("\"\"");
  assert_true(hb_json_string(json, 0, out, 1));
  assert_string_equal(out, "");
  hb_json_free(json);
}

static void what_is_not_json_is_refused(void **state) {
  (void)state;
  static const char *const cases[] = {"",
                                      " ",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      "[1",
                                      "{\"a\":1",
                                      "{\"a\":[1}",
                                      "[1}",
                                      "\"open",
                                      "{\"a\":{\"b\":1}",
                                      "word",
                                      "[word]",
                                      "{1:2}",
                                      "{[]:1}",
                                      "{\"a\" 1}",
                                      "[\"\\x\"]",
                                      "[\"\\u12g4\"]"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_refused(cases[i]);
}

/* jsmn's strict mode lets these pass, with sizes that do not tell how many items a walk meets. */
static void what_is_not_a_tree_is_refused(void **state) {
  (void)state;
  static const char *const cases[] = {
      "[1 :2 :3 :4 :5]", "[\"a\":1,2]",       "[{\"a\":1}:{\"b\":2}]", "[{}:\"x\":1]",
      "[[]:1,2]",        "{\"a\":1 :2 :3}",   "{\"a\":\"b\":\"c\"}",   "{\"a\"}",
      "{\"a\",\"b\":1}", "{\"a\":}",          "{\"a\":{}:\"b\":{}}",   "{\"a\":1}{\"b\":2}",
      "[1][2]",          "{\"a\":1 \"b\"}",   "{\"a\":{} {}}",         "1 2",
      "{\"a\" \"b\":1}", "{\"a\":[]:\"b\":1}"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_refused(cases[i]);
}

static void cut_anywhere_it_is_refused(void **state) {
  (void)state;
  for (size_t n = 0; n < sizeof sample - 1; n++) {
    blob cut = blob_of(sample, n);
    assert_null(parse_bytes(cut.bytes, cut.size));
    blob_free(&cut);
  }
}

static void changed_anywhere_it_is_refused_or_a_tree(void **state) {
  (void)state;
  static const char replacements[] = "{}[]:,\"\\ 0a\x80";
  for (size_t n = 0; n < sizeof sample - 1; n++)
    for (size_t r = 0; r < sizeof replacements; r++) { /* with the NUL */
      blob changed = blob_of(sample, sizeof sample - 1);
      changed.bytes[n] = (uint8_t)replacements[r];
      hb_json *json = parse_bytes(changed.bytes, changed.size);
      if (json != NULL) walk(json, 0);
      hb_json_free(json);
      blob_free(&changed);
    }
}

static void random_soup_is_refused_or_a_tree(void **state) {
  (void)state;
  static const char *const pieces[] = {"{", "}", "[", "]", ":", ",", "\"a\"", "\"\"", "1", "true", " "};
  hb_random random = {5};
  int accepted = 0;
  for (int round = 0; round < 200000; round++) {
    char text[64] = "";
    uint32_t n = 1 + hb_random_below(&random, 10);
    for (uint32_t i = 0; i < n; i++) strcat(text, pieces[hb_random_below(&random, 11)]);
    hb_json *json = parse(text);
    if (json == NULL) continue;
    accepted++;
    walk(json, 0);
    hb_json_free(json);
  }
  assert_true(accepted > 100);
}

/* 300,000 items in well under a second: nothing in parsing or walking is quadratic. */
static void long_arrays_take_linear_time(void **state) {
  (void)state;
  const size_t items = 300000;
  char *text = must_allocate(8 * items + 3), *p = text;
  *p++ = '[';
  for (size_t i = 0; i < items; i++) p += sprintf(p, "%s{\"a\":1}", i > 0 ? "," : "");
  *p++ = ']';
  clock_t begin = clock();
  hb_json *json = parse_bytes(text, (size_t)(p - text));
  assert_non_null(json);
  size_t seen = 0;
  for (int i = hb_json_first(json, 0); i >= 0; i = hb_json_next(json, 0, i)) seen += hb_json_get(json, i, "a") > 0;
  assert_int_equal(seen, items);
  assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
  hb_json_free(json);
  free(text);
}

static void a_lack_of_memory_is_told_from_damage(void **state) {
  (void)state;
  hb_json *json = (hb_json *)&json, *whole = parse("\"text\"");
  char *copy = (char *)&copy;
  allocations_fail_from(0);
  hb_status parsed = hb_json_parse(sample, strlen(sample), &json), copied = hb_json_string_copy(whole, 0, &copy);
  allocations_work();
  assert_int_equal(parsed, HB_OUT_OF_MEMORY);
  assert_null(json);
  assert_int_equal(copied, HB_OUT_OF_MEMORY);
  assert_null(copy);
  hb_json_free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_found_by_key),
      cmocka_unit_test(a_key_is_looked_for_in_its_own_object_only),
      cmocka_unit_test(what_is_not_there_fails_through_a_whole_chain),
      cmocka_unit_test(arrays_are_walked_in_order),
      cmocka_unit_test(whole_numbers_are_read_up_to_a_maximum),
      cmocka_unit_test(escapes_are_resolved),
      cmocka_unit_test(malformed_escapes_are_no_strings),
      cmocka_unit_test(a_string_fits_with_its_nul_or_not_at_all),
      cmocka_unit_test(what_is_not_json_is_refused),
      cmocka_unit_test(what_is_not_a_tree_is_refused),
      cmocka_unit_test(cut_anywhere_it_is_refused),
      cmocka_unit_test(changed_anywhere_it_is_refused_or_a_tree),
      cmocka_unit_test(random_soup_is_refused_or_a_tree),
      cmocka_unit_test(long_arrays_take_linear_time),
      cmocka_unit_test(a_lack_of_memory_is_told_from_damage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
