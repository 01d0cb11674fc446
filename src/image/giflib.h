/* image/giflib.h: GIFs through giflib: codes that are cleared late or never, and frames beyond the canvas, which is
 * then as large as they need, as in browsers. Not in the browser. */
#ifndef HB_IMAGE_GIFLIB_H
#define HB_IMAGE_GIFLIB_H

#include "image/image.h"

/* As hb_image_decode: the first frame, RGBA, not yet laid over white. HB_UNSUPPORTED_IMAGE, without a sentence, if
 * giflib does not read it either, or is not there. */
hb_status hb_giflib_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

#endif
