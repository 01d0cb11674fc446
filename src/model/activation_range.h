/* activation_range.h: calibrates a feature map: records the range of its numbers and chooses the quantization. The
 * browser does not have it. */
#ifndef HB_MODEL_ACTIVATION_RANGE_H
#define HB_MODEL_ACTIVATION_RANGE_H

#include "resnet18/quantization.h"

#define HB_HISTOGRAM_BINS 4096 /* they cover [-range, range) */

/* How a feature map's range is chosen from the numbers that were recorded. */
typedef enum {
  HB_RANGE_MAX,         /* all numbers */
  HB_RANGE_PERCENTILE,  /* all except the outermost 0.001 % on each side */
  HB_RANGE_LEAST_ERROR, /* the range with the least sum of squared errors, from rounding and from clipping */
  HB_RANGE_COUNT
} hb_range_method;

/* Returns "max", "percentile" or "least error". */
const char *hb_range_name(hb_range_method method);

typedef struct {
  double range; /* a power of two, which grows with the numbers */
  float least, most;
  uint64_t total;
  uint64_t bins[HB_HISTOGRAM_BINS];
} hb_histogram;

void hb_histogram_clear(hb_histogram *histogram);
/* Adds numbers. If one is not finite, it adds none and returns false. */
bool hb_histogram_add(hb_histogram *histogram, const float *values, size_t count);

/* Chooses a quantization. If `rectified`, no number is negative, and the zero is -128, which makes the ReLU free; else
 * the range includes 0. */
hb_quantization hb_histogram_choose(const hb_histogram *histogram, bool rectified, hb_range_method method);

#endif
