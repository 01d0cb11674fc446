/* fold_bundle.h: makes a bundle of some images in a temporary folder and searches it for others, as a visitor would: by
 * its default nprobe, in its storage. */
#ifndef FOLD_BUNDLE_H
#define FOLD_BUNDLE_H

#include <heybagh.h>

/* Images whose features are known, in the order of a catalog. */
typedef struct {
  const hb_catalog *catalog;
  uint32_t count;
  float *features; /* [count][HB_FEATURES_DIM] */
  hb_model *model;
  const char *head;
  hb_encoding encoding;
  uint32_t k, threads;
} fold_images;

/* Called for each image that was searched for, with its results but for itself. */
typedef void (*fold_answer)(void *context, uint32_t image, const hb_result *results, uint32_t found);

/* Makes a bundle of the images `is_in` [count], whose head is learned from the images `teaches` [count] or, without
 * them (NULL), from its own, and searches it for the images `asked` [count]. */
hb_status fold_bundle_search(const fold_images *images, const bool *is_in, const bool *teaches, const bool *asked,
                             fold_answer answer, void *context, hb_error *error);

#endif
