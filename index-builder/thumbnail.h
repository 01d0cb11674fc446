/* thumbnail.h: small JPEGs of the indexed pictures, for the page's results. */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

#include "base/error.h"

#define THUMBNAIL_PIXELS_MAX 65500 /* libjpeg's own limit */

/* Decodes a picture file in memory and writes it to `path` as a progressive JPEG whose longer side is `pixels`
 * (1..THUMBNAIL_PIXELS_MAX; a smaller picture keeps its size), the right way up. The same bytes give the same file. */
hb_status thumbnail_write(const void *bytes, size_t size, uint32_t pixels, const char *path, hb_error *error);

#endif
