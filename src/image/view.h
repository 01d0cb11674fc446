/* image/view.h: the crops that a network sees of a picture. */
#ifndef HB_IMAGE_VIEW_H
#define HB_IMAGE_VIEW_H

#include "image/decode.h"

/* Makes the crops of a picture by a view. The caller frees out->pixels. */
hb_status hb_image_look(const hb_image *image, hb_view view, hb_crops *out, hb_error *error);

#endif
