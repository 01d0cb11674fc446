#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A square feature map, [side][side][channels]. */
typedef struct {
  uint32_t side, channels;
  double *values;
} map;

static double *allocate(size_t count) {
  double *values = calloc(count, sizeof *values);
  if (values == NULL) abort();
  return values;
}

/* Kernel [out][k][k][in] to [k][k][in][out], so that the innermost loop runs over independent sums. */
static double *output_last(const float *kernel, const hb_conv_spec *s) {
  size_t taps = (size_t)s->kernel * s->kernel * s->in;
  double *turned = allocate(taps * s->out);
  for (size_t o = 0; o < s->out; o++)
    for (size_t t = 0; t < taps; t++) turned[t * s->out + o] = kernel[o * taps + t];
  return turned;
}

/* Adds one input pixel's share to the sums of an output pixel. */
static void add_pixel(double *sums, const double *pixel, const double *weights, uint32_t in, uint32_t out) {
  for (uint32_t i = 0; i < in; i++)
    for (uint32_t o = 0; o < out; o++) sums[o] += pixel[i] * weights[(size_t)i * out + o];
}

static map convolution(const hb_weights *w, int c, const map *input) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  int32_t side = (int32_t)input->side, padding = (int32_t)(s->kernel / 2), k = (int32_t)s->kernel;
  map output = {input->side / s->stride, s->out, allocate((size_t)input->side * input->side * s->out)};
  double *weights = output_last(w->kernel[c], s);
  for (uint32_t y = 0; y < output.side; y++)
    for (uint32_t x = 0; x < output.side; x++) {
      double *sums = output.values + ((size_t)y * output.side + x) * s->out;
      for (uint32_t o = 0; o < s->out; o++) sums[o] = w->bias[c][o];
      for (int32_t ky = 0; ky < k; ky++)
        for (int32_t kx = 0; kx < k; kx++) {
          int32_t iy = (int32_t)(y * s->stride) + ky - padding, ix = (int32_t)(x * s->stride) + kx - padding;
          if (iy < 0 || ix < 0 || iy >= side || ix >= side) continue;
          add_pixel(sums, input->values + ((size_t)iy * input->side + (uint32_t)ix) * s->in,
                    weights + (size_t)(ky * k + kx) * s->in * s->out, s->in, s->out);
        }
    }
  free(weights);
  return output;
}

static void relu(map *m) {
  for (size_t i = 0; i < (size_t)m->side * m->side * m->channels; i++) m->values[i] = fmax(0, m->values[i]);
}

/* 3 x 3, stride 2, padding 1. */
static map max_pool(const map *input) {
  map output = {input->side / 2, input->channels, allocate((size_t)input->side * input->side / 4 * input->channels)};
  for (uint32_t y = 0; y < output.side; y++)
    for (uint32_t x = 0; x < output.side; x++)
      for (uint32_t c = 0; c < input->channels; c++) {
        double best = -INFINITY;
        for (int32_t iy = 2 * (int32_t)y - 1; iy <= 2 * (int32_t)y + 1; iy++)
          for (int32_t ix = 2 * (int32_t)x - 1; ix <= 2 * (int32_t)x + 1; ix++)
            if (iy >= 0 && ix >= 0 && iy < (int32_t)input->side && ix < (int32_t)input->side)
              best = fmax(best, input->values[((size_t)iy * input->side + (uint32_t)ix) * input->channels + c]);
        output.values[((size_t)y * output.side + x) * input->channels + c] = best;
      }
  return output;
}

static map basic_block(const hb_weights *w, int *c, map input) {
  map first = convolution(w, (*c)++, &input);
  relu(&first);
  map second = convolution(w, (*c)++, &first), shortcut = input;
  bool downsample = second.side != input.side || second.channels != input.channels;
  if (downsample) shortcut = convolution(w, (*c)++, &input);
  for (size_t i = 0; i < (size_t)second.side * second.side * second.channels; i++)
    second.values[i] += shortcut.values[i];
  relu(&second);
  if (downsample) free(shortcut.values);
  free(first.values);
  free(input.values);
  return second;
}

static map stem(const hb_weights *weights, const float *input) {
  map picture = {224, 3, allocate(224 * 224 * 3)};
  for (size_t i = 0; i < 224 * 224 * 3; i++) picture.values[i] = input[i];
  map wide = convolution(weights, 0, &picture);
  relu(&wide);
  map pooled = max_pool(&wide);
  free(picture.values);
  free(wide.values);
  return pooled;
}

static void mean(const map *m, double *means) {
  size_t area = (size_t)m->side * m->side;
  memset(means, 0, m->channels * sizeof *means);
  for (size_t p = 0; p < area; p++)
    for (uint32_t i = 0; i < m->channels; i++) means[i] += m->values[p * m->channels + i] / (double)area;
}

void reference_network(const hb_weights *weights, const float *input, double *features) {
  map m = stem(weights, input);
  int c = 1;
  for (int block = 0; block < 8; block++) {
    m = basic_block(weights, &c, m);
    if (block == 5) mean(&m, features + 512); /* the end of layer3 */
  }
  mean(&m, features);
  free(m.values);
}
