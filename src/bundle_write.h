/* bundle_write.h: the parts of a bundle on their way to the disk; not in the browser. */
#ifndef HB_BUNDLE_WRITE_H
#define HB_BUNDLE_WRITE_H

#include "bundle.h"
#include "text.h"

/* All that a bundle is made of. Ids are positions in `vectors`, `paths` and `labels`. */
typedef struct {
  const hb_build_options *options;
  const float *vectors;
  const char *const *paths;
  const char *const *labels;
  uint32_t count, dim, nlist, nprobe;
  const hb_head *head;       /* written if it is not the model's own */
  const float *centroids;    /* [nlist][dim] */
  const uint32_t *list_ids;  /* ids, list by list */
  const uint32_t *list_ends; /* [nlist]: where list l ends in list_ids */
} hb_bundle_parts;

/* Writes all files into a folder that exists and is empty, index.json last. */
hb_status hb_bundle_write(const char *directory, const hb_bundle_parts *parts, hb_build_report *report,
                          hb_error *error);

#endif
