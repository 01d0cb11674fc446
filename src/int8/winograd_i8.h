/* winograd_i8.h: 3 x 3 convolutions of stride 1 in the arithmetic of quantization.h, bit for bit, by Winograd's minimal
 * filtering F(4x4, 3x3) (Lavin and Gray 2015, arXiv 1509.09308) in whole numbers: 36 products where a plain convolution
 * has 144.
 *
 *   if (hb_winograd_i8_fits(&conv, kernel, bias)) {
 *     hb_winograd_i8_pack(&conv, kernel, bias, multiplier, packed);    hb_winograd_i8_packed_bytes of memory
 *     hb_winograd_i8_run(&conv, packed, &input, &output, NULL, scratch, NULL);    hb_winograd_i8_scratch_bytes
 *   }
 *
 * packed and scratch are aligned to 16 bytes. A packed convolution is read-only, and runs may share it. */
#ifndef HB_INT8_WINOGRAD_I8_H
#define HB_INT8_WINOGRAD_I8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/worker_team.h"

#define HB_WINOGRAD_CHANNELS 8 /* channels are multiples of it */
#define HB_WINOGRAD_SIDE 4     /* the smallest side */

typedef struct {
  uint32_t side, in, out; /* of a square map; channels */
  int32_t input_zero, output_zero;
  uint8_t flip; /* 0x80 for maps of unsigned bytes, which are those of int8 with the highest bit inverted; else 0 */
} hb_winograd_i8;

/* A map's first pixel, and bytes from row to row; pixels are `channels` bytes. Around an input there is a border of one
 * pixel of its zero, which `pixels` does not count. */
typedef struct {
  uint8_t *pixels;
  size_t stride;
} hb_winograd_map;

/* What is added to the convolution's output q, if anything, as XNNPACK's qs8 addition does:
 * (bias + q * multiplier + other * other_multiplier) >> shift, plus zero, kept within -128 .. 127. */
typedef struct {
  hb_winograd_map other; /* of the output's shape; it may be the output */
  int32_t multiplier, other_multiplier, bias, zero;
  uint32_t shift;
} hb_winograd_sum;

/* Whether it is exact for every input: a bound on the sums, bias included, from weights and input zero, for each output
 * channel. kernel is [out][3][3][in]. False also for sides and channels that it does not take. */
bool hb_winograd_i8_fits(const hb_winograd_i8 *conv, const int8_t *kernel, const int32_t *bias);

size_t hb_winograd_i8_packed_bytes(const hb_winograd_i8 *conv);
/* Of a run by a team with room for so many members. */
size_t hb_winograd_i8_scratch_bytes(const hb_winograd_i8 *conv, uint32_t members);

/* multiplier[out]: input scale * kernel scale / output scale. */
void hb_winograd_i8_pack(const hb_winograd_i8 *conv, const int8_t *kernel, const int32_t *bias, const float *multiplier,
                         void *packed);

/* input and output are different maps. sum and team may be NULL. */
void hb_winograd_i8_run(const hb_winograd_i8 *conv, const void *packed, const hb_winograd_map *input,
                        const hb_winograd_map *output, const hb_winograd_sum *sum, void *scratch, hb_worker_team *team);

#endif
