/* builder_head.h: the head of a bundle that is being built: opened, taken from the base, or made of all images'
 * features when they are known. */
#ifndef HB_BUILDER_BUILDER_HEAD_H
#define HB_BUILDER_BUILDER_HEAD_H

#include "builder/row_store.h"
#include "bundle/index.h"

typedef struct {
  const hb_build_options *options;
  hb_head *head;               /* as the bundle stores it; NULL without a model, and until it is made */
  hb_temporary_rows *features; /* those of the images so far, if the head will be made of them; else NULL */
  hb_head_kind kind;           /* what it will be, unless nothing was asked for */
  uint32_t dim;
} hb_builder_head;

/* Begins. `base` is NULL without one; `folder` is for a temporary file. Free with hb_builder_head_free, also after a
 * failure. */
hb_status hb_builder_head_prepare(hb_builder_head *h, const hb_build_options *options, const hb_index *base,
                                  const char *folder, hb_error *error);
/* Keeps the features of the next image, `path`, for a head that will be made of them. */
hb_status hb_builder_head_add(hb_builder_head *h, const float *features, const char *path, hb_error *error);
/* Makes the head of the images that were added, which are those of `rows`. */
hb_status hb_builder_head_make(hb_builder_head *h, const hb_row_store *rows, hb_error *error);
/* Reads the features of an image that was added. */
hb_status hb_builder_head_read(const hb_builder_head *h, uint32_t row, float features[HB_FEATURES_DIM],
                               hb_error *error);
void hb_builder_head_free(hb_builder_head *h);

/* Fails because the base has another model, head or storage. */
hb_status hb_builder_fail_base(const hb_build_options *options, const char *what, hb_error *error);

#endif
