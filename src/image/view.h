/* image/view.h: the crops that a network sees of a picture. */
#ifndef HB_IMAGE_VIEW_H
#define HB_IMAGE_VIEW_H

#include "image/decode.h"

/* Not a model's view, but for a picture that comes before the model's view is known: the crop of HB_VIEW_CROP, followed
 * by those of HB_VIEW_WHOLE. They may be HB_CROPS_MAX and one. */
#define HB_VIEW_EVERY ((hb_view)(HB_VIEW_BOTH + 1))

/* Makes the crops of a picture by a view. The caller frees out->pixels. */
hb_status hb_image_look(const hb_image *image, hb_view view, hb_crops *out, hb_error *error);

#endif
