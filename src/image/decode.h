/* image/decode.h: picture files to pixels. */
#ifndef HB_IMAGE_DECODE_H
#define HB_IMAGE_DECODE_H

#include "base/error.h"
#include "image/exif.h"

/* Pixels as stored, 8 bits a channel, rows top to bottom without padding; `orientation` tells how to show them. */
typedef struct {
  uint8_t *pixels; /* channels * width * height bytes */
  uint32_t width, height;
  uint32_t channels; /* 3: RGB; 4: RGB and a byte without meaning */
  hb_orientation orientation;
} hb_image;

/* Decodes JPEG, PNG, GIF (first frame), BMP or PNM. Grey becomes RGB, 16 bits become 8, alpha is laid over white.
 * Fails with HB_UNSUPPORTED_IMAGE, HB_CORRUPT_IMAGE (also when the file is cut short) or HB_IMAGE_TOO_LARGE (before
 * anything is allocated). The caller frees with hb_image_free. */
hb_status hb_image_decode(const void *bytes, size_t size, hb_image *out, hb_error *error);
void hb_image_free(hb_image *image);

/* Lays RGBA pixels over white, in place; the fourth byte becomes 255. */
void hb_image_flatten_alpha(uint8_t *rgba, size_t pixels);

#endif
