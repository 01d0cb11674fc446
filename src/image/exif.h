/* image/exif.h: which way up a JPEG was taken. */
#ifndef HB_IMAGE_EXIF_H
#define HB_IMAGE_EXIF_H

#include <stdbool.h>
#include <stddef.h>

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

/* From a JPEG's first EXIF segment; HB_UPRIGHT for anything else, anything malformed and any value outside 1..8. */
hb_orientation hb_exif_orientation(const void *bytes, size_t size);

/* An orientation as a swap of axes (first) and flips of the stored picture's own axes. */
static inline bool hb_orientation_swaps_axes(hb_orientation o) { return o >= HB_TRANSPOSE; }
static inline bool hb_orientation_flips_x(hb_orientation o) {
  return o == HB_MIRROR_X || o == HB_ROTATE_180 || o == HB_TRANSVERSE || o == HB_ROTATE_270;
}
static inline bool hb_orientation_flips_y(hb_orientation o) {
  return o == HB_ROTATE_180 || o == HB_MIRROR_Y || o == HB_ROTATE_90 || o == HB_TRANSVERSE;
}

#endif
