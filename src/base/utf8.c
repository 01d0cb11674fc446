#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Returns the length of the character at `p`, or 0 if it is not valid. `left` bytes are there. */
static size_t character_length(const uint8_t *p, size_t left) {
  uint8_t low = 0x80, high = 0xbf;
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
  size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (p[0] == 0xe0) low = 0xa0;  /* a smaller byte would make it longer than needed */
  if (p[0] == 0xed) high = 0x9f; /* a larger one would make it a surrogate */
  if (p[0] == 0xf0) low = 0x90;
  if (p[0] == 0xf4) high = 0x8f; /* a larger one would exceed U+10FFFF */
  if (left < length || p[1] < low || p[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if (p[i] < 0x80 || p[i] > 0xbf) return 0;
  return length;
}

bool hb_utf8_is_text(const char *bytes, size_t size) {
  for (size_t i = 0, n; i < size; i += n)
    if ((n = character_length((const uint8_t *)bytes + i, size - i)) == 0) return false;
  return true;
}

/* Returns a code point of up to three bytes, U+0000 to U+FFFF. */
static uint32_t code_point(const uint8_t *p, size_t length) {
  if (length == 1) return p[0];
  if (length == 2) return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
  return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
}

/* Returns true for Unicode's control characters, its controls of writing direction (property Bidi_Control), and
 * invisible marks. The joiners U+200C and U+200D are not among them, because words and emoji need them. */
static bool is_written_out(uint32_t c) {
  static const struct {
    uint16_t first, last;
  } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200b, 0x200b}, {0x200e, 0x200f},
                {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (c >= ranges[i].first && c <= ranges[i].last) return true;
  return false;
}

size_t hb_utf8_show(const char *string, char shown[HB_UTF8_SHOWN]) {
  const uint8_t *p = (const uint8_t *)string;
  shown[0] = '\0';
  if (p[0] == '\0') return 0;
  const size_t length = character_length(p, strnlen(string, 4));
  const uint32_t c = length > 0 && length < 4 ? code_point(p, length) : 0x10000;
  if (length == 0 || (length == 1 && is_written_out(c))) {
    snprintf(shown, HB_UTF8_SHOWN, "\\x%02x", p[0]);
    return 1;
  }
  if (c < 0x10000 && is_written_out(c)) {
    snprintf(shown, HB_UTF8_SHOWN, "\\u%04x", c);
  } else {
    memcpy(shown, string, length);
    shown[length] = '\0';
  }
  return length;
}

void hb_utf8_add_shown(hb_text *text, const char *string) {
  char shown[HB_UTF8_SHOWN];
  hb_text_add(text, "%s", ""); /* so that an empty string adds its NUL, too */
  for (size_t n; (n = hb_utf8_show(string, shown)) > 0; string += n) hb_text_add(text, "%s", shown);
}

void hb_utf8_add_json(hb_text *text, const char *string) {
  hb_text valid = {0};
  hb_text_add(&valid, "%s", "");
  for (size_t n; *string != '\0'; string += n > 0 ? n : 1) {
    n = character_length((const uint8_t *)string, strnlen(string, 4));
    if (n > 0)
      hb_text_add(&valid, "%.*s", (int)n, string);
    else
      hb_text_add(&valid, "\\x%02x", (uint8_t)*string);
  }
  if (valid.failed)
    text->failed = true;
  else
    hb_text_add_json(text, valid.bytes);
  hb_text_free(&valid);
}
