/* conv_direct.h: the kind of convolution that adds up all products as they are. It takes every shape and form. */
#ifndef HB_INT8_CONV_DIRECT_H
#define HB_INT8_CONV_DIRECT_H

#include "int8/conv_i8.h"

/* Returns the bytes of packed weights, a multiple of 64. */
size_t hb_conv_direct_size(const hb_conv_spec *spec);

/* Packs into `memory`, which is hb_conv_direct_size bytes, starts at a multiple of 64, and outlives the convolution;
 * the source may go. `form` is that of the products. */
void hb_conv_direct_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out);

/* A part of the output. Parts may be computed in any order and by several threads. */
typedef struct {
  uint32_t row, row_end;
  uint32_t channel, channel_end; /* multiples of HB_CONV_CHANNELS */
} hb_conv_part;

/* Computes a part. `in` is in the convolution's form; the rest is as hb_conv_i8_run has it. */
void hb_conv_direct_part(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                         const hb_sum_i8 *sum, const hb_conv_part *part);

#endif
