#include "kmeans.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "vector.h"

typedef struct {
  const float *points;
  uint32_t *sample; /* numbers of the points that train */
  uint32_t samples, dim, k;
  float *centroids;
  float *scores;     /* [max(k, samples)] scratch */
  uint32_t *nearest; /* [samples] */
  float *closeness;  /* [samples] dot product with the nearest centroid */
  uint32_t *members; /* [k] */
} training;

static const float *sample_point(const training *t, uint32_t i) { return t->points + (size_t)t->sample[i] * t->dim; }

/* Draws `samples` different points, in order of their numbers (a sequential draw, Knuth's algorithm S). */
static void draw_sample(training *t, uint32_t count, hb_random *random) {
  uint32_t taken = 0;
  for (uint32_t i = 0; taken < t->samples; i++) {
    if (hb_random_below(random, count - i) < t->samples - taken) t->sample[taken++] = i;
  }
}

/* k-means++ (Arthur, Vassilvitskii 2007): the next centroid is a point drawn by its squared distance to the nearest
 * one so far, which on the unit sphere is 2 - 2 x.c. */
static void start(training *t, hb_random *random) {
  uint32_t chosen = hb_random_below(random, t->samples);
  for (uint32_t i = 0; i < t->samples; i++) t->closeness[i] = -1;
  for (uint32_t c = 0; c < t->k; c++) {
    float *centroid = t->centroids + (size_t)c * t->dim;
    memcpy(centroid, sample_point(t, chosen), t->dim * sizeof *centroid);
    double total = 0;
    for (uint32_t i = 0; i < t->samples; i++) {
      float score;
      hb_dot_rows(centroid, sample_point(t, i), 1, t->dim, &score);
      if (score > t->closeness[i]) t->closeness[i] = score;
      if (t->closeness[i] < 1) total += 1 - t->closeness[i];
    }
    /* When all points coincide with centroids there is nothing left to weigh: any point will do. */
    double draw = hb_random_unit(random) * total;
    chosen = hb_random_below(random, t->samples);
    for (uint32_t i = 0; i < t->samples && total > 0; i++) {
      if (t->closeness[i] >= 1) continue;
      chosen = i;
      draw -= 1 - t->closeness[i];
      if (draw < 0) break;
    }
  }
}

uint32_t hb_kmeans_nearest(const float *point, const float *centroids, uint32_t k, uint32_t dim, float *scores) {
  hb_dot_rows(point, centroids, k, dim, scores);
  uint32_t best = 0;
  for (uint32_t c = 1; c < k; c++)
    if (scores[c] > scores[best]) best = c;
  return best;
}

/* Gives every point to its nearest centroid; true if any changed. */
static bool assign(training *t) {
  bool changed = false;
  memset(t->members, 0, t->k * sizeof *t->members);
  for (uint32_t i = 0; i < t->samples; i++) {
    uint32_t c = hb_kmeans_nearest(sample_point(t, i), t->centroids, t->k, t->dim, t->scores);
    changed |= c != t->nearest[i];
    t->nearest[i] = c;
    t->closeness[i] = t->scores[c];
    t->members[c]++;
  }
  return changed;
}

/* An empty cluster takes the point that is served worst by a centroid with points to spare. */
static void fill_empty(training *t) {
  for (uint32_t c = 0; c < t->k; c++) {
    if (t->members[c] > 0) continue;
    uint32_t worst = UINT32_MAX;
    for (uint32_t i = 0; i < t->samples; i++)
      if (t->members[t->nearest[i]] > 1 && (worst == UINT32_MAX || t->closeness[i] < t->closeness[worst])) worst = i;
    if (worst == UINT32_MAX) return;
    t->members[t->nearest[worst]]--;
    t->nearest[worst] = c;
    t->closeness[worst] = 2; /* not to be taken again */
    t->members[c] = 1;
  }
}

static void update(training *t) {
  memset(t->centroids, 0, (size_t)t->k * t->dim * sizeof *t->centroids);
  for (uint32_t i = 0; i < t->samples; i++)
    hb_add(t->centroids + (size_t)t->nearest[i] * t->dim, sample_point(t, i), t->dim);
  for (uint32_t c = 0; c < t->k; c++) hb_normalize(t->centroids + (size_t)c * t->dim, t->dim);
}

static bool allocate(training *t) {
  size_t scratch = t->k > t->samples ? t->k : t->samples;
  t->sample = malloc(t->samples * sizeof *t->sample);
  t->scores = malloc(scratch * sizeof *t->scores);
  t->nearest = malloc(t->samples * sizeof *t->nearest);
  t->closeness = malloc(t->samples * sizeof *t->closeness);
  t->members = malloc(t->k * sizeof *t->members);
  return t->sample && t->scores && t->nearest && t->closeness && t->members;
}

static void release(training *t) {
  free(t->sample);
  free(t->scores);
  free(t->nearest);
  free(t->closeness);
  free(t->members);
}

hb_status hb_kmeans(const float *points, uint32_t count, uint32_t dim, uint32_t k, uint64_t seed, float *centroids,
                    hb_error *error) {
  if (k == 0 || k > count || dim == 0)
    return hb_fail(error, HB_INVALID_ARGUMENT, "%u lists cannot be made of %u images", k, count);
  training t = {.points = points, .dim = dim, .k = k, .centroids = centroids};
  t.samples = count / HB_KMEANS_MAX_POINTS >= k ? k * HB_KMEANS_MAX_POINTS : count;
  if (!allocate(&t)) return release(&t), hb_fail_memory(error);

  hb_random random = {seed};
  draw_sample(&t, count, &random);
  start(&t, &random);
  for (uint32_t i = 0; i < t.samples; i++) t.nearest[i] = UINT32_MAX;
  for (int i = 0; i < HB_KMEANS_ITERATIONS && assign(&t); i++) {
    fill_empty(&t);
    update(&t);
  }
  release(&t);
  return HB_OK;
}
