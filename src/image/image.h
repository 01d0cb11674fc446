/* image/image.h: a picture's pixels, and which way up they are. */
#ifndef HB_IMAGE_IMAGE_H
#define HB_IMAGE_IMAGE_H

#include "base/error.h"

/* The values of EXIF tag 0x0112 (TIFF 6.0 section 8, "Orientation"): what must be done to show the stored picture. */
typedef enum {
  HB_UPRIGHT = 1,
  HB_MIRROR_X = 2,
  HB_ROTATE_180 = 3,
  HB_MIRROR_Y = 4,
  HB_TRANSPOSE = 5,
  HB_ROTATE_90 = 6, /* clockwise */
  HB_TRANSVERSE = 7,
  HB_ROTATE_270 = 8,
} hb_orientation;

/* An orientation as a swap of axes (first) and flips of the stored picture's own axes. */
static inline bool hb_orientation_swaps_axes(hb_orientation o) { return o >= HB_TRANSPOSE; }
static inline bool hb_orientation_flips_x(hb_orientation o) {
  return o == HB_MIRROR_X || o == HB_ROTATE_180 || o == HB_TRANSVERSE || o == HB_ROTATE_270;
}
static inline bool hb_orientation_flips_y(hb_orientation o) {
  return o == HB_ROTATE_180 || o == HB_MIRROR_Y || o == HB_ROTATE_90 || o == HB_TRANSVERSE;
}

/* Pixels as stored, 8 bits a channel, rows top to bottom without padding; `orientation` tells how to show them. */
typedef struct {
  uint8_t *pixels; /* channels * width * height bytes */
  uint32_t width, height;
  uint32_t channels; /* 3: RGB; 4: RGB and a byte without meaning */
  hb_orientation orientation;
} hb_image;

void hb_image_free(hb_image *image);

/* Lays RGBA pixels over white, in place; the fourth byte becomes 255. */
void hb_image_flatten_alpha(uint8_t *rgba, size_t pixels);

#endif
