/* Aims at files of lists (shards): the fuzzer's has the right size and hash, so that only the checks of its structure
 * stand between counts, labels and offsets of paths that are wrong and the search that reads by them. */
#include "bundle_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  input in = {bytes, size};
  bundle_shape shape = shape_take(&in);
  blob lists = take_blob(&in, in.size);
  const size_t second = (16 + (size_t)shape.bytes[0] + 15) / 16 * 16;
  shape.bytes[1] = lists.size > second ? (uint32_t)(lists.size - second) : 0;
  bundle *b = bundle_of(&shape, part_centroids(&shape), lists, PART_LISTS, (blob){0});
  hb_status status = bundle_check(b);
  if (status != HB_OK) require_sentence(status);
  bundle_free(b);
  return 0;
}
