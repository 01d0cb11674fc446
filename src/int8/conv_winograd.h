/* conv_winograd.h: the kind of convolution for 3 x 3 at a stride of 1: Winograd's minimal filtering F(4x4, 3x3) (Lavin
 * and Gray 2015, arXiv 1509.09308) in whole numbers, 36 products where the direct kind has 144. Feature maps are of
 * bytes. */
#ifndef HB_INT8_CONV_WINOGRAD_H
#define HB_INT8_CONV_WINOGRAD_H

#include "int8/conv_i8.h"

/* Returns whether this kind can compute the convolution of a feature map of `side` pixels a side. It must have the
 * right shape, and must be exact for every input, which a bound on the sums of each output channel proves. */
bool hb_conv_winograd_fits(const hb_conv_i8_source *source, uint32_t side);

/* They return the bytes of packed weights, and of scratch for a run by a team with room for `members`. Both are
 * multiples of 64. */
size_t hb_conv_winograd_size(const hb_conv_spec *spec);
size_t hb_conv_winograd_scratch(const hb_conv_spec *spec, uint32_t side, uint32_t members);

/* Packs into `memory`, which is hb_conv_winograd_size bytes, starts at a multiple of 64, and outlives the convolution;
 * the source may go. `form` is that of the input and the output. */
void hb_conv_winograd_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out);

#endif
