#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hb_text_clear(hb_text *text) {
  text->size = 0;
  text->failed = false;
}

void hb_text_free(hb_text *text) {
  free(text->bytes);
  *text = (hb_text){0};
}

/* Makes room for `more` bytes and a NUL. */
static bool reserve(hb_text *text, size_t more) {
  if (text->failed) return false;
  size_t need = text->size + more + 1;
  if (need <= text->capacity) return true;
  size_t capacity = need < 256 ? 256 : need + need / 2;
  char *bytes = realloc(text->bytes, capacity);
  if (bytes == NULL) return text->failed = true, false;
  text->bytes = bytes;
  text->capacity = capacity;
  return true;
}

void hb_text_add(hb_text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0 || !reserve(text, (size_t)length)) return;
  va_start(arguments, format);
  vsnprintf(text->bytes + text->size, (size_t)length + 1, format, arguments);
  va_end(arguments);
  text->size += (size_t)length;
}

static void add_character(hb_text *text, unsigned char c) {
  if (c == '"' || c == '\\') {
    hb_text_add(text, "\\%c", c);
  } else if (c < 0x20) {
    hb_text_add(text, "\\u%04x", c);
  } else {
    if (!reserve(text, 1)) return;
    text->bytes[text->size++] = (char)c;
    text->bytes[text->size] = '\0';
  }
}

void hb_text_add_json(hb_text *text, const char *string) {
  hb_text_add(text, "\"");
  for (; *string != '\0'; string++) add_character(text, (unsigned char)*string);
  hb_text_add(text, "\"");
}
