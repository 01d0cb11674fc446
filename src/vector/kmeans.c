#include "vector/kmeans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "vector/dot.h"
#include "vector/vector.h"

/* ---- Assignment ---- */

#define POINT_TILE 64    /* a tile of points stays in the second-level cache */
#define CENTROID_TILE 16 /* a tile of centroids stays in the first-level cache meanwhile */

typedef struct {
  const float *points, *centroids;
  uint32_t dim, k;
  uint32_t *nearest;
  float *closeness;
} assignment;

/* Computes scores[p][i], of point first + p with centroid c + i, for `some` centroids. */
static void score_tile(const assignment *a, size_t first, size_t points, uint32_t c, uint32_t some,
                       float scores[][CENTROID_TILE]) {
  const float *centroids = a->centroids + (size_t)c * a->dim, *at = a->points + first * a->dim;
  size_t p = 0;
  for (; p + HB_DOT_QUERIES <= points; p += HB_DOT_QUERIES) {
    const float *four[HB_DOT_QUERIES];
    for (size_t i = 0; i < HB_DOT_QUERIES; i++) four[i] = at + (p + i) * a->dim;
    hb_dot_rows_by_4(four, centroids, some, a->dim, scores[p], CENTROID_TILE);
  }
  for (; p < points; p++) hb_dot_rows(at + p * a->dim, centroids, some, a->dim, scores[p]);
}

static void assign_tile(void *context, size_t first, size_t points) {
  const assignment *a = context;
  float best[POINT_TILE], scores[POINT_TILE][CENTROID_TILE];
  for (size_t p = 0; p < points; p++) best[p] = -INFINITY, a->nearest[first + p] = 0;
  for (uint32_t c = 0; c < a->k; c += CENTROID_TILE) {
    uint32_t some = a->k - c < CENTROID_TILE ? a->k - c : CENTROID_TILE;
    score_tile(a, first, points, c, some, scores);
    for (size_t p = 0; p < points; p++)
      for (uint32_t i = 0; i < some; i++) {
        if (!(scores[p][i] > best[p])) continue;
        best[p] = scores[p][i];
        a->nearest[first + p] = c + i;
      }
  }
  if (a->closeness != NULL) memcpy(a->closeness + first, best, points * sizeof *best);
}

void hb_kmeans_assign(const float *points, uint32_t count, uint32_t dim, const float *centroids, uint32_t k,
                      pthreadpool_t threads, uint32_t *nearest, float *closeness) {
  assignment a = {points, centroids, dim, k, nearest, closeness};
  pthreadpool_parallelize_1d_tile_1d(threads, assign_tile, &a, count, POINT_TILE, 0);
}

/* ---- Training ---- */

typedef struct {
  const float *points;
  uint32_t count, dim, k;
  pthreadpool_t threads;
  float *centroids;
  uint32_t *nearest, *before; /* [count] centroids, now and an iteration ago */
  float *closeness;           /* [count] dot products with the nearest centroid */
  uint32_t *members;          /* [k] how many points each centroid has */
} training;

static const float *point(const training *t, uint32_t i) { return t->points + (size_t)i * t->dim; }

/* The choice of the first centroids. It looks at all points, or at some that are evenly spaced. */
typedef struct {
  training *t;
  uint32_t count;
  const float *centroid; /* the newest one */
} start;

static uint32_t start_point(const start *s, uint32_t i) {
  return (uint32_t)((uint64_t)i * s->t->count / s->count); /* NOLINT(clang-analyzer-core.DivideZero): count >= k >= 1 */
}

static void see_newest(void *context, size_t first, size_t points) {
  const start *s = context;
  for (size_t i = first; i < first + points; i++) {
    float score;
    hb_dot_rows(s->centroid, point(s->t, start_point(s, (uint32_t)i)), 1, s->t->dim, &score);
    if (score > s->t->closeness[i]) s->t->closeness[i] = score;
  }
}

/* Draws a point with a probability in proportion to its squared distance to the nearest centroid so far, which is
 * 2 - 2 x.c on the unit sphere. If all points coincide with centroids, any point will do. */
