/* manifest_write.h: index.json, written. Not in the browser. */
#ifndef HB_BUILDER_MANIFEST_WRITE_H
#define HB_BUILDER_MANIFEST_WRITE_H

#include "base/text.h"
#include "builder/bundle_parts.h"

/* What has been written: of files name, hash and size, of lists file, place and count. */
typedef struct {
  hb_bundle_file *files;                          /* [file_count] */
  hb_bundle_list *lists;                          /* [nlist] */
  uint32_t file_count, centroid_file, table_file; /* table_file is HB_NO_FILE if index.json lists all */
} hb_written_files;

/* The whole of index.json into `out`, which the caller frees. The head, if it has a file, is file 0. */
hb_status hb_manifest_write(const hb_bundle_parts *parts, const hb_written_files *written, hb_text *out,
                            hb_error *error);

#endif
