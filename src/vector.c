#include "vector.h"

#include <math.h>

#define LANES 8
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
/* the same in memory, at any address */
typedef float loose_lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* The widest vectors of the machine are chosen when the program starts; wasm and arm64 have one width. Sanitized
 * builds leave it out: the choice would run before the sanitizer is ready. */
#if defined(__x86_64__) && defined(__linux__) && !defined(HB_SANITIZED)
#define HB_WIDEST __attribute__((target_clones("default", "avx2")))
#else
#define HB_WIDEST
#endif

/* Adds up the lanes, pairs at a distance first, then what is left of the row. */
static inline __attribute__((always_inline)) float finish(const lanes *sum, const float *query, const float *row,
                                                          size_t from, size_t dim) {
  const lanes s = *sum;
  float total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
  for (size_t i = from; i < dim; i++) total += query[i] * row[i];
  return total;
}

/* Four rows at a time: the query is loaded once for all four, and their sums do not wait for each other. */
HB_WIDEST void hb_dot_rows(const float *query, const float *rows, size_t count, size_t dim, float *scores) {
  const size_t whole = dim - dim % LANES;
  size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *a = rows + r * dim, *b = a + dim, *c = b + dim, *d = c + dim;
    lanes sa = {0}, sb = {0}, sc = {0}, sd = {0};
    for (size_t i = 0; i < whole; i += LANES) {
      const lanes q = *(const loose_lanes *)(query + i);
      sa += q * *(const loose_lanes *)(a + i);
      sb += q * *(const loose_lanes *)(b + i);
      sc += q * *(const loose_lanes *)(c + i);
      sd += q * *(const loose_lanes *)(d + i);
    }
    scores[r] = finish(&sa, query, a, whole, dim);
    scores[r + 1] = finish(&sb, query, b, whole, dim);
    scores[r + 2] = finish(&sc, query, c, whole, dim);
    scores[r + 3] = finish(&sd, query, d, whole, dim);
  }
  for (; r < count; r++) {
    const float *a = rows + r * dim;
    lanes sum = {0};
    for (size_t i = 0; i < whole; i += LANES) sum += *(const loose_lanes *)(query + i) * *(const loose_lanes *)(a + i);
    scores[r] = finish(&sum, query, a, whole, dim);
  }
}

void hb_normalize(float *vector, size_t dim) {
  double square = 0;
  for (size_t i = 0; i < dim; i++) square += (double)vector[i] * vector[i];
  if (!(square > 0)) return;
  double scale = 1 / sqrt(square);
  for (size_t i = 0; i < dim; i++) vector[i] = (float)(vector[i] * scale);
}

void hb_add(float *sum, const float *vector, size_t dim) {
  for (size_t i = 0; i < dim; i++) sum[i] += vector[i];
}
