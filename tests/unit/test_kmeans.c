/* kmeans.h: clusters of unit vectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "kmeans.h"
#include "support.h"
#include "vector.h"

#define DIM 16

/* `per` points close around each of `k` directions that lie far apart; point i belongs to direction i % k. */
static float *separated(uint32_t k, uint32_t per, float spread) {
  hb_random random = {k};
  float *points = must_allocate((size_t)k * per * DIM * sizeof *points);
  for (uint32_t i = 0; i < k * per; i++) {
    float *p = points + (size_t)i * DIM;
    for (uint32_t d = 0; d < DIM; d++) p[d] = spread * random_float(&random);
    p[i % k] += 1; /* an axis each */
    hb_normalize(p, DIM);
  }
  return points;
}

static void count_members(const float *points, uint32_t count, uint32_t dim, const float *centroids, uint32_t k,
                          uint32_t *members) {
  float *scores = must_allocate(k * sizeof *scores);
  memset(members, 0, k * sizeof *members);
  for (uint32_t i = 0; i < count; i++)
    members[hb_kmeans_nearest(points + (size_t)i * dim, centroids, k, dim, scores)]++;
  free(scores);
}

static void assert_unit_length(const float *centroids, uint32_t k, uint32_t dim) {
  for (uint32_t c = 0; c < k; c++) {
    const float *v = centroids + (size_t)c * dim;
    assert_true(fabs(dot_double(v, v, dim) - 1) < 1e-5);
  }
}

/* SplitMix64's published sequence for seed 1234567: the same clusters on every machine begin with it. */
static void random_numbers_are_the_published_ones(void **state) {
  (void)state;
  static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                      4593380528125082431u, 16408922859458223821u};
  hb_random random = {1234567};
  for (int i = 0; i < 5; i++) assert_true(hb_random_next(&random) == expected[i]);
  for (int i = 0; i < 100000; i++) {
    double unit = hb_random_unit(&random);
    assert_true(unit >= 0 && unit < 1);
    assert_true(hb_random_below(&random, 7) < 7);
  }
}

static void separated_clusters_are_found(void **state) {
  (void)state;
  const uint32_t k = 8, per = 30;
  float *points = separated(k, per, 0.005f), centroids[8 * DIM], scores[8];
  for (uint64_t seed = 0; seed < 20; seed++) {
    assert_ok(hb_kmeans(points, k * per, DIM, k, seed, centroids, &failure));
    assert_unit_length(centroids, k, DIM);
    uint32_t owner[8], seen = 0;
    for (uint32_t c = 0; c < k; c++) {
      owner[c] = hb_kmeans_nearest(points + (size_t)c * DIM, centroids, k, DIM, scores);
      seen |= 1u << owner[c];
    }
    assert_int_equal(seen, 255);           /* every direction has a centroid of its own ... */
    for (uint32_t i = 0; i < k * per; i++) /* ... and all its points */
      assert_int_equal(hb_kmeans_nearest(points + (size_t)i * DIM, centroids, k, DIM, scores), owner[i % k]);
  }
  free(points);
}

/* A centroid is the direction of its members' sum. */
static void a_centroid_is_the_mean_of_its_members(void **state) {
  (void)state;
  const uint32_t k = 4, per = 25;
  float *points = separated(k, per, 0.1f), centroids[4 * DIM], scores[4];
  assert_ok(hb_kmeans(points, k * per, DIM, k, 3, centroids, &failure));
  for (uint32_t direction = 0; direction < k; direction++) {
    float sum[DIM] = {0};
    for (uint32_t i = direction; i < k * per; i += k) hb_add(sum, points + (size_t)i * DIM, DIM);
    uint32_t c = hb_kmeans_nearest(sum, centroids, k, DIM, scores);
    assert_true(cosine_double(sum, centroids + (size_t)c * DIM, DIM) > 1 - 1e-6);
  }
  free(points);
}

static void the_nearest_centroid_has_the_largest_product(void **state) {
  (void)state;
  const float centroids[] = {1, 0, 0, 1, -1, 0}, point[] = {0.1f, 0.9f}, tie[] = {0, 0};
  float scores[3];
  assert_int_equal(hb_kmeans_nearest(point, centroids, 3, 2, scores), 1);
  assert_float_equal(scores[0], 0.1, 1e-6);
  assert_float_equal(scores[2], -0.1, 1e-6);
  assert_int_equal(hb_kmeans_nearest(tie, centroids, 3, 2, scores), 0);
}

