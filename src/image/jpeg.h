/* image/jpeg.h: a JPEG, as far as it is there. */
#ifndef HB_IMAGE_JPEG_H
#define HB_IMAGE_JPEG_H

#include "image/image.h"

/* As hb_image_decode. */
hb_status hb_jpeg_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

#endif
