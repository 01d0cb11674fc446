/* conv_direct.h: the kind of convolution that sums up products directly. */
#ifndef HB_INT8_CONV_DIRECT_H
#define HB_INT8_CONV_DIRECT_H

#include "int8/conv_i8.h"

/* The kind that sums up products directly. Packs into `memory`, which is hb_conv_direct_size bytes, a multiple of 64,
 * at a multiple of 64, and outlives the convolution; the source may go. */
size_t hb_conv_direct_size(const hb_conv_spec *spec);
void hb_conv_direct_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out);

/* A part of this kind's output. Parts may be computed in any order and by several threads. */
typedef struct {
  uint32_t row, row_end;
  uint32_t channel, channel_end; /* multiples of HB_CONV_BLOCK */
} hb_conv_part;
/* `in` is in the convolution's form. */
void hb_conv_direct_part(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                         const hb_sum_i8 *sum, const hb_conv_part *part);

#endif
