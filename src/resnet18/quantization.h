/* quantization.h: the network in 8 bits. A number is scale * (q - zero), where q is an int8.
 *
 * The arithmetic is XNNPACK's qs8 with qc8w kernels; all implementations of it give identical bits:
 *   convolution  The sum has 32 bits: bias + sum of (x - input zero) * w. It is converted to f32, multiplied by the f32
 *                input scale * kernel scale / output scale (from left to right), rounded to the nearest integer,
 *                halves to even, increased by the output zero, and kept within -128 .. 127. Outside the picture x is
 *                the input zero. A ReLU costs nothing, because its output's zero is -128.
 *   maximum      It compares int8. What lies outside the picture is less than everything.
 *   addition     It is that of xnn_init_qs8_add_minmax_scalar_params, with whole-number multipliers of 21 bits and one
 *                shift.
 *   mean         The sum of (q - zero) over the pixels is exact. As f32 it is multiplied by the f32 scale / pixels. */
#ifndef HB_RESNET18_QUANTIZATION_H
#define HB_RESNET18_QUANTIZATION_H

#include "resnet18/architecture.h"

typedef struct {
  float scale;
  int32_t zero;
} hb_quantization;

/* Returns what a convolution's sums are multiplied by. XNNPACK computes it from left to right, too. */
static inline float hb_requantization_scale(hb_quantization input, float kernel_scale, hb_quantization output) {
  return input.scale * kernel_scale / output.scale;
}

/* The quantized weights and feature maps. Pointers lead into a file's bytes or other memory of hb_weights. */
typedef struct {
  const int8_t *kernel[HB_CONV_COUNT];      /* [out][kernel][kernel][in], -127 .. 127; their zero is 0 */
  const float *kernel_scale[HB_CONV_COUNT]; /* [out] */
  const int32_t *bias[HB_CONV_COUNT];       /* [out], in units of input scale * kernel scale */
  union {
    struct {
      hb_quantization input, conv[HB_CONV_COUNT], block[HB_BLOCK_COUNT];
    };
    hb_quantization map[HB_MAP_COUNT]; /* these, by the numbers of architecture.h */
  };
} hb_quantized;

/* Returns whether the arithmetic can take these numbers. Scales must be normal. Sums must fit into 32 bits, also after
 * they are multiplied; beyond, kernels differ, and AVX-512's wrap around. Factors must be those that XNNPACK takes:
 * less than 256 in a convolution, and from 2^-10 to less than 2^8 in an addition, where XNNPACK does not check them. If
 * the answer is no, it writes the name that the tensor to blame has in a file. */
bool hb_quantized_is_sound(const hb_quantized *quantized, char tensor[HB_TENSOR_NAME]);

/* The whole numbers of an addition: it is ((bias + own * a + other * b) >> shift) + zero, kept within -128 .. 127. The
 * larger of the factors `own` and `other` is from 2^20 to 2^21. */
typedef struct {
  int32_t bias, own, other;
  uint32_t shift;
  int16_t zero;
} hb_sum_i8;

/* Makes them from the quantizations of the summands and the result, which must be those of a sound network. */
hb_sum_i8 hb_sum_i8_of(hb_quantization own, hb_quantization other, hb_quantization result);

#endif
