/* bundle_memory.h: a bundle in memory, to be given to an index piece by piece, or to be changed and tried. */
#ifndef BUNDLE_MEMORY_H
#define BUNDLE_MEMORY_H

#include "bundle/index.h"
#include "support.h"

#define BUNDLE_FILES_MAX 32

typedef struct {
  blob manifest;
  uint32_t count;
  char names[BUNDLE_FILES_MAX][HB_FILE_NAME_MAX]; /* in the order of index.json */
  blob files[BUNDLE_FILES_MAX];
} bundle;

bundle *bundle_load(const char *folder);
void bundle_free(bundle *b);

/* An index of this bundle, which has no files yet; the test fails if it is refused. The caller frees. */
hb_index *bundle_parse(const bundle *b);
/* Provides a copy of file `f`. */
hb_status bundle_provide(const bundle *b, hb_index *index, uint32_t f);
/* Provides centroids and head, or all files; the test fails if one is refused. */
void bundle_provide_needed(const bundle *b, hb_index *index);
void bundle_provide_all(const bundle *b, hb_index *index);

/* Makes file `f`'s hash in the manifest right again. */
void bundle_sign(bundle *b, uint32_t f);
/* Replaces the first `from` in the manifest, which must be there. */
void bundle_edit(bundle *b, const char *from, const char *to);

/* Parses, provides copies of all files and, if nothing is refused, uses everything that an index offers: every
 * vector, path and label is read, and several searches must answer sensibly. */
hb_status bundle_check(const bundle *b);

/* The bundle is refused, as a bad index with these words, after an edit of its manifest or when 4 bytes of a file are
 * changed and its hash is right again; then it is as before. */
void bundle_refuses_edit(bundle *b, const char *from, const char *to, const char *words);
void bundle_refuses_patch(bundle *b, uint32_t file, size_t at, uint32_t value, const char *words);

#endif
