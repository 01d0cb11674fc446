/* image/jpeg_transform.h: a JPEG's blocks of 8 x 8 coefficients to samples. */
#ifndef HB_IMAGE_JPEG_TRANSFORM_H
#define HB_IMAGE_JPEG_TRANSFORM_H

#include <stdint.h>

/* The inverse discrete cosine transform, to the last bit as libjpeg's default (JDCT_ISLOW) has it, and so browsers and
 * Pillow: after Loeffler, Ligtenberg and Moschytz (1989), with constants of 13 bits after the point and two bits more
 * than whole numbers between columns and rows. `coefficients` are dequantized, a row after the other; the eight rows of
 * `samples` are `stride` bytes apart. */
void hb_jpeg_transform(uint8_t *samples, int stride, int16_t coefficients[64]);

#endif