static void points_that_are_all_equal_are_fine(void **state) {
  (void)state;
  float points[50 * DIM] = {0}, centroids[5 * DIM];
  for (uint32_t i = 0; i < 50; i++) points[i * DIM + 3] = 1;
  assert_ok(hb_kmeans(points, 50, DIM, 5, 1, centroids, &failure));
  for (uint32_t c = 0; c < 5; c++) assert_same_bits(centroids + c * DIM, points, DIM);
}

static void as_many_clusters_as_points_gives_the_points(void **state) {
  (void)state;
  const uint32_t n = 40;
  float *points = random_unit_vectors(n, DIM, 6), centroids[40 * DIM], scores[40];
  assert_ok(hb_kmeans(points, n, DIM, n, 9, centroids, &failure));
  uint32_t members[40];
  count_members(points, n, DIM, centroids, n, members);
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(members[i], 1);
    uint32_t c = hb_kmeans_nearest(points + (size_t)i * DIM, centroids, n, DIM, scores);
    assert_float_equal(scores[c], 1, 1e-5);
  }
  free(points);
}

static void one_cluster_is_the_mean(void **state) {
  (void)state;
  float *points = random_unit_vectors(30, DIM, 2), centroid[DIM], sum[DIM] = {0};
  assert_ok(hb_kmeans(points, 30, DIM, 1, 1, centroid, &failure));
  for (uint32_t i = 0; i < 30; i++) hb_add(sum, points + (size_t)i * DIM, DIM);
  assert_true(cosine_double(sum, centroid, DIM) > 1 - 1e-6);
  free(points);
}

static void impossible_numbers_are_refused(void **state) {
  (void)state;
  float points[2] = {1, 1}, centroids[4] = {7, 7, 7, 7};
  assert_fails(hb_kmeans(points, 2, 1, 3, 1, centroids, &failure), HB_INVALID_ARGUMENT, "3 lists");
  assert_fails(hb_kmeans(points, 2, 1, 0, 1, centroids, &failure), HB_INVALID_ARGUMENT, "0 lists");
  assert_fails(hb_kmeans(points, 0, 1, 1, 1, centroids, &failure), HB_INVALID_ARGUMENT, "0 images");
  assert_fails(hb_kmeans(points, 2, 0, 1, 1, centroids, &failure), HB_INVALID_ARGUMENT, "lists");
  assert_true(centroids[0] == 7);
}

/* A picture may give a zero vector; it belongs somewhere, and no centroid becomes NaN. */
static void zero_vectors_do_no_harm(void **state) {
  (void)state;
  const uint32_t n = 60;
  float *points = random_unit_vectors(n, DIM, 8), centroids[6 * DIM], zeros[20 * DIM] = {0};
  for (uint32_t i = 0; i < n; i += 7) memset(points + (size_t)i * DIM, 0, DIM * sizeof *points);
  assert_ok(hb_kmeans(points, n, DIM, 6, 4, centroids, &failure));
  for (uint32_t i = 0; i < 6 * DIM; i++) assert_true(isfinite(centroids[i]));
  assert_ok(hb_kmeans(zeros, 20, DIM, 3, 4, centroids, &failure));
  for (uint32_t i = 0; i < 3 * DIM; i++) assert_true(centroids[i] == 0);
  free(points);
}

static void the_same_seed_gives_the_same_bits(void **state) {
  (void)state;
  float *points = random_unit_vectors(500, DIM, 1);
  float a[20 * DIM], b[20 * DIM];
  assert_ok(hb_kmeans(points, 500, DIM, 20, 77, a, &failure));
  memset(b, 0x55, sizeof b); /* what was there before has no influence */
  assert_ok(hb_kmeans(points, 500, DIM, 20, 77, b, &failure));
  assert_same_bits(a, b, 20 * DIM);
  free(points);
}

static void another_seed_gives_other_clusters(void **state) {
  (void)state;
  float *points = random_unit_vectors(500, DIM, 1);
  float a[20 * DIM], b[20 * DIM];
  assert_ok(hb_kmeans(points, 500, DIM, 20, 77, a, &failure));
  assert_ok(hb_kmeans(points, 500, DIM, 20, 78, b, &failure));
  assert_memory_not_equal(a, b, sizeof a);
  free(points);
}

