/* quantization.h: the network in 8 bits. A number is scale * (q - zero), q an int8.
 *
 * The arithmetic is XNNPACK's qs8 with qc8w kernels; every implementation gives the same bits:
 *   convolution  a 32-bit sum, bias + sum of (x - input zero) * w; as f32 times the f32 input scale * kernel scale /
 *                output scale (from left to right); rounded to the nearest integer, halves to even; plus output zero;
 *                kept within -128 .. 127. Outside the picture x is the input zero. A ReLU needs nothing more: its
 *                output's zero is -128
 *   maximum      of int8; outside the picture is less than everything
 *   addition     as xnn_init_qs8_add_minmax_scalar_params has it: whole-number multipliers of 21 bits, one shift
 *   mean         sum of (q - zero) over 7 x 7, exact, as f32 times the f32 scale / 49 */
#ifndef HB_RESNET18_QUANTIZATION_H
#define HB_RESNET18_QUANTIZATION_H

#include "resnet18/architecture.h"

typedef struct {
  float scale;
  int32_t zero;
} hb_quantization;

/* What a convolution's sums are multiplied by; XNNPACK computes it from left to right, too. */
static inline float hb_requantization_scale(hb_quantization input, float kernel_scale, hb_quantization output) {
  return input.scale * kernel_scale / output.scale;
}

/* Weights and maps. Pointers lead into a file's bytes or other memory of hb_weights. */
typedef struct {
  const int8_t *kernel[HB_CONV_COUNT];      /* [out][kernel][kernel][in], -127 .. 127; the zero is 0 */
  const float *kernel_scale[HB_CONV_COUNT]; /* [out] */
  const int32_t *bias[HB_CONV_COUNT];       /* [out], in units of input scale * kernel scale */
  union {
    struct {
      hb_quantization input, conv[HB_CONV_COUNT], block[HB_BLOCK_COUNT];
    };
    hb_quantization map[HB_MAP_COUNT]; /* the same by numbers */
  };
} hb_quantized;

/* Whether the arithmetic can take these numbers: normal scales; sums that fit 32 bits, also once they are multiplied
 * (beyond, kernels differ: AVX-512's wrap); factors that XNNPACK takes: less than 256 in a convolution, from 2^-10 to
 * less than 2^8 in an addition, where it does not check them. If not, writes the name of the tensor to blame, as in a
 * file. */
bool hb_quantized_is_sound(const hb_quantized *quantized, char tensor[HB_TENSOR_NAME]);

/* The whole numbers of an addition: (bias + own * a + other * b) >> shift, plus zero, kept within -128 .. 127. Factors
 * have 21 bits: the larger one is 2^20 to 2^21. */
typedef struct {
  int32_t bias, own, other;
  uint32_t shift;
  int16_t zero;
} hb_sum_i8;

/* For maps of a sound network. */
hb_sum_i8 hb_sum_i8_of(hb_quantization own, hb_quantization other, hb_quantization result);

#endif
