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
#include "int8/winograd_transform.h"

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