static uint32_t draw(const start *s, hb_random *random) {
  const float *closeness = s->t->closeness;
  double total = 0;
  for (uint32_t i = 0; i < s->count; i++)
    if (closeness[i] < 1) total += 1 - closeness[i];
  double left = hb_random_unit(random) * total;
  uint32_t chosen = hb_random_below(random, s->count);
  for (uint32_t i = 0; i < s->count && total > 0; i++) {
    if (closeness[i] >= 1) continue;
    chosen = i;
    left -= 1 - closeness[i];
    if (left < 0) break;
  }
  return chosen;
}

/* Chooses the first centroids by k-means++ (Arthur, Vassilvitskii 2007). */
static void choose_first(training *t, uint64_t seed) {
  hb_random random = {seed};
  uint64_t enough = (uint64_t)t->k * HB_KMEANS_START_POINTS;
  start s = {.t = t, .count = enough < t->count ? (uint32_t)enough : t->count};
  uint32_t chosen = hb_random_below(&random, s.count);
  for (uint32_t i = 0; i < s.count; i++) t->closeness[i] = -1;
  for (uint32_t c = 0; c < t->k; c++) {
    float *centroid = t->centroids + (size_t)c * t->dim;
    memcpy(centroid, point(t, start_point(&s, chosen)), t->dim * sizeof *centroid);
    s.centroid = centroid;
    pthreadpool_parallelize_1d_tile_1d(t->threads, see_newest, &s, s.count, 1024, 0);
    chosen = draw(&s, &random);
  }
}

/* Gives every point to its nearest centroid. Returns how many points changed theirs. */
static uint32_t assign(training *t) {
  uint32_t *swap = t->before;
  t->before = t->nearest;
  t->nearest = swap;
  hb_kmeans_assign(t->points, t->count, t->dim, t->centroids, t->k, t->threads, t->nearest, t->closeness);
  memset(t->members, 0, t->k * sizeof *t->members);
  uint32_t changed = 0;
  for (uint32_t i = 0; i < t->count; i++) {
    changed += t->nearest[i] != t->before[i];
    t->members[t->nearest[i]]++;
  }
  return changed;
}

/* Gives each empty cluster the point that is farthest from its centroid, among centroids with more than one point. */
static void fill_empty(training *t) {
  for (uint32_t c = 0; c < t->k; c++) {
    if (t->members[c] > 0) continue;
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < t->count; i++)
      if (t->members[t->nearest[i]] > 1 && (worst == UINT32_MAX || t->closeness[i] < t->closeness[worst])) worst = i;
    if (worst == UINT32_MAX) return;
    t->members[t->nearest[worst]]--;
    t->nearest[worst] = c;
    t->closeness[worst] = 2; /* so that it is not taken again */
    t->members[c] = 1;
  }
}

static void update(training *t) {
  memset(t->centroids, 0, (size_t)t->k * t->dim * sizeof *t->centroids);
  for (uint32_t i = 0; i < t->count; i++)
    hb_vector_add(t->centroids + (size_t)t->nearest[i] * t->dim, point(t, i), t->dim);
  for (uint32_t c = 0; c < t->k; c++) hb_vector_normalize(t->centroids + (size_t)c * t->dim, t->dim);
}

static bool allocate(training *t) {
  t->nearest = malloc(t->count * sizeof *t->nearest);
  t->before = malloc(t->count * sizeof *t->before);
  t->closeness = malloc(t->count * sizeof *t->closeness);
  t->members = malloc(t->k * sizeof *t->members);
  return t->nearest && t->before && t->closeness && t->members;
}

static void release(training *t) {
  free(t->nearest);
  free(t->before);
  free(t->closeness);
  free(t->members);
}

hb_status hb_kmeans(const float *points, uint32_t count, uint32_t dim, uint32_t k, uint64_t seed, pthreadpool_t threads,
                    float *centroids, hb_error *error) {
  if (k == 0 || k > count || dim == 0)
    return hb_fail(error, HB_INVALID_ARGUMENT, "cannot make %u lists from %u images", k, count);
  training t = {.points = points, .count = count, .dim = dim, .k = k, .threads = threads, .centroids = centroids};
  if (!allocate(&t)) return release(&t), hb_fail_memory(error);
  choose_first(&t, seed);
  for (uint32_t i = 0; i < count; i++) t.nearest[i] = UINT32_MAX;
  for (int i = 0; i < HB_KMEANS_ITERATIONS && assign(&t) > count / 1000; i++) {
    fill_empty(&t);
    update(&t);
  }
  release(&t);
  return HB_OK;
}
