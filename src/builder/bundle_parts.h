/* bundle_parts.h: everything that a bundle is written from. */
#ifndef HB_BUILDER_BUNDLE_PARTS_H
#define HB_BUILDER_BUNDLE_PARTS_H

#include "builder/clusters.h"

typedef struct {
  const hb_build_options *options;
  const hb_row_store *rows;
  const hb_clusters *clusters;
  const hb_head *head;  /* NULL without a model */
  const hb_index *base; /* the bundle whose division into files is kept as long as its lists are; NULL for none */
  uint32_t nprobe;
} hb_bundle_parts;

#endif
