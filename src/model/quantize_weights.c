#include "model/quantize_weights.h"

#include <math.h>
#include <string.h>

#include "vector/row_encoding.h"

#define CODE_MOST 127
#define BIAS_MOST 0x1p24 /* keeps sums far from the ends of int32 */
#define LEAST_SCALE 1e-12f

/* Quantizes one output channel. Its scale is the step, or takes the largest weight to 127 if there is no step (0). If
 * the bias needs a larger scale, it is that. */
static void quantize_channel(const float *kernel, size_t size, float bias, float input_scale, float step, int8_t *codes,
                             float *scale, int32_t *bias_code) {
  float largest = 0;
  for (size_t i = 0; i < size; i++) largest = fmaxf(largest, fabsf(kernel[i]));
  float least = fmaxf(LEAST_SCALE, (float)(fabs((double)bias) / input_scale / BIAS_MOST));
  *scale = fmaxf(step > 0 ? step : largest / CODE_MOST, least);
  for (size_t i = 0; i < size; i++) codes[i] = (int8_t)lrintf(kernel[i] / *scale);
  *bias_code = (int32_t)lrint(bias / ((double)input_scale * *scale));
}

static void quantize_convolution(const hb_weights *from, int c, const float *steps, hb_quantized *to) {
  const hb_conv_spec *spec = &hb_conv_specs[c];
  const float input_scale = to->map[spec->from].scale;
  const size_t size = hb_conv_taps(spec);
  for (uint32_t o = 0; o < spec->out; o++)
    quantize_channel(from->kernel[c] + o * size, size, from->bias[c][o], input_scale, steps != NULL ? steps[o] : 0,
                     (int8_t *)to->kernel[c] + o * size, (float *)to->kernel_scale[c] + o, (int32_t *)to->bias[c] + o);
}

/* Rounds fc to what will be read from the file, which keeps it in 8 bits. */
static void round_fc(const hb_weights *from, hb_weights *to) {
  int8_t codes[HB_POOLED_DIM];
  float scale;
  const hb_rows rows = {HB_ENCODING_I8, HB_POOLED_DIM, 1, codes, &scale};
  for (size_t row = 0; row < HB_LOGITS_DIM; row++) {
    hb_row_encode(HB_ENCODING_I8, HB_POOLED_DIM, from->fc_kernel + row * HB_POOLED_DIM, false, codes, &scale);
    hb_row_decode(&rows, 0, (float *)to->fc_kernel + row * HB_POOLED_DIM);
  }
  memcpy((float *)to->fc_bias, from->fc_bias, HB_LOGITS_DIM * sizeof(float));
}

hb_status hb_quantize_weights(const hb_weights *weights, const float *steps, const hb_quantization maps[HB_MAP_COUNT],
                              hb_weights *out, hb_error *error) {
  hb_weights quantized = {.precision = HB_PRECISION_I8, .compact = steps != NULL};
  hb_status status = hb_weights_allocate_quantized(&quantized, error);
  if (status != HB_OK) return status;
  quantized.view = weights->view;
  memcpy(quantized.quantized.map, maps, sizeof quantized.quantized.map);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    quantize_convolution(weights, c, steps, &quantized.quantized);
    if (steps != NULL) steps += hb_conv_specs[c].out;
  }
  round_fc(weights, &quantized);
  char tensor[HB_TENSOR_NAME];
  if (!hb_quantized_is_sound(&quantized.quantized, tensor)) {
    hb_weights_free(&quantized);
    return hb_fail(error, HB_BAD_MODEL, "the network does not fit 8 bits: '%s' would be out of range", tensor);
  }
  hb_weights_identify(&quantized);
  *out = quantized;
  return HB_OK;
}
