/* image/bmp_rle.h: the runs of a BMP that is packed: RLE8, RLE4, and RLE24 of OS/2. */
#ifndef HB_IMAGE_BMP_RLE_H
#define HB_IMAGE_BMP_RLE_H

#include "image/image.h"

typedef struct {
  const uint8_t *bytes;
  size_t size;
  uint32_t bits; /* 8, 4 or 24 */
  const uint8_t (*palette)[3];
} hb_bmp_runs;

/* Draws on an RGB image and returns how many of its rows, from the bottom, the data went through: all of
 * them if they ended by themselves. */
uint32_t hb_bmp_runs_decode(const hb_bmp_runs *runs, hb_image *image);

#endif
