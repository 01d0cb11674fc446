#include "input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(input *in, void *out, size_t size) {
  size_t n = size < in->size ? size : in->size;
  memset(out, 0, size);
  if (n > 0) memcpy(out, in->bytes, n);
  in->bytes += n;
  in->size -= n;
}

uint8_t take_u8(input *in) {
  uint8_t value;
  take(in, &value, sizeof value);
  return value;
}

uint16_t take_u16(input *in) {
  uint16_t value;
  take(in, &value, sizeof value);
  return value;
}

uint32_t take_u32(input *in) {
  uint32_t value;
  take(in, &value, sizeof value);
  return value;
}

float take_float(input *in) {
  float value;
  take(in, &value, sizeof value);
  return value;
}

double take_fraction(input *in) {
  uint8_t byte = take_u8(in);
  switch (byte) {
    case 255: return NAN;
    case 254: return INFINITY;
    case 253: return -INFINITY;
    default: return byte / 64.0 - 1;
  }
}

blob take_blob(input *in, size_t size) {
  blob b = blob_of(in->bytes, size < in->size ? size : in->size);
  in->bytes += b.size;
  in->size -= b.size;
  return b;
}

void require_failed(const char *what, const char *file, int line) {
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  abort();
}

void require_sentence(hb_status status) {
  require(failure.status == status);
  require(strlen(failure.text) > 10 && strchr(failure.text, '\n') == NULL);
}
