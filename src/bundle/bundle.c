#include "bundle/bundle.h"

#include "vector/row_encoding.h"

bool hb_bundle_code_bytes(hb_encoding encoding, uint32_t dim, uint32_t count, uint64_t *out) {
  uint64_t bytes;
  if (__builtin_mul_overflow((uint64_t)hb_row_bytes(encoding, dim), (uint64_t)count, &bytes) ||
      __builtin_add_overflow(bytes, (uint64_t)HB_BUNDLE_ALIGNMENT - 1, &bytes))
    return false;
  *out = bytes / HB_BUNDLE_ALIGNMENT * HB_BUNDLE_ALIGNMENT;
  return true;
}

bool hb_bundle_list_bytes(hb_encoding encoding, uint32_t dim, uint32_t count, uint64_t text, uint64_t *out) {
  uint64_t codes, columns = sizeof(uint64_t) + 3 * sizeof(uint32_t) + (encoding == HB_ENCODING_I8 ? sizeof(float) : 0);
  return hb_bundle_code_bytes(encoding, dim, count, &codes) &&
         !__builtin_add_overflow(codes, HB_LIST_HEADER + columns * count, &codes) &&
         !__builtin_add_overflow(codes, text, out);
}
