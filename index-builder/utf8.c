#include "utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of the character at `p`, of which `left` are there; 0 if it is none. */
static size_t character_length(const uint8_t *p, size_t left) {
  uint8_t low = 0x80, high = 0xbf;
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
  size_t length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
  if (p[0] == 0xe0) low = 0xa0;  /* longer than needed */
  if (p[0] == 0xed) high = 0x9f; /* surrogates */
  if (p[0] == 0xf0) low = 0x90;
  if (p[0] == 0xf4) high = 0x8f; /* beyond U+10FFFF */
  if (left < length || p[1] < low || p[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if (p[i] < 0x80 || p[i] > 0xbf) return 0;
  return length;
}

bool utf8_is_text(const char *bytes, size_t size) {
  for (size_t i = 0, n; i < size; i += n)
    if ((n = character_length((const uint8_t *)bytes + i, size - i)) == 0) return false;
  return true;
}

char *utf8_escape(const char *name) {
  enum { ESCAPED = sizeof "\\xNN" - 1 };
  const size_t size = strlen(name);
  char *escaped = malloc(size * ESCAPED + 1), *to = escaped;
  for (size_t i = 0, n; escaped != NULL && i<size; i += n> 0 ? n : 1) {
    n = character_length((const uint8_t *)name + i, size - i);
    if (n > 0)
      to = (char *)memcpy(to, name + i, n) + n;
    else
      to += sprintf(to, "\\x%02x", (unsigned)(uint8_t)name[i]);
  }
  if (escaped != NULL) *to = '\0';
  return escaped;
}

void utf8_add_json(hb_text *text, const char *name) {
  char *escaped = utf8_escape(name);
  if (escaped != NULL)
    hb_text_add_json(text, escaped);
  else
    text->failed = true;
  free(escaped);
}
