/* utf8.h: turns names of files, which may hold any bytes, into text. */
#ifndef HB_BASE_UTF8_H
#define HB_BASE_UTF8_H

#include "base/text.h"

/* Returns true if the bytes are valid UTF-8 (Unicode, table 3-7). */
bool hb_utf8_is_text(const char *bytes, size_t size);

#define HB_UTF8_SHOWN 8 /* bytes, enough for a character as it is shown and a NUL */

/* Copies the next character of a string in a form that is safe to show. Returns how many bytes of the string it took,
 * or 0 at the end. Whatever could steer a terminal or reorder a line is written out: control characters and bytes that
 * are not UTF-8 as \xNN; controls of writing direction, line separators and invisible marks as \uNNNN. Text that was
 * written out once does not change again. */
size_t hb_utf8_show(const char *string, char shown[HB_UTF8_SHOWN]);

/* Adds a whole string in the form that hb_utf8_show gives it. */
void hb_utf8_add_shown(hb_text *text, const char *string);
/* Adds a string as a JSON string. It stays as it is, except that bytes which are not UTF-8 become \xNN. */
void hb_utf8_add_json(hb_text *text, const char *string);

#endif
