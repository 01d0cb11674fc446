#include "messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

/* The number of lines on stdout for which there was no memory. */
static unsigned lines_lost;

/* Prints a line of text for people. Without memory, a line on stderr says so, and one on stdout counts as lost. */
static void print(FILE *stream, const char *prefix, const char *format, va_list arguments) {
  char *line = NULL;
  hb_text shown = {0};
  if (vasprintf(&line, format, arguments) < 0) line = NULL;
  if (line != NULL) hb_utf8_add_shown(&shown, line);
  if (line != NULL && !shown.failed)
    fprintf(stream, "%s%s\n", prefix, shown.bytes);
  else if (stream == stderr)
    fprintf(stream, "%sthere is not enough memory\n", prefix);
  else
    lines_lost++;
  hb_text_free(&shown);
  free(line);
}

#define PRINT(stream, prefix)               \
  va_list arguments;                        \
  va_start(arguments, format);              \
  print(stream, prefix, format, arguments); \
  va_end(arguments)

void say(const char *format, ...) { PRINT(stdout, ""); }
void warn(const char *format, ...) { PRINT(stderr, ""); }
void note(const char *format, ...) { PRINT(stderr, "note: "); }

int fail(const char *format, ...) {
  PRINT(stderr, "index-builder: ");
  return EXIT_FAILED;
}

int fail_usage(const char *format, ...) {
  PRINT(stderr, "index-builder: ");
  return EXIT_USAGE;
}

void say_text(hb_text *text) {
  if (text->failed)
    lines_lost++;
  else
    say("%s", text->size > 0 ? text->bytes : "");
  hb_text_free(text);
}

/* Escapes in JSON what would be written out in text. All of it is inside of strings, so the values stay what they are.
 */
static void add_json_shown(hb_text *line, const char *json) {
  char shown[HB_UTF8_SHOWN];
  for (size_t n; (n = hb_utf8_show(json, shown)) > 0; json += n) {
    const bool is_byte = *json != '\\' && shown[0] == '\\' && shown[1] == 'x';
    hb_text_add(line, is_byte ? "\\u00%s" : "%s", is_byte ? shown + 2 : shown);
  }
}

void say_json(hb_text *json) {
  hb_text line = {0};
  if (!json->failed) add_json_shown(&line, json->bytes);
  if (json->failed || line.failed)
    lines_lost++;
  else
    puts(line.bytes);
  hb_text_free(&line);
  hb_text_free(json);
}

int messages_finish(int exit_code) {
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  if (lines_lost > 0 && exit_code == EXIT_DONE)
    return fail("there is not enough memory for the output; close other programs and try again");
  return lost && exit_code == EXIT_DONE ? fail("the output could not be written; is the disk full?") : exit_code;
}
