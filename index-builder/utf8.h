/* utf8.h: names that are text. JSON, and so a bundle, can hold no others. */
#ifndef UTF8_H
#define UTF8_H

#include "base/text.h"

/* True if the bytes are characters of UTF-8 (Unicode, table 3-7). */
bool utf8_is_text(const char *bytes, size_t size);

/* The same name for people and for JSON: each byte that is not part of a character as \xNN. Fresh memory; NULL if there
 * is none. */
char *utf8_escape(const char *name);
/* Adds the escaped name as a JSON string. */
void utf8_add_json(hb_text *text, const char *name);

#endif
