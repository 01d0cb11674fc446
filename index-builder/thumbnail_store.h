/* thumbnail_store.h: the thumbnails of a bundle: plain files in its folder, named by the picture's content. */
#ifndef THUMBNAIL_STORE_H
#define THUMBNAIL_STORE_H

#include "base/file.h"
#include "decoder_process.h"

#define THUMBNAIL_PIXELS_LEAST 16
#define THUMBNAIL_PIXELS_MOST 2048

typedef struct {
  uint32_t pixels;        /* of the longer side; 0: no thumbnails */
  const char *folder;     /* where they go */
  const char *old_folder; /* where they may be already, or NULL */
} thumbnail_store;

/* "thumb-PX-{content}.jpg", the bundle's thumb_url. */
void thumbnail_url(uint32_t pixels, char *out, size_t capacity);

/* Makes sure that the picture's thumbnail is in the folder: the old one, or a new one of the file. Threads may ask
 * at the same time for different contents. */
hb_status thumbnail_provide(const thumbnail_store *store, decoder_process *decoder, uint64_t content,
                            const hb_mapping *file, hb_error *error);

#endif
