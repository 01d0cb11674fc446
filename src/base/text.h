/* text.h: a string that grows, for writing JSON. If memory runs out, `failed` is set, and the caller asks once, at the
 * end. */
#ifndef HB_BASE_TEXT_H
#define HB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *bytes; /* they end with a NUL once something was added */
  size_t size, capacity;
  bool failed; /* memory ran out, and the content must not be used */
} hb_text;

void hb_text_clear(hb_text *text); /* keeps the memory */
void hb_text_free(hb_text *text);
void hb_text_add(hb_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds `string` as a JSON string with its quotes. Bytes above 127 stay as they are, so that UTF-8 stays UTF-8. */
void hb_text_add_json(hb_text *text, const char *string);

#endif
