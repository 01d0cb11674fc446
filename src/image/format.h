/* image/format.h: what a file is, by its first bytes. */
#ifndef HB_IMAGE_FORMAT_H
#define HB_IMAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* The formats that are decoded here. */
typedef enum { HB_FORMAT_NONE, HB_FORMAT_JPEG, HB_FORMAT_PNG, HB_FORMAT_GIF, HB_FORMAT_BMP, HB_FORMAT_PNM } hb_format;

hb_format hb_format_find(const void *bytes, size_t size);

/* Three of the others have sentences of their own: some servers send a web page or a message where a picture should be,
 * and a drawing has no pixels. */
extern const char hb_format_web_page[], hb_format_drawing[], hb_format_text[];

/* What a file of another kind is, such as "a WebP picture" or one of these three; NULL if that is not known. Static
 * storage.
 */
const char *hb_format_other(const void *bytes, size_t size);

#endif
