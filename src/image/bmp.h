/* image/bmp.h: Windows' and OS/2's bitmaps, of every kind that has pixels of its own. stb_image reads half of them, and
 * there is no library for them; browsers' way with what is odd is kept. */
#ifndef HB_IMAGE_BMP_H
#define HB_IMAGE_BMP_H

#include "image/image.h"

/* As hb_image_decode. */
hb_status hb_bmp_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

#endif
