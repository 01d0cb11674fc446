#include "resnet18/layers.h"

#include <math.h>
#include <string.h>

/* The input rows, or columns, of an output's window that lie inside the picture. */
typedef struct {
  uint32_t first, last;
} window;

static window window_at(uint32_t at) { return (window){at > 0 ? 2 * at - 1 : 0, 2 * at + 1}; }

void hb_layer_max_pool_f32(const float *in, uint32_t side, uint32_t channels, float *out) {
  for (uint32_t y = 0; y < side; y++)
    for (uint32_t x = 0; x < side; x++, out += channels) {
      const window rows = window_at(y), columns = window_at(x);
      for (uint32_t c = 0; c < channels; c++) out[c] = -INFINITY;
      for (uint32_t v = rows.first; v <= rows.last; v++)
        for (uint32_t u = columns.first; u <= columns.last; u++) {
          const float *pixel = in + ((size_t)v * 2 * side + u) * channels;
          for (uint32_t c = 0; c < channels; c++) out[c] = out[c] > pixel[c] ? out[c] : pixel[c];
        }
    }
}

void hb_layer_max_pool_i8(const int8_t *in, uint32_t side, uint32_t channels, int8_t *out) {
  for (uint32_t y = 0; y < side; y++)
    for (uint32_t x = 0; x < side; x++, out += channels) {
      const window rows = window_at(y), columns = window_at(x);
      memset(out, INT8_MIN, channels);
      for (uint32_t v = rows.first; v <= rows.last; v++)
        for (uint32_t u = columns.first; u <= columns.last; u++) {
          const int8_t *pixel = in + ((size_t)v * 2 * side + u) * channels;
          for (uint32_t c = 0; c < channels; c++) out[c] = out[c] > pixel[c] ? out[c] : pixel[c];
        }
    }
}

/* `out` may be `b`. Vectors are safe nevertheless, because each number depends only on its own place, but the compiler
 * must be told so. It cannot vectorize sanitized loops. */
#ifdef HB_SANITIZED
#define EACH_BY_ITSELF
#else
#define EACH_BY_ITSELF _Pragma("clang loop vectorize(assume_safety)")
#endif

void hb_layer_add_relu_f32(const float *a, const float *b, size_t count, float *out) {
  EACH_BY_ITSELF
  for (size_t i = 0; i < count; i++) {
    const float sum = a[i] + b[i];
    out[i] = sum > 0 ? sum : 0;
  }
}

void hb_layer_add_i8(const hb_sum_i8 *sum, const int8_t *a, const int8_t *b, size_t count, int8_t *out) {
  const hb_sum_i8 k = *sum; /* a copy, for the compiler must assume that `out` overlaps the original */
  EACH_BY_ITSELF
  for (size_t i = 0; i < count; i++) {
    int32_t q = ((k.bias + a[i] * k.own + b[i] * k.other) >> k.shift) + k.zero;
    q = q < INT8_MIN ? INT8_MIN : q;
    out[i] = (int8_t)(q > INT8_MAX ? INT8_MAX : q);
  }
}

void hb_layer_mean_f32(const float *restrict in, uint32_t side, uint32_t channels, float *restrict means) {
  const uint32_t area = side * side;
  memset(means, 0, channels * sizeof *means);
  for (uint32_t p = 0; p < area; p++, in += channels)
    for (uint32_t i = 0; i < channels; i++) means[i] += in[i];
  for (uint32_t i = 0; i < channels; i++) means[i] /= (float)area;
}

void hb_layer_mean_i8(const int8_t *in, uint32_t side, uint32_t channels, hb_quantization quantization, float *means) {
  const int32_t area = (int32_t)(side * side);
  const float scale = quantization.scale / (float)area;
  int32_t sums[HB_POOLED_DIM] = {0};
  for (int32_t p = 0; p < area; p++, in += channels)
    for (uint32_t i = 0; i < channels; i++) sums[i] += in[i];
  for (uint32_t i = 0; i < channels; i++) means[i] = (float)(sums[i] - area * quantization.zero) * scale;
}
