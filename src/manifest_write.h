/* manifest_write.h: index.json, written. Not in the browser. */
#ifndef HB_MANIFEST_WRITE_H
#define HB_MANIFEST_WRITE_H

#include "builder.h"

/* What is known of files and lists so far. */
typedef struct {
  hb_text lists, files; /* elements of these arrays */
  uint32_t list_count, file_count, centroid_file;
} hb_manifest_text;

void hb_manifest_add_file(hb_manifest_text *text, const char *name, size_t bytes, const char *sha256);
void hb_manifest_add_list(hb_manifest_text *text, uint32_t file, size_t offset, size_t bytes, uint32_t count);
/* The whole of index.json into `out`, which the caller frees. The head, if it has a file, is file 0. */
hb_status hb_manifest_write(const hb_bundle_parts *parts, const hb_manifest_text *text, hb_text *out, hb_error *error);
void hb_manifest_text_free(hb_manifest_text *text);

#endif
