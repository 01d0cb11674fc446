#include "synthetic_i8.h"

#include <math.h>
#include <stdlib.h>

#include "image/resize.h"

int32_t random_between(hb_random *random, int32_t least, int32_t most) {
  return least + (int32_t)hb_random_below(random, (uint32_t)(most - least) + 1);
}

void random_picture(hb_random *random, int8_t *picture) {
  for (size_t i = 0; i < HB_CROP_BYTES; i++) picture[i] = (int8_t)random_between(random, -128, 127);
}

static size_t taps(int c) { return (size_t)hb_conv_specs[c].kernel * hb_conv_specs[c].kernel * hb_conv_specs[c].in; }

static bool is_downsample(int c) { return c < HB_CONV_COUNT && hb_conv_specs[c].kernel == 1; }

/* Of what convolution c reads. */
static hb_quantization input_of(const hb_quantized *q, int c, int block, bool first) {
  if (c == 0) return q->input;
  if (!first && !is_downsample(c)) return q->conv[c - 1];
  return block == 0 ? q->conv[0] : q->block[block - 1];
}

static hb_quantization random_quantization(hb_random *random, bool relu) {
  const float scale = (float)(0.02 + 0.03 * hb_random_unit(random));
  return (hb_quantization){scale, relu ? -128 : random_between(random, -20, 20)};
}

/* Scales that make sums of random products about 40 units of the output. */
static void fill_conv(hb_quantized *q, int c, hb_quantization input, int32_t limit, hb_random *random, int8_t *kernel,
                      float *scale, int32_t *bias) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  const double spread = 0.58 * limit * sqrt((double)taps(c)) * 64;
  for (size_t i = 0; i < taps(c) * s->out; i++) kernel[i] = (int8_t)random_between(random, -limit, limit);
  for (uint32_t o = 0; o < s->out; o++) {
    const double wanted = 40 / spread * (0.5 + hb_random_unit(random));
    scale[o] = (float)(wanted * q->conv[c].scale / input.scale);
    bias[o] = random_between(random, -(int32_t)spread, (int32_t)spread);
  }
  q->kernel[c] = kernel;
  q->kernel_scale[c] = scale;
  q->bias[c] = bias;
}

hb_quantized synthetic_i8(uint64_t seed, int32_t limit, void **memory) {
  hb_quantized q = {0};
  hb_random random = {seed};
  size_t kernels = 0, outputs = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) outputs += hb_conv_specs[c].out, kernels += taps(c) * hb_conv_specs[c].out;
  float *scale = malloc(outputs * (sizeof *scale + sizeof(int32_t)) + kernels);
  if (scale == NULL) abort();
  *memory = scale;
  int32_t *bias = (int32_t *)(scale + outputs);
  int8_t *kernel = (int8_t *)(bias + outputs);
  q.input = (hb_quantization){5.2f / 255, random_between(&random, -10, 10)};
  for (int c = 0, block = 0, first = 1; c < HB_CONV_COUNT; c++) {
    q.conv[c] = random_quantization(&random, c == 0 || c == first);
    fill_conv(&q, c, input_of(&q, c, block, c == first), limit, &random, kernel, scale, bias);
    kernel += taps(c) * hb_conv_specs[c].out;
    scale += hb_conv_specs[c].out;
    bias += hb_conv_specs[c].out;
    if (c > first && !is_downsample(c + 1)) {
      q.block[block++] = random_quantization(&random, true);
      first = c + 1;
    }
  }
  return q;
}
