/* bundle_parts.h: a small bundle around one file that is the fuzzer's: index.json agrees with it in sizes and hashes,
 * so that what is behind these is reached. */
#ifndef FUZZ_BUNDLE_PARTS_H
#define FUZZ_BUNDLE_PARTS_H

#include "bundle_memory.h"
#include "input.h"

/* Two lists in one file. */
typedef struct {
  hb_encoding encoding;
  uint32_t dim;
  uint32_t counts[2];
  uint32_t bytes[2];    /* of the lists, which are at 16 and, aligned, behind the first */
  const char *model_id; /* NULL: of ready-made vectors */
} bundle_shape;

typedef enum { PART_CENTROIDS, PART_LISTS, PART_HEAD, PART_TABLE } bundle_part;

/* From 6 bytes: storage, dim - 1 (modulo 48), both counts (modulo 16), and u16 bytes of the first list. */
bundle_shape shape_take(input *in);

/* Right files of this shape; `lists` sets shape->bytes. The caller frees. */
blob part_centroids(const bundle_shape *shape);
blob part_lists(bundle_shape *shape);

/* The bundle of these: centroids, lists, and a third file (`bytes` NULL for none) that is a head or a table. Takes
 * ownership of all three. */
bundle *bundle_of(const bundle_shape *shape, blob centroids, blob lists, bundle_part third, blob other);

#endif
