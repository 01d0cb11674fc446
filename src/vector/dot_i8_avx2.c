/* dot_i8_avx2.c: int8 dot products with AVX2's vpmaddwd. */
#ifdef __x86_64__
#include <immintrin.h>

#define FORM hb_dot_i8_avx2
#define TARGET __attribute__((target("avx2")))
#define WIDTH 16
typedef __m256i vector;

TARGET static inline vector load_query(const void *p) { return _mm256_loadu_si256(p); }
TARGET static inline vector load_row(const void *p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128(p)); }
TARGET static inline vector add_products(vector sum, vector a, vector b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}
TARGET static inline int32_t total(vector sum) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 1);
}

#include "vector/dot_i8_tile.h"
#endif
