/* conv_i8.h: one convolution of the int8 network, with requantization and the residual addition in it. */
#ifndef HB_CONV_I8_H
#define HB_CONV_I8_H

#include "finish_i8.h"

/* Channels that a convolution makes at once. */
#define HB_CONV_BLOCK 8

/* What a convolution is made of. */
typedef struct {
  const hb_conv_spec *spec;
  const int8_t *kernel; /* [out][kernel][kernel][in] */
  const float *kernel_scale;
  const int32_t *bias;
  hb_quantization input, output;
} hb_conv_i8_source;

/* The numbers of a residual addition: `own` of the convolution, `other` of the shortcut. False if the scales are
 * further apart than XNNPACK's arithmetic allows: each by result's is 2^-10 or more and less than 2^8. */
bool hb_sum_i8_make(hb_quantization own, hb_quantization other, hb_quantization result, hb_sum_i8 *out);

/* A share of a convolution's output; shares may be computed in any order and by several threads. */
typedef struct {
  uint32_t row, row_end;
  uint32_t channel, channel_end; /* multiples of HB_CONV_BLOCK */
} hb_conv_part;

/* A convolution, packed. Different kinds differ in `weights` and `run`. */
typedef struct hb_conv_i8 hb_conv_i8;
struct hb_conv_i8 {
  const hb_conv_spec *spec;
  const int8_t *weights;
  const int32_t *bias; /* [out], without what stored numbers have more than input zero */
  const float *scale;  /* [out] */
  hb_rounding_i8 rounding;
  hb_i8_form form; /* of the maps */
  void (*run)(const hb_conv_i8 *conv, const hb_map_i8 *in, const hb_map_i8 *out, const hb_sum_i8 *sum,
              const hb_conv_part *part);
};

/* Computes a part of `out`. The border of `in` is at least kernel / 2 wide and holds the input's zero. If `sum` is not
 * NULL, `out` holds the shortcut, to which the result is added in place. */
static inline void hb_conv_i8_run(const hb_conv_i8 *conv, const hb_map_i8 *in, const hb_map_i8 *out,
                                  const hb_sum_i8 *sum, const hb_conv_part *part) {
  conv->run(conv, in, out, sum, part);
}

/* The kind that sums up products directly. Packs into `memory`, which is hb_conv_direct_size bytes, a multiple of 64,
 * at a multiple of 64, and outlives the convolution; the source may go. */
size_t hb_conv_direct_size(const hb_conv_spec *spec);
void hb_conv_direct_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out);

#endif
