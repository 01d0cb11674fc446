/* Aims at a bundle's head: its file's size against dim, and numbers that are infinite or none, by which an embedding is
 * then made. Heads of a user's own, in safetensors, are fuzz_safetensors.c's. */
#include <stdlib.h>

#include "bundle_parts.h"

/* Embeddings are made without a fault, whatever the numbers. */
static void use_head(const bundle *b) {
  hb_index *index = bundle_parse(b);
  hb_status status = bundle_provide(b, index, 2);
  if (status == HB_OK) {
    float features[HB_FEATURES_DIM], *embedding = must_allocate(hb_index_dim(index) * sizeof *embedding);
    for (int i = 0; i < HB_FEATURES_DIM; i++) features[i] = (float)i / HB_FEATURES_DIM;
    hb_head_apply(index->head, features, embedding);
    free(embedding);
  }
  hb_index_free(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  input in = {bytes, size};
  bundle_shape shape = shape_take(&in);
  shape.dim = 1 + shape.dim % 4; /* a row has 513 numbers */
  if (shape.counts[0] + shape.counts[1] == 0) shape.counts[1] = 1;
  blob lists = part_lists(&shape);
  bundle *b = bundle_of(&shape, part_centroids(&shape), lists, PART_HEAD, take_blob(&in, in.size));
  use_head(b);
  hb_status status = bundle_check(b);
  if (status != HB_OK) require_sentence(status);
  bundle_free(b);
  return 0;
}
