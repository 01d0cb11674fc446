/* bundle_memory.h: a bundle in memory, to be changed and tried. */
#ifndef BUNDLE_MEMORY_H
#define BUNDLE_MEMORY_H

#include "bundle.h"
#include "support.h"

#define BUNDLE_FILES_MAX 16

typedef struct {
  blob manifest;
  uint32_t count;
  char names[BUNDLE_FILES_MAX][HB_FILE_NAME_MAX]; /* in the order of index.json */
  blob files[BUNDLE_FILES_MAX];
} bundle;

bundle *bundle_load(const char *folder);
void bundle_free(bundle *b);

/* Makes file `f`'s hash in the manifest right again. */
void bundle_sign(bundle *b, uint32_t f);
/* Replaces the first `from` in the manifest, which must be there. */
void bundle_edit(bundle *b, const char *from, const char *to);

/* Parses, provides copies of all files and, if nothing is refused, uses everything that an index offers: every
 * vector, path and label is read, and several searches must answer sensibly. */
hb_status bundle_check(const bundle *b);

#endif
