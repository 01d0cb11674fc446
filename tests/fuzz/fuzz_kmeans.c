/* Aims at k-means where textbooks end: fewer points than centroids, equal points, zero vectors, and numbers that are
 * huge, infinite or none. Points are floats as they are, or picked from a few by one byte each, so that many are equal.
 */
#include <math.h>
#include <stdlib.h>

#include "input.h"
#include "vector/kmeans.h"

#define POINTS_MAX 80

static float pick(input *in) {
  static const float some[] = {0,      0,      0,     1,     -1,  0.6f,     0.8f,     -0.6f,
                               1e-30f, 1e-45f, 1e30f, 3e38f, NAN, INFINITY, -INFINITY};
  return some[take_u8(in) % (sizeof some / sizeof *some)];
}

typedef struct {
  float *points;
  uint32_t count, dim, k;
} problem;

/* Centroids are unit vectors or zero if the points were. */
static void check(const problem *p, const float *centroids) {
  bool sane = true;
  for (uint32_t i = 0; i < p->count * p->dim; i++) sane = sane && fabsf(p->points[i]) <= 1;
  for (uint32_t c = 0; c < p->k && sane; c++) {
    double square = 0;
    for (uint32_t d = 0; d < p->dim; d++) square += (double)centroids[c * p->dim + d] * centroids[c * p->dim + d];
    require(square < p->dim + 1e-3);
  }
  uint32_t nearest[POINTS_MAX];
  float closeness[POINTS_MAX];
  hb_kmeans_assign(p->points, p->count, p->dim, centroids, p->k, NULL, nearest, closeness);
  for (uint32_t i = 0; i < p->count; i++) require(nearest[i] < p->k && (!sane || isfinite(closeness[i])));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  input in = {bytes, size};
  problem p = {.dim = take_u8(&in) % 20, .k = take_u8(&in) % 24};
  const bool picked = take_u8(&in) % 2;
  p.count = p.dim > 0 ? (uint32_t)(in.size / p.dim / (picked ? 1 : sizeof(float))) : 3;
  if (p.count > POINTS_MAX) p.count = POINTS_MAX;
  p.points = must_allocate(p.count * p.dim * sizeof *p.points);
  for (uint32_t i = 0; i < p.count * p.dim; i++) p.points[i] = picked ? pick(&in) : take_float(&in);
  float *centroids = must_allocate(p.k * p.dim * sizeof *centroids);
  hb_status status = hb_kmeans(p.points, p.count, p.dim, p.k, 1, NULL, centroids, &failure);
  require((status == HB_OK) == (p.k > 0 && p.dim > 0 && p.k <= p.count));
  if (status != HB_OK)
    require_sentence(status);
  else
    check(&p, centroids);
  free(centroids);
  free(p.points);
  return 0;
}
