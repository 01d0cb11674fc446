/* image/resample_weights.h: which pixels of a row or column a resized picture's pixels are made of, and how much of
 * each: the triangle filter of Pillow's BILINEAR, widened where a picture shrinks ("antialias"). */
#ifndef HB_IMAGE_RESAMPLE_WEIGHTS_H
#define HB_IMAGE_RESAMPLE_WEIGHTS_H

#include "base/error.h"

/* Pillow's PRECISION_BITS for 8-bit pixels: a weight of 1 is 1 << 22. */
#define HB_WEIGHT_BITS 22
/* A weight is upper << 15 | lower, so that either half is a signed 16-bit number, which vectors multiply fast. */
#define HB_WEIGHT_LOWER_BITS 15
/* Weights come in groups, the last one filled up with zeros. */
#define HB_WEIGHT_GROUP 4

/* A part of the shown picture's width or height, once that is resized to `size` pixels. */
typedef struct {
  uint32_t size, start, count;
} hb_span;

/* An output pixel is made of the stored pixels from `first` on, `count` of them. */
typedef struct {
  uint32_t first, count;
} hb_taps;

typedef struct {
  uint32_t count;  /* the span's */
  hb_taps *taps;   /* [count], in the order in which pixels are shown */
  int16_t *groups; /* [count][max_groups][8]: the lower halves of four weights, then the upper ones */
  uint32_t max_groups;
  uint32_t first, end; /* the stored pixels of which anything is read */
} hb_resample_weights;

/* Makes the weights of `pixels` stored pixels, which are shown from the last to the first if `flipped`. Fails with
 * HB_OUT_OF_MEMORY, and with HB_INVALID_ARGUMENT where the span has no pixels. */
hb_status hb_resample_weights_make(uint32_t pixels, bool flipped, hb_span span, hb_resample_weights *out,
                                   hb_error *error);
void hb_resample_weights_free(hb_resample_weights *w);

static inline uint32_t hb_taps_groups(const hb_taps *t) { return (t->count + HB_WEIGHT_GROUP - 1) / HB_WEIGHT_GROUP; }

static inline const int16_t *hb_resample_groups(const hb_resample_weights *w, uint32_t pixel) {
  return w->groups + (size_t)pixel * w->max_groups * 2 * HB_WEIGHT_GROUP;
}

/* The weight of a tap; `groups` are its pixel's. */
static inline int32_t hb_resample_weight(const int16_t *groups, uint32_t tap) {
  const int16_t *half = groups + (size_t)(tap / HB_WEIGHT_GROUP) * 2 * HB_WEIGHT_GROUP + tap % HB_WEIGHT_GROUP;
  return half[HB_WEIGHT_GROUP] * (1 << HB_WEIGHT_LOWER_BITS) + half[0];
}

#endif
