/* image/jpeg_pixels.h: a JPEG's planes of samples to pixels, to the last bit as libjpeg does it by default ("fancy
 * upsampling"), and so browsers and Pillow: planes of half the width or height are made smooth, then colours are
 * converted in fixed point. */
#ifndef HB_IMAGE_JPEG_PIXELS_H
#define HB_IMAGE_JPEG_PIXELS_H

#include "base/error.h"

typedef struct {
  const uint8_t *samples;
  size_t stride;          /* bytes from row to row, a multiple of 8 */
  uint32_t width, height; /* of what the picture has of it */
  uint32_t across, down;  /* pixels that a sample stands for */
} hb_jpeg_plane;

typedef enum {
  HB_JPEG_GREY,
  HB_JPEG_RGB,
  HB_JPEG_YCC,
  HB_JPEG_CMYK, /* inks are stored inverted, as Adobe does */
  HB_JPEG_YCCK,
} hb_jpeg_colours;

/* `planes` has as many as `colours` has letters, one for grey. `rgb` has width * height * 3 bytes. Fails with
 * HB_OUT_OF_MEMORY, without a sentence. */
hb_status hb_jpeg_pixels(const hb_jpeg_plane planes[], hb_jpeg_colours colours, uint32_t width, uint32_t height,
                         uint8_t *rgb);

#endif
