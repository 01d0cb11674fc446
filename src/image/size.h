/* image/size.h: what a picture's file says of its size, checked before anything is decoded. */
#ifndef HB_IMAGE_SIZE_H
#define HB_IMAGE_SIZE_H

#include "base/error.h"

/* HB_OK if a picture of this size may be decoded. */
hb_status hb_image_check_size(uint64_t width, uint64_t height, hb_error *error);

/* False if the file is too short for so many pixels, however well they were packed. The file is a JPEG, PNG, GIF or a
 * BMP of runs. */
bool hb_image_may_hold(const uint8_t *bytes, size_t size, uint64_t pixels);

#endif
