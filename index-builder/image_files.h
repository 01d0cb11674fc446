/* image_files.h: the picture files below a folder. */
#ifndef IMAGE_FILES_H
#define IMAGE_FILES_H

#include <heybagh.h>

#include "options.h"

typedef struct {
  char **paths;        /* relative to the folder, in byte order */
  const char **labels; /* the first folder on the path, "" for a file in the folder itself */
  char *label_text;    /* the memory behind the labels */
  uint32_t count;
  uint32_t others;   /* files that do not look like pictures by their names */
  uint32_t misnamed; /* pictures whose names are not UTF-8, which neither JSON nor a URL can hold */
} image_files;

/* Lists files named like pictures (.jpg .jpeg .png .gif .bmp .pgm .ppm .pnm) below `folder`, following links to files,
 * leaving out hidden ones and all files and folders named in `exclude`. Those whose paths are not UTF-8 are left out,
 * too, and named on stderr. */
hb_status image_files_list(const char *folder, const text_list *exclude, image_files *out, hb_error *error);
void image_files_free(image_files *set);

#endif
