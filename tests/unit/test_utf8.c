/* utf8.h: what is text, and how names are shown. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "support.h"

static void assert_shown(const char *string, const char *expected) {
  hb_text text = {0};
  hb_utf8_add_shown(&text, string);
  assert_false(text.failed);
  assert_string_equal(text.bytes, expected);
  hb_text again = {0}; /* what was written out stays as it is */
  hb_utf8_add_shown(&again, text.bytes);
  assert_string_equal(again.bytes, expected);
  hb_text_free(&text);
  hb_text_free(&again);
}

/* UTF-8 of a code point, by its definition. */
static void encode(uint32_t c, char out[5]) {
  int n = 0;
  if (c < 0x80) {
    out[n++] = (char)c;
  } else {
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t first[] = {0, 0xc0, 0xe0, 0xf0};
    out[n++] = (char)(first[more] | c >> 6 * more);
    for (int i = more; i-- > 0;) out[n++] = (char)(0x80 | (c >> 6 * i & 0x3f));
  }
  out[n] = '\0';
}

static bool is_surrogate(uint32_t c) { return c >= 0xd800 && c <= 0xdfff; }

static void text_of_all_languages_is_shown_as_it_is(void **state) {
  (void)state;
  assert_shown("", "");
  assert_shown("holiday 2024/IMG_0001 (1).JPG", "holiday 2024/IMG_0001 (1).JPG");
  assert_shown("caf\u00e9 \u65e5\u672c \u05e9\u05dc\u05d5\u05dd \U0001f33b",
               "caf\u00e9 \u65e5\u672c \u05e9\u05dc\u05d5\u05dd \U0001f33b");
  assert_shown("\U0001f469\u200d\U0001f4bb \u0645\u06cc\u200c\u062e",
               "\U0001f469\u200d\U0001f4bb \u0645\u06cc\u200c\u062e"); /* joiners */
  assert_shown("back\\slash \\x1b", "back\\slash \\x1b");
}

static void what_steers_a_terminal_is_written_out(void **state) {
  (void)state;
  assert_shown("a\x1b[31mb\x07\n\r\t\x7f", "a\\x1b[31mb\\x07\\x0a\\x0d\\x09\\x7f");
  assert_shown(
      "\xc2\x9b"
      "31m",
      "\\u009b31m"); /* CSI in one character */
}

static void what_reorders_a_line_is_written_out(void **state) {
  (void)state;
  assert_shown("gpj.\u202egnp", "gpj.\\u202egnp");
  assert_shown("\u2066a\u2069\u200f\u061c\u2028\ufeff", "\\u2066a\\u2069\\u200f\\u061c\\u2028\\ufeff");
}

static void bytes_that_are_no_text_are_written_out(void **state) {
  (void)state;
  assert_shown("caf\xe9.jpg", "caf\\xe9.jpg");
  assert_shown("\xe2\x82", "\\xe2\\x82");                            /* cut */
  assert_shown("\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80"); /* too long; a surrogate */
  assert_shown("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

/* The control characters (Cc), line separators and Bidi_Control of Unicode, and what else nobody sees. */
static bool steers(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200b || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb);
}

static void every_character_is_either_shown_or_written_out(void **state) {
  (void)state;
  for (uint32_t c = 1; c < 0x110000; c++) {
    if (is_surrogate(c)) continue;
    char character[5], shown[HB_UTF8_SHOWN], expected[HB_UTF8_SHOWN];
    encode(c, character);
    assert_true(hb_utf8_is_text(character, strlen(character)));
    assert_int_equal(hb_utf8_show(character, shown), strlen(character));
    if (!steers(c))
      strcpy(expected, character);
    else
      snprintf(expected, sizeof expected, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
    if (strcmp(shown, expected) != 0) fail_msg("U+%04X is shown as '%s'", c, shown);
  }
}

static void json_is_exact_but_for_bytes_that_are_no_text(void **state) {
  (void)state;
  hb_text text = {0};
  hb_utf8_add_json(&text, "a\x1b\"\u202e\xff");
  assert_string_equal(text.bytes, "\"a\\u001b\\\"\u202e\\\\xff\"");
  hb_text_free(&text);
  hb_utf8_add_json(&text, "");
  assert_string_equal(text.bytes, "\"\"");
  hb_text_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_of_all_languages_is_shown_as_it_is),
      cmocka_unit_test(what_steers_a_terminal_is_written_out),
      cmocka_unit_test(what_reorders_a_line_is_written_out),
      cmocka_unit_test(bytes_that_are_no_text_are_written_out),
      cmocka_unit_test(every_character_is_either_shown_or_written_out),
      cmocka_unit_test(json_is_exact_but_for_bytes_that_are_no_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
