#include "base/markup.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool begins_with(const uint8_t *text, size_t size, const char *word) {
  const size_t length = strlen(word);
  return size >= length && strncasecmp((const char *)text, word, length) == 0;
}

/* Returns the place behind the next `end`, or the end of the text. */
static size_t behind(const uint8_t *text, size_t at, size_t size, const char *end) {
  const uint8_t *found = memmem(text + at, size - at, end, strlen(end));
  return found != NULL ? (size_t)(found - text) + strlen(end) : size;
}

static size_t find_first_tag(const uint8_t *text, size_t size) {
  size_t at = begins_with(text, size, "\xef\xbb\xbf") ? 3 : 0;
  while (at < size) {
    if (is_space(text[at]))
      at++;
    else if (begins_with(text + at, size - at, "<?"))
      at = behind(text, at, size, "?>");
    else if (begins_with(text + at, size - at, "<!--"))
      at = behind(text, at, size, "-->");
    else
      break;
  }
  return at;
}

hb_markup hb_markup_find(const void *bytes, size_t size) {
  static const struct {
    const char *word;
    hb_markup markup;
  } tags[] = {
      {"<svg", HB_MARKUP_DRAWING},     {"<!doctype svg", HB_MARKUP_DRAWING}, {"<!doctype html", HB_MARKUP_WEB_PAGE},
      {"<html", HB_MARKUP_WEB_PAGE},   {"<head", HB_MARKUP_WEB_PAGE},        {"<body", HB_MARKUP_WEB_PAGE},
      {"<title", HB_MARKUP_WEB_PAGE},  {"<meta", HB_MARKUP_WEB_PAGE},        {"<link", HB_MARKUP_WEB_PAGE},
      {"<script", HB_MARKUP_WEB_PAGE},
  };
  const uint8_t *text = bytes;
  const size_t at = find_first_tag(text, size);
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
    if (begins_with(text + at, size - at, tags[i].word)) return tags[i].markup;
  return HB_MARKUP_NONE;
}
