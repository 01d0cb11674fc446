/* plain_resample.h: Pillow's bilinear resizing, written down pixel by pixel. */
#ifndef PLAIN_RESAMPLE_H
#define PLAIN_RESAMPLE_H

#include "pictures.h"

/* An RGB picture; a fourth channel of `shown` is dropped. */
picture plain_resample(const picture *shown, uint32_t width, uint32_t height);

#endif
