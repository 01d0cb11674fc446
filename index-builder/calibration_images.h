/* calibration_images.h: pictures of a folder, ready for hb_model_to_i8. */
#ifndef CALIBRATION_IMAGES_H
#define CALIBRATION_IMAGES_H

#include <heybagh.h>

/* Reads `wanted` pictures below `folder`, or all if there are fewer, spread evenly over their paths; unreadable ones
 * are told on stderr and left out. out->crops belongs to the caller, to be freed. */
hb_status calibration_images_read(const char *folder, uint32_t wanted, hb_calibration *out, hb_error *error);

#endif
