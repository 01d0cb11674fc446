/* image/resample.h: resizes a picture as Pillow's Image.resize(size, BILINEAR) does, to the last bit: rows first,
 * rounded to 8 bits, then columns, both in fixed point. Orientation comes before, as if ImageOps.exif_transpose had
 * turned the picture. Pixels are integers throughout, so that the bytes are the same on every machine. */
#ifndef HB_IMAGE_RESAMPLE_H
#define HB_IMAGE_RESAMPLE_H

#include "image/image.h"
#include "image/resample_weights.h"

/* The part `across` x `down` of the shown picture, resized to across.size x down.size, as 8-bit RGB,
 * [down.count][across.count][3], the right way up. Only that part is computed, and memory is taken for a few rows, not
 * for a picture. A fourth channel is not read. Fails with HB_OUT_OF_MEMORY, and with HB_INVALID_ARGUMENT where there
 * are no pixels to make. */
hb_status hb_image_resample(const hb_image *image, hb_span across, hb_span down, uint8_t *rgb, hb_error *error);

#endif
