/* Aims at the file of the centroids, by which lists are ordered: of any size, and of numbers that are infinite or none,
 * in each of the three ways to store them. */
#include "bundle_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  input in = {bytes, size};
  bundle_shape shape = shape_take(&in);
  blob lists = part_lists(&shape);
  bundle *b = bundle_of(&shape, take_blob(&in, in.size), lists, PART_CENTROIDS, (blob){0});
  hb_status status = bundle_check(b);
  if (status != HB_OK) require_sentence(status);
  bundle_free(b);
  return 0;
}
