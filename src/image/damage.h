/* image/damage.h: pictures of which something is missing.
 *
 * The rule for all formats: a picture is taken if at least three quarters of its pixels are there, in reading order; of
 * a JPEG that is progressive, if the brightness of the whole picture is. The rest looks as in browsers: white, as if it
 * were transparent, or grey in a JPEG that lacks data but does end. With less a picture is refused
 * (is_incomplete), as it would be found by what it lacks. */
#ifndef HB_IMAGE_DAMAGE_H
#define HB_IMAGE_DAMAGE_H

#include "image/image.h"

static inline bool hb_image_is_enough(uint64_t there, uint64_t all) { return 4 * there >= 3 * all; }

/* Fills what is not there with a shade: from the pixel x, y on, where `step` rows are broken off together, to the end.
 * Fails if that is too much. */
#define HB_SHADE_WHITE 255
#define HB_SHADE_GREY 128
hb_status hb_image_end_at(hb_image *image, uint32_t x, uint32_t y, uint32_t step, uint8_t shade, hb_error *error);

hb_status hb_image_fail_corrupt(hb_error *error);
hb_status hb_image_fail_incomplete(hb_error *error);
/* The sentence for HB_OUT_OF_MEMORY or HB_CORRUPT_IMAGE. */
hb_status hb_image_fail_decoder(hb_status status, hb_error *error);

#endif