/* Of 3000 points 2 x 256 train: changing a point that was not drawn changes nothing, and most were not drawn. */
static void large_sets_are_sampled(void **state) {
  (void)state;
  const uint32_t n = 3000, k = 2;
  float *points = random_unit_vectors(n, DIM, 12), before[2 * DIM], after[2 * DIM], saved[DIM];
  assert_ok(hb_kmeans(points, n, DIM, k, 5, before, &failure));
  uint32_t without_influence = 0;
  for (uint32_t i = 0; i < n; i += 30) {
    float *p = points + (size_t)i * DIM;
    memcpy(saved, p, sizeof saved);
    for (uint32_t d = 0; d < DIM; d++) p[d] = d == 0;
    assert_ok(hb_kmeans(points, n, DIM, k, 5, after, &failure));
    without_influence += memcmp(before, after, sizeof before) == 0;
    memcpy(p, saved, sizeof saved);
  }
  assert_in_range(without_influence, 65, 95); /* of 100; 83 are expected */
  free(points);
}

static void up_to_256_points_a_cluster_all_train(void **state) {
  (void)state;
  const uint32_t n = 511, k = 2;
  float *points = random_unit_vectors(n, DIM, 12), before[2 * DIM], after[2 * DIM];
  assert_ok(hb_kmeans(points, n, DIM, k, 5, before, &failure));
  for (uint32_t i = 3; i < n; i += 51) {
    float *p = points + (size_t)i * DIM, saved = p[1];
    p[1] += 0.25f;
    assert_ok(hb_kmeans(points, n, DIM, k, 5, after, &failure));
    assert_memory_not_equal(before, after, sizeof before);
    p[1] = saved;
  }
  free(points);
}

static void ordinary_data_leaves_no_cluster_empty(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    const uint32_t n = 2000, k = 51;
    float *points = random_unit_vectors(n, 32, seed), *centroids = must_allocate(k * 32 * sizeof *centroids);
    uint32_t members[51];
    assert_ok(hb_kmeans(points, n, 32, k, seed, centroids, &failure));
    assert_unit_length(centroids, k, 32);
    count_members(points, n, 32, centroids, k, members);
    for (uint32_t c = 0; c < k; c++) assert_true(members[c] > 0);
    free(centroids);
    free(points);
  }
}

/* More clusters than different points: the points still all have a centroid at their place. */
static void fewer_different_points_than_clusters(void **state) {
  (void)state;
  float points[30 * DIM] = {0}, centroids[10 * DIM], scores[10];
  for (uint32_t i = 0; i < 30; i++) points[i * DIM + i % 3] = 1;
  assert_ok(hb_kmeans(points, 30, DIM, 10, 2, centroids, &failure));
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t c = hb_kmeans_nearest(points + i * DIM, centroids, 10, DIM, scores);
    assert_float_equal(scores[c], 1, 1e-6);
  }
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  float *points = random_unit_vectors(100, DIM, 1), centroids[4 * DIM];
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    allocations_fail_from(n);
    hb_status status = hb_kmeans(points, 100, DIM, 4, 1, centroids, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
  }
  free(points);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_numbers_are_the_published_ones),
      cmocka_unit_test(separated_clusters_are_found),
      cmocka_unit_test(a_centroid_is_the_mean_of_its_members),
      cmocka_unit_test(the_nearest_centroid_has_the_largest_product),
      cmocka_unit_test(points_that_are_all_equal_are_fine),
      cmocka_unit_test(as_many_clusters_as_points_gives_the_points),
      cmocka_unit_test(one_cluster_is_the_mean),
      cmocka_unit_test(impossible_numbers_are_refused),
      cmocka_unit_test(zero_vectors_do_no_harm),
      cmocka_unit_test(the_same_seed_gives_the_same_bits),
      cmocka_unit_test(another_seed_gives_other_clusters),
      cmocka_unit_test(large_sets_are_sampled),
      cmocka_unit_test(up_to_256_points_a_cluster_all_train),
      cmocka_unit_test(ordinary_data_leaves_no_cluster_empty),
      cmocka_unit_test(fewer_different_points_than_clusters),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
