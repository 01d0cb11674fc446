/* thumbnail.h: makes small JPEGs of the indexed pictures, for the results in a page. */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

#include "base/error.h"

#define THUMBNAIL_PIXELS_MAX 65500 /* libjpeg's own limit */

/* Decodes a picture file in memory and writes it to `path` as a progressive JPEG, the right way up, whose longer side
 * has `pixels`, 1..THUMBNAIL_PIXELS_MAX. A smaller picture keeps its size. Equal pictures give equal files. */
hb_status thumbnail_write(const void *bytes, size_t size, uint32_t pixels, const char *path, hb_error *error);

#endif
