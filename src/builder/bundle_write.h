/* bundle_write.h: writes the files of a bundle, which bundle.h describes. */
#ifndef HB_BUILDER_BUNDLE_WRITE_H
#define HB_BUILDER_BUNDLE_WRITE_H

#include "builder/bundle_parts.h"

/* Writes all files to a folder, index.json last. Adds their sizes and numbers to `report`. */
hb_status hb_bundle_write(const char *directory, const hb_bundle_parts *parts, hb_build_report *report,
                          hb_error *error);

#endif
