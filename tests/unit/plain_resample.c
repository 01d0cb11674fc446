#include "plain_resample.h"

#include <math.h>
#include <stdlib.h>

#define ONE (1 << 22) /* a weight of 1 */

/* Of `from` input pixels, those that make output pixel `at` of `to`, and their weights in fixed point. */
static int weights_at(uint32_t at, uint32_t from, uint32_t to, int32_t *weights, uint32_t *first) {
  double scale = (double)from / to, support = fmax(scale, 1), centre = (at + 0.5) * scale, sum = 0;
  double low = fmax(0, trunc(centre - support + 0.5)), high = fmin(from, trunc(centre + support + 0.5));
  int n = (int)(high - low);
  double *exact = must_allocate((size_t)n * sizeof *exact);
  for (int i = 0; i < n; i++) sum += exact[i] = fmax(0, 1 - fabs((i + low - centre + 0.5) * (1 / support)));
  for (int i = 0; i < n; i++) weights[i] = (int32_t)floor(exact[i] / sum * ONE + 0.5);
  free(exact);
  *first = (uint32_t)low;
  return n;
}

static uint8_t to_pixel(int64_t sum) {
  int64_t rounded = (sum + ONE / 2) / ONE;
  return (uint8_t)(rounded < 255 ? rounded : 255);
}

static picture along_rows(const picture *p, uint32_t width) {
  picture out = {width, p->height, 3, must_allocate((size_t)width * p->height * 3)};
  int32_t *weights = must_allocate((p->width + 4) * sizeof *weights);
  for (uint32_t x = 0; x < width; x++) {
    uint32_t first;
    int n = weights_at(x, p->width, width, weights, &first);
    for (uint32_t y = 0; y < p->height; y++)
      for (uint32_t c = 0; c < 3; c++) {
        int64_t sum = 0;
        for (int i = 0; i < n; i++)
          sum += (int64_t)weights[i] * p->pixels[((size_t)y * p->width + first + (uint32_t)i) * p->channels + c];
        out.pixels[((size_t)y * width + x) * 3 + c] = to_pixel(sum);
      }
  }
  free(weights);
  return out;
}

static picture along_columns(const picture *p, uint32_t height) {
  picture out = {p->width, height, 3, must_allocate((size_t)p->width * height * 3)};
  int32_t *weights = must_allocate((p->height + 4) * sizeof *weights);
  for (uint32_t y = 0; y < height; y++) {
    uint32_t first;
    int n = weights_at(y, p->height, height, weights, &first);
    for (size_t x = 0; x < (size_t)p->width * 3; x++) {
      int64_t sum = 0;
      for (int i = 0; i < n; i++) sum += (int64_t)weights[i] * p->pixels[(first + (size_t)i) * p->width * 3 + x];
      out.pixels[(size_t)y * p->width * 3 + x] = to_pixel(sum);
    }
  }
  free(weights);
  return out;
}

picture plain_resample(const picture *shown, uint32_t width, uint32_t height) {
  picture narrow = along_rows(shown, width), out = along_columns(&narrow, height);
  picture_free(&narrow);
  return out;
}
