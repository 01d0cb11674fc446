/* input.h: numbers from a fuzzer's bytes, little-endian; zeros when they are used up. And what must hold. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "support.h"

/* What is not used yet. */
typedef struct {
  const uint8_t *bytes;
  size_t size;
} input;

uint8_t take_u8(input *in);
uint16_t take_u16(input *in);
uint32_t take_u32(input *in);
/* Any float: also infinities, NaN and subnormal ones. */
float take_float(input *in);
/* Mostly -1 .. 2 in steps of 1/64, with NaN and infinities among them. */
double take_fraction(input *in);
/* The next `size` bytes in memory of exactly their size; fewer if there are fewer. The caller frees. */
blob take_blob(input *in, size_t size);

/* Ends the run, as a finding, unless `holds`. */
#define require(holds) \
  if (!(holds)) require_failed(#holds, __FILE__, __LINE__)
void require_failed(const char *what, const char *file, int line) __attribute__((noreturn));

/* A refusal says why: `failure` has its status and one sentence. */
void require_sentence(hb_status status);

#endif
