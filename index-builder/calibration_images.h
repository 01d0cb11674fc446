/* calibration_images.h: reads pictures of a folder for hb_model_to_i8. */
#ifndef CALIBRATION_IMAGES_H
#define CALIBRATION_IMAGES_H

#include <heybagh.h>

/* Reads `wanted` pictures below `folder`, spread evenly over their paths, or all if there are fewer. Of a picture that
 * has several crops by this view one is taken, each in its turn. Pictures that cannot be read are skipped and named on
 * stderr. The caller frees out->crops. */
hb_status calibration_images_read(const char *folder, uint32_t wanted, hb_view view, hb_calibration *out,
                                  hb_error *error);

#endif
