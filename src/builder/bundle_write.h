/* bundle_write.h: a bundle on its way to the disk, as bundle.h describes it. */
#ifndef HB_BUILDER_BUNDLE_WRITE_H
#define HB_BUILDER_BUNDLE_WRITE_H

#include "builder/bundle_parts.h"

/* Writes all files into a folder, index.json last. */
hb_status hb_bundle_write(const char *directory, const hb_bundle_parts *parts, hb_build_report *report,
                          hb_error *error);

#endif
