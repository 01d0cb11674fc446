/* manifest_write.h: writes index.json. Not in the browser. */
#ifndef HB_BUILDER_MANIFEST_WRITE_H
#define HB_BUILDER_MANIFEST_WRITE_H

#include "base/text.h"
#include "builder/bundle_parts.h"

/* What was written: name, hash and size of files; file, place and count of lists. */
typedef struct {
  hb_bundle_file *files;                          /* [file_count] */
  hb_bundle_list *lists;                          /* [nlist] */
  uint32_t file_count, centroid_file, table_file; /* `table_file` is HB_NO_FILE if index.json has all lists */
} hb_written_files;

/* Writes index.json to `out`, which the caller frees. The head, if it has a file, must be file 0. */
hb_status hb_manifest_write(const hb_bundle_parts *parts, const hb_written_files *written, hb_text *out,
                            hb_error *error);

#endif
