#include "resnet18/quantization.h"

#include <math.h>
#include <stdio.h>

#define LEAST_SCALE 1e-30f
#define MOST_SCALE 1e6f
#define MOST_BIAS (1 << 30)        /* leaves room for the products, which add up to less than 2^28 */
#define MOST_RESULT (0x1p31 - 256) /* leaves room for the zero */

static bool is_scale(float scale) { return scale >= LEAST_SCALE && scale <= MOST_SCALE; } /* false for NaN */

static float scale_of(const hb_quantized *q, int c, uint32_t o) {
  return hb_requantization_scale(q->map[hb_conv_specs[c].from], q->kernel_scale[c][o], q->map[HB_MAP_CONV(c)]);
}

/* Returns whether the multiplied sum, with this bias, fits into 32 bits for every picture. */
static bool fits(const hb_quantized *q, int c, uint32_t o, int32_t bias) {
  const double sum = 255.0 * 127 * (double)hb_conv_taps(&hb_conv_specs[c]) + fabs((double)bias);
  return sum * (double)scale_of(q, c, o) <= MOST_RESULT;
}

static bool scales_are_sound(const hb_quantized *q, int c) {
  for (uint32_t o = 0; o < hb_conv_specs[c].out; o++)
    if (!is_scale(q->kernel_scale[c][o]) || !(scale_of(q, c, o) < 256) || !fits(q, c, o, 0)) return false;
  return true;
}

/* The fast kernels would not be exact with a code of -128. */
static bool codes_are_sound(const hb_quantized *q, int c) {
  const size_t size = hb_kernel_size(&hb_conv_specs[c]);
  int8_t least = 0;
  for (size_t i = 0; i < size; i++) least = q->kernel[c][i] < least ? q->kernel[c][i] : least;
  return least > -128;
}

static bool biases_are_sound(const hb_quantized *q, int c) {
  for (uint32_t o = 0; o < hb_conv_specs[c].out; o++) {
    const int32_t bias = q->bias[c][o];
    if (bias < -MOST_BIAS || bias > MOST_BIAS || !fits(q, c, o, bias)) return false;
  }
  return true;
}

static const char *fault_of_convolution(const hb_quantized *q, int c) {
  if (!scales_are_sound(q, c)) return "scale";
  if (!codes_are_sound(q, c)) return "weight";
  return biases_are_sound(q, c) ? NULL : "bias";
}

static const char *fault_of_maps(const hb_quantized *q) {
  for (int m = 0; m < HB_MAP_COUNT; m++) {
    if (!is_scale(q->map[m].scale)) return "scale";
    if (q->map[m].zero < -128 || q->map[m].zero > 127) return "zero";
  }
  for (int i = 0; i < 2 * HB_BLOCK_COUNT; i++) {
    const float factor = q->map[hb_block_terms[i / 2][i % 2]].scale / q->map[HB_MAP_BLOCK(i / 2)].scale;
    if (!(factor >= 0x1p-10f && factor < 0x1p8f)) return "scale";
  }
  return NULL;
}

bool hb_quantized_is_sound(const hb_quantized *quantized, char tensor[HB_TENSOR_NAME]) {
  const char *prefix = "maps", *fault = fault_of_maps(quantized);
  for (int c = 0; c < HB_CONV_COUNT && fault == NULL; c++) {
    prefix = hb_conv_specs[c].name;
    fault = fault_of_convolution(quantized, c);
  }
  if (fault != NULL) snprintf(tensor, HB_TENSOR_NAME, "%s.%s", prefix, fault);
  return fault == NULL;
}

hb_sum_i8 hb_sum_i8_of(hb_quantization own, hb_quantization other, hb_quantization result) {
  const float a = own.scale / result.scale, b = other.scale / result.scale;
  const int shift = 20 - ilogbf(fmaxf(a, b));
  const int32_t own_factor = (int32_t)lrintf(ldexpf(a, shift)), other_factor = (int32_t)lrintf(ldexpf(b, shift));
  return (hb_sum_i8){.bias = (1 << (shift - 1)) - own_factor * own.zero - other_factor * other.zero,
                     .own = own_factor,
                     .other = other_factor,
                     .shift = (uint32_t)shift,
                     .zero = (int16_t)result.zero};
}
