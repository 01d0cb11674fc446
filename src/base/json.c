#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS /* without them jsmn is quadratic on long arrays */
#include <jsmn.h>

struct hb_json {
  const char *text;
  int count;
  jsmntok_t tokens[];
};

static bool is_container(const jsmntok_t *t) { return t->type == JSMN_OBJECT || t->type == JSMN_ARRAY; }

/* Even in its strict mode jsmn accepts "[1 :2 :3]" and the like, and gives the array a size that is not the number of
 * its items; a caller that allocates by the size would then write past the end. This accepts only a tree: one value is
 * at the top, items lie inside their container, each key of an object has one value, and other values have nothing
 * below them. */
static bool is_tree(const hb_json *json) {
  for (int i = 0; i < json->count; i++) {
    const jsmntok_t *t = &json->tokens[i], *parent = t->parent >= 0 ? &json->tokens[t->parent] : NULL;
    if ((parent == NULL) != (i == 0)) return false;
    if (parent != NULL && is_container(parent) && t->end > parent->end) return false;
    bool is_key = parent != NULL && parent->type == JSMN_OBJECT;
    if (is_key && (t->type != JSMN_STRING || t->size != 1)) return false;
    if (!is_key && !is_container(t) && t->size != 0) return false;
  }
  return true;
}

hb_status hb_json_parse(const char *text, size_t size, hb_json **out) {
  jsmn_parser parser;
  *out = NULL;
  jsmn_init(&parser);
  int count = jsmn_parse(&parser, text, size, NULL, 0);
  if (count <= 0) return HB_INVALID_ARGUMENT;
  hb_json *json = malloc(sizeof *json + (size_t)count * sizeof(jsmntok_t));
  if (json == NULL) return HB_OUT_OF_MEMORY;
  json->text = text;
  jsmn_init(&parser);
  json->count = jsmn_parse(&parser, text, size, json->tokens, (unsigned)count);
  if (json->count != count || !is_tree(json)) return free(json), HB_INVALID_ARGUMENT;
  *out = json;
  return HB_OK;
}

void hb_json_free(hb_json *json) { free(json); }

static const jsmntok_t *token(const hb_json *json, int value, jsmntype_t type) {
  if (value < 0 || value >= json->count || json->tokens[value].type != type) return NULL;
  return &json->tokens[value];
}

bool hb_json_is_object(const hb_json *json, int value) { return token(json, value, JSMN_OBJECT) != NULL; }
bool hb_json_is_array(const hb_json *json, int value) { return token(json, value, JSMN_ARRAY) != NULL; }

/* Returns the first token behind a value and all that is inside it. */
static int skip(const hb_json *json, int value) {
  int end = json->tokens[value].end, next = value + 1;
  while (next < json->count && json->tokens[next].start < end) next++;
  return next;
}

int hb_json_first(const hb_json *json, int container) {
  if (!hb_json_is_object(json, container) && !hb_json_is_array(json, container)) return -1;
  return json->tokens[container].size > 0 && container + 1 < json->count ? container + 1 : -1;
}

int hb_json_next(const hb_json *json, int container, int item) {
  int next = hb_json_is_object(json, container) ? item + 1 : item;
  if (next >= json->count) return -1;
  next = skip(json, next);
  return next < json->count && json->tokens[next].start < json->tokens[container].end ? next : -1;
}

int hb_json_size(const hb_json *json, int container) {
  return hb_json_is_object(json, container) || hb_json_is_array(json, container) ? json->tokens[container].size : 0;
}

int hb_json_get(const hb_json *json, int object, const char *key) {
  if (!hb_json_is_object(json, object)) return -1;
  for (int k = hb_json_first(json, object); k >= 0; k = hb_json_next(json, object, k)) {
    /* strict jsmn still accepts a key without a value; the key then has another size */
    if (hb_json_equals(json, k, key)) return json->tokens[k].size == 1 && k + 1 < json->count ? k + 1 : -1;
  }
  return -1;
}

bool hb_json_integer(const hb_json *json, int value, uint64_t maximum, uint64_t *out) {
  const jsmntok_t *t = token(json, value, JSMN_PRIMITIVE);
  if (t == NULL) return false;
  uint64_t number = 0;
  for (int i = t->start; i < t->end; i++) {
    unsigned digit = (unsigned)(json->text[i] - '0');
    if (digit > 9 || __builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number))
      return false;
  }
  if (number > maximum) return false;
  *out = number;
  return true;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Reads four hex digits; returns -1 if they are not there. */
static int32_t read_unit(const char *p, const char *end) {
  if (end - p < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_value(p[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static size_t write_utf8(uint32_t code, char out[4]) {
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800) return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 63)), 2;
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12), out[1] = (char)(0x80 | (code >> 6 & 63)), out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18), out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63)), out[3] = (char)(0x80 | (code & 63));
  return 4;
}

/* Resolves the \u escape at *p (behind the u), with its second half if it is a surrogate pair. Returns 0 if it is
 * malformed. */
static uint32_t read_escape(const char **p, const char *end) {
  int32_t unit = read_unit(*p, end);
  if (unit < 0) return 0;
  *p += 4;
  if (unit < 0xd800 || unit > 0xdfff) return (uint32_t)unit;
  if (unit > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u') return 0;
  int32_t low = read_unit(*p + 2, end);
  if (low < 0xdc00 || low > 0xdfff) return 0;
  *p += 6;
  return 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

/* Reads one character from *p, resolves escapes, and writes its bytes. Returns their number, or 0 if the character is
 * malformed or a NUL. */
static size_t read_character(const char **p, const char *end, char out[4]) {
  char c = *(*p)++;
  if (c == '\0') return 0;
  if (c != '\\') return out[0] = c, 1;
  if (*p == end) return 0;
  c = *(*p)++;
  if (c == 'u') {
    uint32_t code = read_escape(p, end);
    return code == 0 ? 0 : write_utf8(code, out);
  }
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *found = strchr(from, c);
  if (found == NULL || c == '\0') return 0;
  return out[0] = to[found - from], 1;
}

bool hb_json_string(const hb_json *json, int value, char *out, size_t capacity) {
  const jsmntok_t *t = token(json, value, JSMN_STRING);
  if (t == NULL) return false;
  const char *p = json->text + t->start, *end = json->text + t->end;
  size_t size = 0;
  while (p < end) {
    char bytes[4];
    size_t n = read_character(&p, end, bytes);
    if (n == 0 || size + n >= capacity) return false;
    memcpy(out + size, bytes, n);
    size += n;
  }
  if (capacity == 0) return false;
  out[size] = '\0';
  return true;
}

hb_status hb_json_string_copy(const hb_json *json, int value, char **out) {
  const jsmntok_t *t = token(json, value, JSMN_STRING);
  *out = NULL;
  if (t == NULL) return HB_INVALID_ARGUMENT;
  size_t capacity = (size_t)(t->end - t->start) + 1; /* resolving an escape never lengthens it */
  char *copy = malloc(capacity);
  if (copy == NULL) return HB_OUT_OF_MEMORY;
  if (!hb_json_string(json, value, copy, capacity)) return free(copy), HB_INVALID_ARGUMENT;
  *out = copy;
  return HB_OK;
}

bool hb_json_equals(const hb_json *json, int value, const char *string) {
  const jsmntok_t *t = token(json, value, JSMN_STRING);
  size_t length = strlen(string);
  return t != NULL && (size_t)(t->end - t->start) == length && memcmp(json->text + t->start, string, length) == 0;
}
