/* image/libjpeg.h: JPEGs through libjpeg-turbo, which browsers use too: arithmetic coding, odd files, and damaged ones
 * behind whose damage restart markers lead on. Not in the browser. */
#ifndef HB_IMAGE_LIBJPEG_H
#define HB_IMAGE_LIBJPEG_H

#include "image/image.h"

/* As hb_image_decode, but for the orientation. HB_UNSUPPORTED_IMAGE, without a sentence, if libjpeg does not read it
 * either, or is not there. */
hb_status hb_libjpeg_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

#endif
