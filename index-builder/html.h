/* html.h: text and addresses for a web page. */
#ifndef HTML_H
#define HTML_H

#include "base/text.h"

/* Adds `string` with & < > " ' escaped, for content and attributes in quotes, and what would reorder the text around it
 * written out (hb_utf8_show). */
void html_add(hb_text *t, const char *string);

/* Adds the address of a picture, escaped: `url` with every {path} replaced by the percent-encoded path. */
void html_add_picture_url(hb_text *t, const char *url, const char *path);

/* A URL relative to `folder`, such as a bundle's image_url, as a URL relative to the folder of the file `page`; one
 * that is not relative stays as it is. Nothing is looked up on the disk, just as a browser does not. In fresh memory;
 * NULL if there is none. */
char *html_relative_url(const char *folder, const char *url, const char *page);

#endif
