/* existing_bundle.h: the bundle that a build finds where it shall write, and what of it can be kept. */
#ifndef EXISTING_BUNDLE_H
#define EXISTING_BUNDLE_H

#include <heybagh.h>

#include "base/file.h"

typedef struct known_content known_content;

/* What the base must have been made with. */
typedef struct {
  const char *model_id; /* "" for ready-made vectors */
  hb_head_kind head;
  uint32_t dim;
  hb_encoding encoding;
} existing_needs;

/* Without catalog there is no base. */
typedef struct {
  existing_needs needs;
  hb_index *index;
  hb_catalog *catalog;
  known_content *by_content; /* [count], ordered */
  bool *met;                 /* [count]: the new bundle has it too, under its path or another */
  uint32_t count;
} existing_bundle;

typedef enum {
  IMAGE_ADDED,   /* the base does not have it */
  IMAGE_CHANGED, /* the base has another content under this path */
  IMAGE_KEPT,    /* the base has it */
  IMAGE_MOVED,   /* the base has it under another path */
} image_fate;

/* The first 8 bytes of the SHA-256, as hb_result.content. */
uint64_t content_of(const void *bytes, size_t size);
/* Maps a file, which the caller unmaps, and tells its content. */
hb_status content_map(const char *path, hb_mapping *out, uint64_t *content, hb_error *error);

/* Opens the bundle in `directory` if it is there and serves; if it is there and does not, says why in a note on
 * stderr. Fails without memory only. */
hb_status existing_open(const char *directory, const existing_needs *needs, existing_bundle *out, hb_error *error);
/* Closes a base that does not serve after all, and says why in such a note. */
void existing_refuse(existing_bundle *base, const hb_error *error);
/* The seed of its clustering. */
uint64_t existing_seed(const existing_bundle *base);
uint64_t existing_shard_bytes(const existing_bundle *base);
/* What becomes of an image; *number is its place in the catalog, but for IMAGE_ADDED. Any thread may ask. */
image_fate existing_find(const existing_bundle *base, const char *path, uint64_t content, uint32_t *number);
/* Remembers that the new bundle has image `number`. */
void existing_keep(existing_bundle *base, uint32_t number);
/* The images that were not met. */
uint32_t existing_removed(const existing_bundle *base);
void existing_close(existing_bundle *base);

#endif
