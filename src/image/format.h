/* image/format.h: what a file is, by its first bytes. */
#ifndef HB_IMAGE_FORMAT_H
#define HB_IMAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* The formats that are decoded here. */
typedef enum { HB_FORMAT_NONE, HB_FORMAT_JPEG, HB_FORMAT_PNG, HB_FORMAT_GIF, HB_FORMAT_BMP, HB_FORMAT_PNM } hb_format;

hb_format hb_format_find(const void *bytes, size_t size);

/* Some servers send one where a picture should be. */
extern const char hb_format_web_page[];

/* What a file of another kind is, such as "a WebP picture" or hb_format_web_page; NULL if that is not known. Static
 * storage.
 */
const char *hb_format_other(const void *bytes, size_t size);

#endif
