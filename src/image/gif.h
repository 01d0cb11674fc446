/* image/gif.h: a GIF's first frame, as far as it is there. */
#ifndef HB_IMAGE_GIF_H
#define HB_IMAGE_GIF_H

#include "image/image.h"

/* As hb_image_decode. Pixels that the frame does not draw are transparent. */
hb_status hb_gif_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

#endif
