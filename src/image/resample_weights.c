#include "image/resample_weights.h"

#include <math.h>
#include <stdlib.h>

/* The filter as it lies over the pixels of one output pixel. */
typedef struct {
  double centre, slope; /* of the weight, which is 1 at the centre and falls to 0 on both sides */
  hb_taps taps;         /* in the order in which pixels are shown */
} filter;

/* Pillow rounds the ends to the nearest pixel edges, towards zero below it. */
static filter filter_at(uint32_t pixel, uint32_t from, uint32_t to) {
  const double scale = (double)from / to, reach = scale > 1 ? scale : 1, centre = (pixel + 0.5) * scale;
  const double low = centre - reach + 0.5, high = centre + reach + 0.5;
  const uint32_t first = low > 0 ? (uint32_t)low : 0, end = high < from ? (uint32_t)high : from;
  return (filter){centre, 1 / reach, {first, end - first}};
}

/* In double and in this order of operations, on which the last bit depends; -ffp-contract=off keeps them apart. */
static double weight_of(const filter *f, uint32_t tap) {
  const double distance = fabs((tap + (double)f->taps.first - f->centre + 0.5) * f->slope);
  return distance < 1 ? 1 - distance : 0;
}

static void put(int16_t *groups, uint32_t place, int32_t weight) {
  int16_t *half = groups + (size_t)(place / HB_WEIGHT_GROUP) * 2 * HB_WEIGHT_GROUP + place % HB_WEIGHT_GROUP;
  half[0] = (int16_t)(weight & ((1 << HB_WEIGHT_LOWER_BITS) - 1));
  half[HB_WEIGHT_GROUP] = (int16_t)(weight >> HB_WEIGHT_LOWER_BITS);
}

static void fill(const filter *f, bool flipped, int16_t *groups) {
  double sum = 0;
  for (uint32_t i = 0; i < f->taps.count; i++) sum += weight_of(f, i);
  for (uint32_t i = 0; i < f->taps.count; i++) {
    const double rounded = 0.5 + weight_of(f, i) / sum * (1 << HB_WEIGHT_BITS);
    put(groups, flipped ? f->taps.count - 1 - i : i, (int32_t)rounded);
  }
}

hb_status hb_resample_weights_make(uint32_t pixels, bool flipped, hb_span span, hb_resample_weights *out,
                                   hb_error *error) {
  if (span.count == 0) return hb_fail(error, HB_INVALID_ARGUMENT, "a picture cannot be resized to no pixels");
  hb_resample_weights w = {.count = span.count, .first = pixels, .max_groups = 1};
  w.taps = malloc(span.count * sizeof *w.taps);
  if (w.taps == NULL) return hb_fail_memory(error);
  for (uint32_t i = 0; i < span.count; i++) {
    hb_taps *t = &w.taps[i];
    *t = filter_at(span.start + i, pixels, span.size).taps;
    if (flipped) t->first = pixels - t->first - t->count;
    if (hb_taps_groups(t) > w.max_groups) w.max_groups = hb_taps_groups(t);
    if (t->first < w.first) w.first = t->first;
    if (t->first + t->count > w.end) w.end = t->first + t->count;
  }
  const size_t group_bytes = 2 * HB_WEIGHT_GROUP * sizeof *w.groups;
  const uint64_t groups = (uint64_t)span.count * w.max_groups;
  w.groups = groups <= SIZE_MAX / group_bytes ? calloc((size_t)groups, group_bytes) : NULL;
  if (w.groups == NULL) {
    free(w.taps);
    return hb_fail_memory(error);
  }
  for (uint32_t i = 0; i < span.count; i++) {
    const filter f = filter_at(span.start + i, pixels, span.size);
    fill(&f, flipped, w.groups + (size_t)i * w.max_groups * 2 * HB_WEIGHT_GROUP);
  }
  *out = w;
  return HB_OK;
}

void hb_resample_weights_free(hb_resample_weights *w) {
  free(w->taps);
  free(w->groups);
}
