/* image/region.h: a part of a picture as a picture of its own. */
#ifndef HB_IMAGE_REGION_H
#define HB_IMAGE_REGION_H

#include "image/decode.h"

/* The fewest pixels of a region on either side, unless the picture itself has fewer: of less there is nothing to see.
 */
#define HB_REGION_MIN 8

/* Keeps only the pixels of the region, in place; edges are rounded to whole pixels of the picture as it is shown. Fails
 * with HB_INVALID_ARGUMENT for a region that is not inside the picture or too small. */
hb_status hb_region_keep(hb_image *image, const hb_region *region, hb_error *error);

#endif
