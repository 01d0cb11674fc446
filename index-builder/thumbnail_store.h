/* thumbnail_store.h: keeps the thumbnails of a bundle, plain files in its folder that are named by the picture's
 * content. */
#ifndef THUMBNAIL_STORE_H
#define THUMBNAIL_STORE_H

#include "base/file.h"
#include "decoder_process.h"

#define THUMBNAIL_PIXELS_LEAST 16
#define THUMBNAIL_PIXELS_MOST 2048

typedef struct {
  uint32_t pixels;        /* on the longer side; 0: no thumbnails */
  const char *folder;     /* the folder to put them in */
  const char *old_folder; /* a folder that may have them already; NULL for none */
} thumbnail_store;

/* Writes the bundle's thumb_url, "thumb-PX-{content}.jpg". */
void thumbnail_url(uint32_t pixels, char *out, size_t capacity);

/* Puts the picture's thumbnail into the folder: the old one if there is one, else a new one made from `file`. Threads
 * may call this at once for different contents. */
hb_status thumbnail_provide(const thumbnail_store *store, decoder_process *decoder, uint64_t content,
                            const hb_mapping *file, hb_error *error);

#endif
