/* markup.h: what a file in markup is, by its first tag. */
#ifndef HB_BASE_MARKUP_H
#define HB_BASE_MARKUP_H

#include <stddef.h>

typedef enum { HB_MARKUP_NONE, HB_MARKUP_WEB_PAGE, HB_MARKUP_DRAWING } hb_markup;

/* Looks at the first tag, in any case, of `text` (`size` bytes). A byte order mark, white space, XML's declaration and
 * comments may precede it. Returns HB_MARKUP_WEB_PAGE for HTML, HB_MARKUP_DRAWING for SVG, and HB_MARKUP_NONE for
 * anything else. */
hb_markup hb_markup_find(const void *text, size_t size);

#endif
