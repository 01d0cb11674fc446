#include <stddef.h>

#include "reference_i8.h"

#include <math.h>

static int8_t clamp(int32_t x) { return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x); }

static int8_t requantize(int32_t sum, float input_scale, float kernel_scale, hb_quantization output) {
  const float scaled = (float)sum * (input_scale * kernel_scale / output.scale);
  if (scaled > 1000) return 127;
  if (scaled < -1000) return -128;
  return clamp((int32_t)nearbyintf(scaled) + output.zero);
}

static int32_t dot(const int8_t *x, int32_t zero, const int8_t *w, size_t count) {
  int32_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += (x[i] - zero) * w[i];
  return sum;
}

void reference_conv_i8(const hb_conv_spec *s, const int8_t *kernel, const float *kernel_scale, const int32_t *bias,
                       hb_quantization in, hb_quantization out, const int8_t *input, uint32_t side, int8_t *output) {
  const int32_t k = (int32_t)s->kernel, padding = k / 2, width = (int32_t)side;
  for (int32_t y = 0; y < width / (int32_t)s->stride; y++)
    for (int32_t x = 0; x < width / (int32_t)s->stride; x++)
      for (uint32_t o = 0; o < s->out; o++) {
        int32_t sum = bias[o];
        for (int32_t ky = 0; ky < k; ky++)
          for (int32_t kx = 0; kx < k; kx++) {
            const int32_t iy = y * (int32_t)s->stride + ky - padding, ix = x * (int32_t)s->stride + kx - padding;
            if (iy < 0 || ix < 0 || iy >= width || ix >= width) continue;
            sum += dot(input + (size_t)(iy * width + ix) * s->in, in.zero,
                       kernel + ((size_t)(o * s->kernel + (uint32_t)ky) * s->kernel + (uint32_t)kx) * s->in, s->in);
          }
        *output++ = requantize(sum, in.scale, kernel_scale[o], out);
      }
}

void reference_add_i8(hb_quantization a, hb_quantization b, hb_quantization out, const int8_t *x, const int8_t *y,
                      size_t count, int8_t *output) {
  /* the larger factor gets 21 bits */
  const double fa = (double)(a.scale / out.scale), fb = (double)(b.scale / out.scale), larger = fmax(fa, fb);
  int shift = 20;
  while (larger * pow(2, shift) >= 0x1p21) shift--;
  while (larger * pow(2, shift) < 0x1p20) shift++;
  const int64_t ma = (int64_t)nearbyint(fa * pow(2, shift)), mb = (int64_t)nearbyint(fb * pow(2, shift));
  for (size_t i = 0; i < count; i++) {
    const int64_t sum = (x[i] - a.zero) * ma + (y[i] - b.zero) * mb + ((int64_t)1 << (shift - 1));
    output[i] = clamp((int32_t)floor((double)sum / pow(2, shift)) + out.zero);
  }
}

void reference_max_pool_i8(const int8_t *input, uint32_t side, uint32_t channels, int8_t *output) {
  const int32_t width = (int32_t)side;
  for (int32_t y = 0; y < width / 2; y++)
    for (int32_t x = 0; x < width / 2; x++)
      for (uint32_t c = 0; c < channels; c++) {
        int8_t most = -128;
        for (int32_t iy = 2 * y - 1; iy <= 2 * y + 1; iy++)
          for (int32_t ix = 2 * x - 1; ix <= 2 * x + 1; ix++) {
            if (iy < 0 || ix < 0 || iy >= width || ix >= width) continue;
            const int8_t q = input[(size_t)(iy * width + ix) * channels + c];
            if (q > most) most = q;
          }
        *output++ = most;
      }
}
