/* json.h: reading JSON through jsmn. A value is the number of its token; -1 is "not there", which every function
 * here takes and answers with failure, so that a chain of look-ups needs one check at its end. */
#ifndef HB_BASE_JSON_H
#define HB_BASE_JSON_H

#include "base/error.h"

typedef struct hb_json hb_json;

/* HB_INVALID_ARGUMENT if it is not JSON, HB_OUT_OF_MEMORY; *out is then NULL. `text` must outlive the document. */
hb_status hb_json_parse(const char *text, size_t size, hb_json **out);
void hb_json_free(hb_json *json);

bool hb_json_is_object(const hb_json *json, int value);
bool hb_json_is_array(const hb_json *json, int value);
/* The value of `key` in an object, or -1. The top value is 0. */
int hb_json_get(const hb_json *json, int object, const char *key);
/* For walking: the first key of an object or element of an array, its successor, -1 at the end. Of an object, `next`
 * goes from key to key, and the value of a key is key + 1. */
int hb_json_first(const hb_json *json, int container);
int hb_json_next(const hb_json *json, int container, int item);
int hb_json_size(const hb_json *json, int container);

/* A whole number 0 .. maximum. */
bool hb_json_integer(const hb_json *json, int value, uint64_t maximum, uint64_t *out);
/* Copies a string or key, escapes resolved, as UTF-8 with NUL. False if it is none, holds a NUL or does not fit. */
bool hb_json_string(const hb_json *json, int value, char *out, size_t capacity);
/* The same in fresh memory, which the caller frees. HB_INVALID_ARGUMENT if it is none or holds a NUL,
 * HB_OUT_OF_MEMORY; *out is then NULL. */
hb_status hb_json_string_copy(const hb_json *json, int value, char **out);
bool hb_json_equals(const hb_json *json, int value, const char *string);

#endif
