/* image/exif.h: which way up a picture was taken. */
#ifndef HB_IMAGE_EXIF_H
#define HB_IMAGE_EXIF_H

#include "image/image.h"

/* From a JPEG's first EXIF segment or a PNG's chunk eXIf; HB_UPRIGHT for anything else, anything malformed and any
 * value outside 1..8. */
hb_orientation hb_exif_orientation(const void *bytes, size_t size);

#endif
