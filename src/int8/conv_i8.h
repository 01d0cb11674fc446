/* conv_i8.h: one convolution of the int8 network, with requantization and the residual addition in it. */
#ifndef HB_INT8_CONV_I8_H
#define HB_INT8_CONV_I8_H

#include "int8/feature_map.h"
#include "int8/requantize.h"

/* Output channels that are computed at once, in two vectors of sums. */
#define HB_CONV_CHANNELS 8

/* What a convolution is made from. */
typedef struct {
  const hb_conv_spec *spec;
  const int8_t *kernel; /* [out][kernel][kernel][in] */
  const float *kernel_scale;
  const int32_t *bias;
  hb_quantization input, output;
} hb_conv_i8_source;

/* A convolution, packed. There are two kinds, conv_direct.h and conv_winograd.h, which differ in what `weights` points
 * to and in `run`. */
typedef struct hb_conv_i8 hb_conv_i8;
struct hb_conv_i8 {
  const hb_conv_spec *spec;
  const void *weights;
  const int32_t *bias; /* [out], by hb_conv_i8_bias; this and the next are NULL if they are packed with the weights */
  const float *scale;  /* [out], by hb_conv_i8_scale */
  hb_rounding_i8 rounding;
  hb_i8_form form; /* the input's; the output always consists of bytes */
  void (*run)(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
              void *scratch, hb_worker_team *team);
};

/* Computes `out`, which must not be `in`. The border of `in` is at least kernel / 2 wide and holds the input's
 * zero. If `sum` is not NULL, `out` holds the shortcut, to which the result is added in place. `scratch` is as
 * hb_conv_i8_choice says; `team` may be NULL. */
static inline void hb_conv_i8_run(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                                  const hb_sum_i8 *sum, void *scratch, hb_worker_team *team) {
  conv->run(conv, in, out, sum, scratch, team);
}

/* ---- For the kinds ---- */

/* Returns the bias of output channel `o` for sums of stored numbers instead of q - zero. It may wrap around; the sum
 * then wraps back. `form` is that of the stored numbers. */
int32_t hb_conv_i8_bias(const hb_conv_i8_source *source, uint32_t o, hb_i8_form form);

/* Returns what the sums of output channel `o` are multiplied by. */
static inline float hb_conv_i8_scale(const hb_conv_i8_source *source, uint32_t o) {
  return hb_requantization_scale(source->input, source->kernel_scale[o], source->output);
}

#endif
