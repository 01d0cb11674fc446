/* utf8.h: names of files, which may hold any bytes, as text. */
#ifndef HB_BASE_UTF8_H
#define HB_BASE_UTF8_H

#include "base/text.h"

/* True if the bytes are characters of UTF-8 (Unicode, table 3-7). */
bool hb_utf8_is_text(const char *bytes, size_t size);

#define HB_UTF8_SHOWN 8 /* bytes of a character as it is shown, with a NUL */

/* Copies the next character of a string, as people may be shown it, and returns how many bytes of the string it took, 0
 * at the end. What steers a terminal or reorders a line is written out: control characters and bytes that are no UTF-8
 * as \xNN, controls of writing direction, line separators and invisible marks as \uNNNN. What was written out once
 * stays as it is the next time. */
size_t hb_utf8_show(const char *string, char shown[HB_UTF8_SHOWN]);

/* Adds all of a string that way. */
void hb_utf8_add_shown(hb_text *text, const char *string);
/* Adds it as a JSON string, which is exact but for bytes that are no UTF-8: these become \xNN. */
void hb_utf8_add_json(hb_text *text, const char *string);

#endif
