/* conv_i8.h: one convolution of the int8 network, with requantization and the residual addition in it. */
#ifndef HB_INT8_CONV_I8_H
#define HB_INT8_CONV_I8_H

#include "int8/feature_map.h"
#include "int8/requantize.h"
#include "int8/winograd_i8.h"

/* Channels that a convolution makes at once. */
#define HB_CONV_BLOCK 8
#define HB_CONV_OUT_MAX 512 /* channels that ResNet-18's convolutions have at most */

/* What a convolution is made of. */
typedef struct {
  const hb_conv_spec *spec;
  const int8_t *kernel; /* [out][kernel][kernel][in] */
  const float *kernel_scale;
  const int32_t *bias;
  hb_quantization input, output;
} hb_conv_i8_source;

/* A convolution, packed. Different kinds differ in what `weights` points to and in `run`. */
typedef struct hb_conv_i8 hb_conv_i8;
struct hb_conv_i8 {
  const hb_conv_spec *spec;
  const void *weights;
  const int32_t
      *bias;          /* [out], without what stored numbers have more than input zero; of the direct kind, as are all */
  const float *scale; /* [out] */
  hb_rounding_i8 rounding;
  hb_i8_form form;         /* of the input; the output is in bytes always */
  hb_winograd_i8 winograd; /* of the other kind */
  void (*run)(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
              void *scratch, hb_worker_team *team);
};

/* Computes `out`. The border of `in` is at least kernel / 2 wide and holds the input's zero. If `sum` is not NULL,
 * `out` holds the shortcut, to which the result is added in place. `scratch` is as hb_conv_i8_choice says. */
static inline void hb_conv_i8_run(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                                  const hb_sum_i8 *sum, void *scratch, hb_worker_team *team) {
  conv->run(conv, in, out, sum, scratch, team);
}

#endif
