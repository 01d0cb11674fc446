/* html.h: writes text and addresses for a web page. */
#ifndef HTML_H
#define HTML_H

#include "base/text.h"

/* Adds `string` for content or for an attribute in quotes: & < > " ' are escaped, and what would reorder the text
 * around it is written out (hb_utf8_show). */
void html_add(hb_text *t, const char *string);

/* Adds the address of a picture, escaped: `url`, in which the percent-encoded path replaces every {path}. */
void html_add_picture_url(hb_text *t, const char *url, const char *path);

/* Turns a URL relative to `folder`, such as a bundle's image_url, into one relative to the folder of the file `page`. A
 * URL that is not relative stays as it is. Does not look at the disk, because a browser does not either. The caller
 * frees the result, which is NULL without memory. */
char *html_relative_url(const char *folder, const char *url, const char *page);

#endif
