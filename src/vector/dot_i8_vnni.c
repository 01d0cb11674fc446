/* dot_i8_vnni.c: int8 dot products with AVX-512's vpdpwssd, which multiplies and adds in one instruction. */
#ifdef __x86_64__
#include <immintrin.h>

#define FORM hb_dot_i8_vnni
#define TARGET __attribute__((target("avx512bw,avx512vnni")))
#define WIDTH 32
typedef __m512i vector;

TARGET static inline vector load_query(const void *p) { return _mm512_loadu_si512(p); }
TARGET static inline vector load_row(const void *p) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256(p)); }
TARGET static inline vector add_products(vector sum, vector a, vector b) { return _mm512_dpwssd_epi32(sum, a, b); }
TARGET static inline int32_t total(vector sum) { return _mm512_reduce_add_epi32(sum); }

#include "vector/dot_i8_tile.h"
#endif
