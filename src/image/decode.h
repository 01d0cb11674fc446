/* image/decode.h: picture files to pixels. */
#ifndef HB_IMAGE_DECODE_H
#define HB_IMAGE_DECODE_H

#include "image/exif.h"

/* Decodes JPEG, PNG, GIF (first frame), BMP or PNM. Grey becomes RGB, 16 bits become 8, alpha is laid over white, and
 * what is missing of a damaged picture is filled (image/damage.h). The caller frees with hb_image_free.
 *
 * Fails with HB_IMAGE_TOO_LARGE before anything is allocated. HB_UNSUPPORTED_IMAGE and HB_CORRUPT_IMAGE mean, unless
 * is_incomplete is set, that another decoder may still read it: formats and kinds that are not decoded here, and damage
 * behind which libjpeg finds its way again. In the browser that is the browser's own one. */
hb_status hb_image_decode(const void *bytes, size_t size, hb_image *out, hb_error *error);

/* Decodes with what the browser's engine has, so that a picture has the same pixels natively and there. Natively
 * hb_image_decode also asks libjpeg and giflib (image/libjpeg.h, image/giflib.h). */
hb_status hb_image_decode_alone(const void *bytes, size_t size, hb_image *out, hb_error *error);

#endif
