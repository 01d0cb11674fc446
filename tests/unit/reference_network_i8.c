#include "reference_network_i8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A square feature map, [side][side][channels]. */
typedef struct {
  uint32_t side, channels;
  hb_quantization q;
  int8_t *codes;
} map;

static void *allocate(size_t bytes) {
  void *memory = calloc(bytes, 1);
  if (memory == NULL) abort();
  return memory;
}

static map make_map(uint32_t side, uint32_t channels, hb_quantization q) {
  return (map){side, channels, q, allocate((size_t)side * side * channels)};
}

static int8_t clamp(int64_t code) { return (int8_t)(code < -128 ? -128 : code > 127 ? 127 : code); }

/* ---- Input ---- */

static map input_of(const hb_quantized *q, const uint8_t *crop) {
  static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
  map m = make_map(224, 3, q->map[HB_MAP_INPUT]);
  for (size_t i = 0; i < 224 * 224 * 3; i++) {
    double value = (crop[i] / 255.0 - mean[i % 3]) / deviation[i % 3];
    m.codes[i] = clamp(llrint(value / m.q.scale) + m.q.zero);
  }
  return m;
}

/* ---- Convolution ---- */

/* Kernel [out][k][k][in] to [k][k][in][out], so that the innermost loop runs over independent sums. */
static int16_t *output_last(const int8_t *kernel, const hb_conv_spec *s) {
  size_t taps = (size_t)s->kernel * s->kernel * s->in;
  int16_t *turned = allocate(taps * s->out * sizeof *turned);
  for (size_t o = 0; o < s->out; o++)
    for (size_t t = 0; t < taps; t++) turned[t * s->out + o] = kernel[o * taps + t];
  return turned;
}

/* Adds one input pixel's share to the sums of an output pixel. */
static void add_pixel(int32_t *restrict sums, const int8_t *pixel, int32_t zero, const int16_t *restrict weights,
                      uint32_t in, uint32_t out) {
  for (uint32_t i = 0; i < in; i++) {
    const int32_t x = pixel[i] - zero;
    for (uint32_t o = 0; o < out; o++) sums[o] += x * weights[(size_t)i * out + o];
  }
}

static map convolution(const hb_quantized *q, int c, const map *input) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  const int32_t side = (int32_t)input->side, padding = (int32_t)(s->kernel / 2), k = (int32_t)s->kernel;
  map output = make_map(input->side / s->stride, s->out, q->map[HB_MAP_CONV(c)]);
  int16_t *weights = output_last(q->kernel[c], s);
  for (uint32_t y = 0; y < output.side; y++)
    for (uint32_t x = 0; x < output.side; x++) {
      int32_t sums[512];
      for (uint32_t o = 0; o < s->out; o++) sums[o] = q->bias[c][o];
      for (int32_t ky = 0; ky < k; ky++)
        for (int32_t kx = 0; kx < k; kx++) {
          int32_t iy = (int32_t)(y * s->stride) + ky - padding, ix = (int32_t)(x * s->stride) + kx - padding;
          if (iy < 0 || ix < 0 || iy >= side || ix >= side) continue; /* the zero there adds nothing */
          add_pixel(sums, input->codes + ((size_t)iy * input->side + (uint32_t)ix) * s->in, input->q.zero,
                    weights + (size_t)(ky * k + kx) * s->in * s->out, s->in, s->out);
        }
      for (uint32_t o = 0; o < s->out; o++) {
        const float factor = input->q.scale * q->kernel_scale[c][o] / output.q.scale;
        output.codes[((size_t)y * output.side + x) * s->out + o] =
            clamp(llrintf((float)sums[o] * factor) + output.q.zero);
      }
    }
  free(weights);
  return output;
}

/* ---- The rest ---- */

/* 3 x 3, stride 2, padding 1. */
static map max_pool(const map *input) {
  map output = make_map(input->side / 2, input->channels, input->q);
  for (uint32_t y = 0; y < output.side; y++)
    for (uint32_t x = 0; x < output.side; x++)
      for (uint32_t c = 0; c < input->channels; c++) {
        int8_t best = -128;
        for (int32_t iy = 2 * (int32_t)y - 1; iy <= 2 * (int32_t)y + 1; iy++)
          for (int32_t ix = 2 * (int32_t)x - 1; ix <= 2 * (int32_t)x + 1; ix++) {
            if (iy < 0 || ix < 0 || iy >= (int32_t)input->side || ix >= (int32_t)input->side) continue;
            int8_t code = input->codes[((size_t)iy * input->side + (uint32_t)ix) * input->channels + c];
            best = code > best ? code : best;
          }
        output.codes[((size_t)y * output.side + x) * input->channels + c] = best;
      }
  return output;
}

/* xnn_init_qs8_add_minmax_scalar_params: the larger factor becomes a whole number of 21 bits. */
static map sum(const map *a, const map *b, hb_quantization q) {
  const float by_a = a->q.scale / q.scale, by_b = b->q.scale / q.scale;
  const int shift = 20 - ilogbf(fmaxf(by_a, by_b));
  const int64_t times_a = llrintf(ldexpf(by_a, shift)), times_b = llrintf(ldexpf(by_b, shift));
  map output = make_map(a->side, a->channels, q);
  for (size_t i = 0; i < (size_t)a->side * a->side * a->channels; i++) {
    int64_t exact = times_a * (a->codes[i] - a->q.zero) + times_b * (b->codes[i] - b->q.zero);
    output.codes[i] = clamp(((exact + (INT64_C(1) << (shift - 1))) >> shift) + q.zero);
  }
  return output;
}

static map basic_block(const hb_quantized *q, int block, int *c, map input) {
  map first = convolution(q, (*c)++, &input);
  map second = convolution(q, (*c)++, &first), shortcut = input;
  bool downsample = second.side != input.side;
  if (downsample) shortcut = convolution(q, (*c)++, &input);
  map output = sum(&second, &shortcut, q->map[HB_MAP_BLOCK(block)]);
  if (downsample) free(shortcut.codes);
  free(first.codes);
  free(second.codes);
  free(input.codes);
  return output;
}

static map stem(const hb_quantized *q, const uint8_t *crop) {
  map picture = input_of(q, crop), wide = convolution(q, 0, &picture), pooled = max_pool(&wide);
  free(picture.codes);
  free(wide.codes);
  return pooled;
}

static void average(const map *m, float *means) {
  const uint32_t area = m->side * m->side;
  const float scale = m->q.scale / (float)area;
  for (uint32_t i = 0; i < m->channels; i++) {
    int32_t total = 0;
    for (size_t p = 0; p < area; p++) total += m->codes[p * m->channels + i] - m->q.zero;
    means[i] = (float)total * scale;
  }
}

void reference_network_i8(const hb_quantized *quantized, const uint8_t *crop, float *features) {
  map m = stem(quantized, crop);
  int c = 1;
  for (int block = 0; block < HB_BLOCK_COUNT; block++) {
    m = basic_block(quantized, block, &c, m);
    if (block == 5) average(&m, features + 512); /* the end of layer3 */
  }
  average(&m, features);
  free(m.codes);
}
