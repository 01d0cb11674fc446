/* activation_range.h: what range the numbers of a map lie in, and the best 8 bits for them. Not in the browser. */
#ifndef HB_MODEL_ACTIVATION_RANGE_H
#define HB_MODEL_ACTIVATION_RANGE_H

#include "resnet18/quantization.h"

#define HB_HISTOGRAM_BINS 4096 /* over [-range, range) */

/* How a map's range is chosen from what was seen. */
typedef enum {
  HB_RANGE_MAX,         /* all of it */
  HB_RANGE_PERCENTILE,  /* but for the outermost hundredth of a thousandth */
  HB_RANGE_LEAST_ERROR, /* the range that makes the sum of squared errors, of rounding and of cutting, least */
  HB_RANGE_COUNT
} hb_range_method;

/* "max", "percentile" or "least error". */
const char *hb_range_name(hb_range_method method);

typedef struct {
  double range; /* a power of two: grows with what is seen */
  float least, most;
  uint64_t total;
  uint64_t bins[HB_HISTOGRAM_BINS];
} hb_histogram;

void hb_histogram_clear(hb_histogram *histogram);
/* False, and nothing is added, if a number is not finite. */
bool hb_histogram_add(hb_histogram *histogram, const float *values, size_t count);

/* `rectified`: no number is negative, and the zero is -128, as a ReLU wants it; else the range includes zero. */
hb_quantization hb_histogram_choose(const hb_histogram *histogram, bool rectified, hb_range_method method);

#endif
