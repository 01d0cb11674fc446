#include "model/activation_range.h"

#include <math.h>

#define FIRST_RANGE 0x1p-10
#define OUTERMOST 1e-5 /* the part of all numbers that HB_RANGE_PERCENTILE leaves out on each side */
#define SHRINK_STEPS 60
#define SHRINK 0.985 /* in a step; all steps together lead to 0.4 of the whole range */

static const int half = HB_HISTOGRAM_BINS / 2; /* bins on either side of zero */

static const char *const names[] = {"max", "percentile", "least error"};

const char *hb_range_name(hb_range_method method) { return names[method]; }

void hb_histogram_clear(hb_histogram *h) { *h = (hb_histogram){.range = FIRST_RANGE}; }

/* Doubles the range. Each two bins become one, and zero stays in the middle. */
static void widen(hb_histogram *h) {
  uint64_t bins[HB_HISTOGRAM_BINS] = {0};
  for (int i = 0; i < HB_HISTOGRAM_BINS; i++) bins[half / 2 + i / 2] += h->bins[i];
  for (int i = 0; i < HB_HISTOGRAM_BINS; i++) h->bins[i] = bins[i];
  h->range *= 2;
}

bool hb_histogram_add(hb_histogram *h, const float *values, size_t count) {
  float least = h->least, most = h->most;
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) return false;
    least = fminf(least, values[i]);
    most = fmaxf(most, values[i]);
  }
  h->least = least, h->most = most;
  while (fmax(-(double)least, most) >= h->range) widen(h);
  /* in double, so that the largest number below the range is not rounded up to it */
  const double scale = half / h->range;
  for (size_t i = 0; i < count; i++) h->bins[(int)(values[i] * scale + half)]++;
  h->total += count;
  return true;
}

typedef struct {
  double low, high;
} range;

static double bin_middle(const hb_histogram *h, int i) { return (i + 0.5 - half) * h->range / half; }

static hb_quantization quantization_of(range r, bool rectified) {
  double width = fmax(r.high - r.low, 1e-6); /* a feature map of zeros needs a scale, too */
  float scale = (float)(width / 255);
  return (hb_quantization){scale, rectified ? -128 : (int32_t)fmin(127, fmax(-128, rint(-128 - r.low / scale)))};
}

/* Returns the range without OUTERMOST of the numbers on each side. */
static range percentile(const hb_histogram *h, range whole) {
  const double cut = OUTERMOST * (double)h->total;
  uint64_t seen = 0;
  int low = 0, high = HB_HISTOGRAM_BINS - 1;
  while ((double)(seen += h->bins[low]) < cut) low++;
  for (seen = 0; (double)(seen += h->bins[high]) < cut;) high--;
  return (range){fmax(whole.low, fmin(0, bin_middle(h, low))), fmin(whole.high, fmax(0, bin_middle(h, high)))};
}

static double squared_error(const hb_histogram *h, range r, bool rectified) {
  const hb_quantization q = quantization_of(r, rectified);
  double sum = 0;
  for (int i = 0; i < HB_HISTOGRAM_BINS; i++) {
    if (h->bins[i] == 0) continue;
    double x = bin_middle(h, i), code = fmin(127, fmax(-128, rint(x / q.scale) + q.zero));
    double difference = x - q.scale * (code - q.zero);
    sum += (double)h->bins[i] * difference * difference;
  }
  return sum;
}

/* Shrinks one end of the range, then the other, and returns the best range on the way. */
static range least_error(const hb_histogram *h, range whole, bool rectified) {
  range best = whole;
  for (int end = rectified; end < 2; end++) {
    double least = INFINITY;
    range tried = best;
    for (int step = 0; step < SHRINK_STEPS; step++) {
      double error = squared_error(h, tried, rectified);
      if (error < least) least = error, best = tried;
      *(end == 0 ? &tried.low : &tried.high) *= SHRINK;
    }
  }
  return best;
}

hb_quantization hb_histogram_choose(const hb_histogram *h, bool rectified, hb_range_method method) {
  const range whole = {h->least, h->most};
  range chosen = whole;
  if (method == HB_RANGE_PERCENTILE) chosen = percentile(h, whole);
  if (method == HB_RANGE_LEAST_ERROR) chosen = least_error(h, whole, rectified);
  return quantization_of(chosen, rectified);
}
