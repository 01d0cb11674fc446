/* json.h: reads JSON with jsmn. A value is the number of its token, or -1 if it does not exist. Every function takes -1
 * and fails, so that a chain of look-ups needs one check at its end. */
#ifndef HB_BASE_JSON_H
#define HB_BASE_JSON_H

#include "base/error.h"

typedef struct hb_json hb_json;

/* Fails with HB_INVALID_ARGUMENT if it is not JSON, or HB_OUT_OF_MEMORY; *out is then NULL. `text` must outlive the
 * document. */
hb_status hb_json_parse(const char *text, size_t size, hb_json **out);
void hb_json_free(hb_json *json);

bool hb_json_is_object(const hb_json *json, int value);
bool hb_json_is_array(const hb_json *json, int value);
/* Returns the value of `key` in an object, or -1. The top value is 0. */
int hb_json_get(const hb_json *json, int object, const char *key);
/* They walk through a container: the first returns the first key of an object or element of an array, the second the
 * one behind `item`, and both -1 at the end. The value of a key is key + 1. */
int hb_json_first(const hb_json *json, int container);
int hb_json_next(const hb_json *json, int container, int item);
int hb_json_size(const hb_json *json, int container);

/* Reads a whole number from 0 to `maximum`. */
bool hb_json_integer(const hb_json *json, int value, uint64_t maximum, uint64_t *out);
/* Copies a string or key as UTF-8 with escapes resolved and a NUL at its end. Returns false if it is no string, holds a
 * NUL or does not fit. */
bool hb_json_string(const hb_json *json, int value, char *out, size_t capacity);
/* Copies like hb_json_string into memory that the caller frees. Fails with HB_INVALID_ARGUMENT if it is no string or
 * holds a NUL, or HB_OUT_OF_MEMORY; *out is then NULL. */
hb_status hb_json_string_copy(const hb_json *json, int value, char **out);
/* Compares a string or key that has no escapes. */
bool hb_json_equals(const hb_json *json, int value, const char *string);

#endif
