/* existing_bundle.h: the bundle that a build finds where it will write, called its base, and what can be kept of it. */
#ifndef EXISTING_BUNDLE_H
#define EXISTING_BUNDLE_H

#include <heybagh.h>

#include "base/file.h"

typedef struct known_content known_content;

/* What the base must have been built with. */
typedef struct {
  const char *model_id; /* "" for ready-made vectors */
  bool any_head;        /* the base's, whatever it is; the next two do not matter then */
  hb_head_kind head;
  uint32_t dim; /* as for hb_index_has_head */
  hb_encoding encoding;
} existing_needs;

/* There is no base if `catalog` is NULL. */
typedef struct {
  existing_needs needs;
  hb_index *index;
  hb_catalog *catalog;
  known_content *by_content; /* [count], sorted by content */
  bool *met;                 /* [count]: the new bundle has the image too, under its path or another one */
  uint32_t count;
} existing_bundle;

typedef enum {
  IMAGE_ADDED,   /* the base has neither its path nor its content */
  IMAGE_CHANGED, /* the base has its path with another content */
  IMAGE_KEPT,    /* the base has its path with its content */
  IMAGE_MOVED,   /* the base has its content under another path */
} image_fate;

/* Returns the first 8 bytes of the SHA-256, as in hb_result.content. */
uint64_t content_of(const void *bytes, size_t size);
/* Maps a file, which the caller unmaps, and computes its content. */
hb_status content_map(const char *path, hb_mapping *out, uint64_t *content, hb_error *error);

/* Opens the bundle in `directory`, if there is one and it can be updated. If it cannot, prints a note that says why,
 * and there is no base. Fails only without memory. */
hb_status existing_open(const char *directory, const existing_needs *needs, existing_bundle *out, hb_error *error);
/* Close a base that cannot be updated after all, and print such a note. `reason` continues "the existing bundle". */
void existing_refuse(existing_bundle *base, const hb_error *error);
void existing_refuse_because(existing_bundle *base, const char *reason);
/* The seed of the base's clustering, and the size that its files of lists should have. */
uint64_t existing_seed(const existing_bundle *base);
uint64_t existing_shard_bytes(const existing_bundle *base);
/* Finds an image in the base. Sets *number to its number in the catalog, unless it is IMAGE_ADDED. Several threads may
 * call this at once. */
image_fate existing_find(const existing_bundle *base, const char *path, uint64_t content, uint32_t *number);
/* Remembers that the new bundle has image `number`. */
void existing_keep(existing_bundle *base, uint32_t number);
/* The number of images in the base that the new bundle does not have. */
uint32_t existing_removed(const existing_bundle *base);
void existing_close(existing_bundle *base);

#endif
