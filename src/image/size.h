/* image/size.h: what a picture's file says of its size, checked before anything is decoded. */
#ifndef HB_IMAGE_SIZE_H
#define HB_IMAGE_SIZE_H

#include "base/error.h"

/* HB_OK if a picture of this size may be decoded. */
hb_status hb_image_check_size(uint64_t width, uint64_t height, hb_error *error);

/* The same of a PNG's file; HB_OK for any other. stb_image refuses a large PNG by itself, without telling why. */
hb_status hb_image_check_png(const uint8_t *bytes, size_t size, hb_error *error);

/* False if the file is too short for so many pixels, however well they were packed. The file is a JPEG, PNG, GIF, BMP
 * or PNM whose header was read. */
bool hb_image_may_hold(const uint8_t *bytes, size_t size, uint64_t pixels);

#endif
