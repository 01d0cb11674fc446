/* error.h, and hb_status_text of heybagh.h. */
#include <string.h>

#include "base/utf8.h"
#include "support.h"

static void every_status_has_a_word_of_its_own(void **state) {
  (void)state;
  for (int a = HB_OK; a <= HB_INTERNAL; a++) {
    const char *word = hb_status_text((hb_status)a);
    assert_true(strlen(word) > 1);
    assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
    assert_string_not_equal(word, "unknown");
    for (int b = HB_OK; b < a; b++) assert_string_not_equal(word, hb_status_text((hb_status)b));
  }
}

/* Pages and scripts compare these words. */
static void the_words_are_stable(void **state) {
  (void)state;
  assert_string_equal(hb_status_text(HB_OK), "ok");
  assert_string_equal(hb_status_text(HB_INVALID_ARGUMENT), "invalid-argument");
  assert_string_equal(hb_status_text(HB_OUT_OF_MEMORY), "out-of-memory");
  assert_string_equal(hb_status_text(HB_UNSUPPORTED_IMAGE), "unsupported-image");
  assert_string_equal(hb_status_text(HB_CORRUPT_IMAGE), "corrupt-image");
  assert_string_equal(hb_status_text(HB_IMAGE_TOO_LARGE), "image-too-large");
  assert_string_equal(hb_status_text(HB_BAD_MODEL), "bad-model");
  assert_string_equal(hb_status_text(HB_BAD_INDEX), "bad-index");
  assert_string_equal(hb_status_text(HB_MODEL_MISMATCH), "model-mismatch");
}

static void an_unknown_status_has_a_word(void **state) {
  (void)state;
  assert_string_equal(hb_status_text((hb_status)9999), "unknown");
}

static void failing_fills_the_error_and_returns_the_status(void **state) {
  (void)state;
  hb_error error;
  assert_int_equal(hb_fail(&error, HB_IO, "file %d of '%s'", 3, "here"), HB_IO);
  assert_int_equal(error.status, HB_IO);
  assert_string_equal(error.text, "file 3 of 'here'");
  assert_int_equal(hb_fail_memory(&error), HB_OUT_OF_MEMORY);
  assert_int_equal(error.status, HB_OUT_OF_MEMORY);
  assert_non_null(strstr(error.text, "memory"));
}

static void an_error_may_be_null(void **state) {
  (void)state;
  assert_int_equal(hb_fail(NULL, HB_BAD_INDEX, "%s", "unheard"), HB_BAD_INDEX);
  assert_int_equal(hb_fail_memory(NULL), HB_OUT_OF_MEMORY);
}

static void a_long_sentence_is_cut_inside_its_memory(void **state) {
  (void)state;
  char words[1000];
  memset(words, 'w', sizeof words);
  words[sizeof words - 1] = '\0';
  struct {
    hb_error error;
    char after[8];
  } guarded;
  memcpy(guarded.after, "untouch", 8);
  hb_fail(&guarded.error, HB_IO, "%s", words);
  assert_int_equal(strlen(guarded.error.text), sizeof guarded.error.text - 1);
  assert_string_equal(guarded.after, "untouch");
}

/* Names may hold any bytes. */
static void a_sentence_has_no_control_characters(void **state) {
  (void)state;
  hb_error error;
  hb_fail(&error, HB_BAD_MODEL, "tensor '%s'", "a\nb\x1b[2J\x7f \xc3\xa9 \xff \xe2\x80\xae");
  assert_string_equal(error.text, "tensor 'a\\x0ab\\x1b[2J\\x7f \xc3\xa9 \\xff \\u202e'");
}

/* Wherever the end falls, no character and nothing written out is cut. */
static void a_sentence_is_cut_between_characters(void **state) {
  (void)state;
  char words[1000];
  for (size_t before = 0; before < 12; before++) {
    hb_error error;
    memset(words, 'w', before);
    for (size_t at = before; at + 4 < sizeof words; at += 4) memcpy(words + at, "\xe2\x82\xac\x1b", 5);
    hb_fail(&error, HB_IO, "%s", words);
    const size_t length = strlen(error.text);
    assert_in_range(length, sizeof error.text - 4, sizeof error.text - 1);
    assert_true(hb_utf8_is_text(error.text, length));
    const char *last = strrchr(error.text, '\\');
    assert_true(strncmp(last, "\\x1b", 4) == 0);
  }
}

static void sizes_are_multiplied_and_added_with_checks(void **state) {
  (void)state;
  size_t out = 7;
  assert_true(hb_size_mul(3, 5, &out));
  assert_int_equal(out, 15);
  assert_true(hb_size_mul(0, SIZE_MAX, &out));
  assert_int_equal(out, 0);
  assert_false(hb_size_mul(SIZE_MAX / 2 + 1, 2, &out));
  assert_false(hb_size_mul((size_t)1 << 33, (size_t)1 << 33, &out));
  assert_true(hb_size_add(SIZE_MAX - 1, 1, &out));
  assert_true(out == SIZE_MAX);
  assert_false(hb_size_add(SIZE_MAX, 1, &out));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_a_word_of_its_own),
      cmocka_unit_test(the_words_are_stable),
      cmocka_unit_test(an_unknown_status_has_a_word),
      cmocka_unit_test(failing_fills_the_error_and_returns_the_status),
      cmocka_unit_test(an_error_may_be_null),
      cmocka_unit_test(a_long_sentence_is_cut_inside_its_memory),
      cmocka_unit_test(a_sentence_has_no_control_characters),
      cmocka_unit_test(a_sentence_is_cut_between_characters),
      cmocka_unit_test(sizes_are_multiplied_and_added_with_checks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
