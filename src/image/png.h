/* image/png.h: a PNG, as far as it is there. */
#ifndef HB_IMAGE_PNG_H
#define HB_IMAGE_PNG_H

#include "image/image.h"

/* As hb_image_decode. */
hb_status hb_png_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

/* The content of the chunk eXIf, which is TIFF; NULL if there is none. */
const uint8_t *hb_png_exif(const uint8_t *bytes, size_t size, size_t *exif_size);

#endif
