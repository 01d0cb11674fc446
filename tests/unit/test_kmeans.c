/* kmeans.h: clusters of unit vectors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/dot.h"
#include "vector/kmeans.h"
#include "vector/vector.h"

#define DIM 16

/* `per` points close around each of `k` directions that lie far apart; point i belongs to direction i % k. */
static float *separated(uint32_t k, uint32_t per, float spread) {
  hb_random random = {k};
  float *points = must_allocate((size_t)k * per * DIM * sizeof *points);
  for (uint32_t i = 0; i < k * per; i++) {
    float *p = points + (size_t)i * DIM;
    for (uint32_t d = 0; d < DIM; d++) p[d] = spread * random_float(&random);
    p[i % k] += 1; /* an axis each */
    hb_vector_normalize(p, DIM);
  }
  return points;
}

static uint32_t nearest_of(const float *point, uint32_t dim, const float *centroids, uint32_t k) {
  uint32_t nearest;
  hb_kmeans_assign(point, 1, dim, centroids, k, NULL, &nearest, NULL);
  return nearest;
}

static void count_members(const float *points, uint32_t count, uint32_t dim, const float *centroids, uint32_t k,
                          uint32_t *members) {
  memset(members, 0, k * sizeof *members);
  for (uint32_t i = 0; i < count; i++) members[nearest_of(points + (size_t)i * dim, dim, centroids, k)]++;
}

static void assert_unit_length(const float *centroids, uint32_t k, uint32_t dim) {
  for (uint32_t c = 0; c < k; c++) {
    const float *v = centroids + (size_t)c * dim;
    assert_true(fabs(dot_double(v, v, dim) - 1) < 1e-5);
  }
}

/* ---- Assignment ---- */

/* The first of the largest products; one that is not a number is never the largest. */
static uint32_t naive_nearest(const float *point, const float *centroids, uint32_t k, float *closeness) {
  uint32_t best = 0;
  *closeness = -INFINITY;
  for (uint32_t c = 0; c < k; c++) {
    float score;
    hb_dot_rows(point, centroids + (size_t)c * DIM, 1, DIM, &score);
    if (score > *closeness) *closeness = score, best = c;
  }
  return best;
}

static void check_assignment(const float *points, uint32_t count, const float *centroids, uint32_t k,
                             pthreadpool_t threads) {
  uint32_t *nearest = must_allocate(count * sizeof *nearest), *alone = must_allocate(count * sizeof *alone);
  float *closeness = must_allocate(count * sizeof *closeness), expected;
  hb_kmeans_assign(points, count, DIM, centroids, k, threads, nearest, closeness);
  hb_kmeans_assign(points, count, DIM, centroids, k, threads, alone, NULL);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(nearest[i], naive_nearest(points + (size_t)i * DIM, centroids, k, &expected));
    assert_int_equal(alone[i], nearest[i]);
    if (expected > -INFINITY) assert_same_bits(&closeness[i], &expected, 1);
  }
  free(nearest);
  free(alone);
  free(closeness);
}

static void the_nearest_centroid_has_the_largest_product(void **state) {
  (void)state;
  static const uint32_t counts[] = {1, 63, 64, 65, 200}, ks[] = {1, 2, 15, 16, 17, 40};
  float *points = random_unit_vectors(200, DIM, 30), *centroids = random_unit_vectors(40, DIM, 31);
  pthreadpool_t three = pthreadpool_create(3);
  for (int c = 0; c < 5; c++)
    for (int k = 0; k < 6; k++) {
      check_assignment(points, counts[c], centroids, ks[k], NULL);
      check_assignment(points, counts[c], centroids, ks[k], three);
    }
  pthreadpool_destroy(three);
  free(points);
  free(centroids);
}

static void of_equal_centroids_the_first_is_nearest(void **state) {
  (void)state;
  float *points = random_unit_vectors(70, DIM, 32), *centroids = random_unit_vectors(40, DIM, 33);
  for (uint32_t c = 20; c < 40; c++) memcpy(centroids + c * DIM, centroids + (39 - c) * DIM, DIM * sizeof(float));
  memset(points, 0, DIM * sizeof(float)); /* as far from one as from another */
  check_assignment(points, 70, centroids, 40, NULL);
  free(points);
  free(centroids);
}

static void what_is_not_a_number_is_never_nearest(void **state) {
  (void)state;
  static const uint32_t places[] = {0, 5, 16, 39};
  float *points = random_unit_vectors(70, DIM, 34);
  for (int p = 0; p < 4; p++) {
    float *centroids = random_unit_vectors(40, DIM, 35);
    centroids[places[p] * DIM + 3] = NAN;
    check_assignment(points, 70, centroids, 40, NULL);
    free(centroids);
  }
  for (uint32_t d = 0; d < DIM; d++) points[DIM + d] = NAN; /* centroid 0 */
  float *centroids = random_unit_vectors(40, DIM, 36);
  check_assignment(points, 70, centroids, 40, NULL);
  free(points);
  free(centroids);
}

/* ---- Training ---- */

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

/* `per` 100: more points than are looked at for the start. */
static void check_separated(uint32_t per) {
  const uint32_t k = 8;
  float *points = separated(k, per, 0.005f), centroids[8 * DIM];
  for (uint64_t seed = 0; seed < 20; seed++) {
    assert_ok(hb_kmeans(points, k * per, DIM, k, seed, NULL, centroids, &failure));
    assert_unit_length(centroids, k, DIM);
    uint32_t owner[8], seen = 0;
    for (uint32_t c = 0; c < k; c++) {
      owner[c] = nearest_of(points + (size_t)c * DIM, DIM, centroids, k);
      seen |= 1u << owner[c];
    }
    assert_int_equal(seen, 255);           /* every direction has a centroid of its own ... */
    for (uint32_t i = 0; i < k * per; i++) /* ... and all its points */
      assert_int_equal(nearest_of(points + (size_t)i * DIM, DIM, centroids, k), owner[i % k]);
  }
  free(points);
}

static void separated_clusters_are_found(void **state) {
  (void)state;
  check_separated(30);
  check_separated(100);
}

/* A centroid is the direction of its members' sum. */
static void a_centroid_is_the_mean_of_its_members(void **state) {
  (void)state;
  const uint32_t k = 4, per = 25;
  float *points = separated(k, per, 0.1f), centroids[4 * DIM];
  assert_ok(hb_kmeans(points, k * per, DIM, k, 3, NULL, centroids, &failure));
  for (uint32_t direction = 0; direction < k; direction++) {
    float sum[DIM] = {0};
    for (uint32_t i = direction; i < k * per; i += k) hb_vector_add(sum, points + (size_t)i * DIM, DIM);
    uint32_t c = nearest_of(sum, DIM, centroids, k);
    assert_true(cosine_double(sum, centroids + (size_t)c * DIM, DIM) > 1 - 1e-6);
  }
  free(points);
}

static void points_that_are_all_equal_are_fine(void **state) {
  (void)state;
  float points[50 * DIM] = {0}, centroids[5 * DIM];
  for (uint32_t i = 0; i < 50; i++) points[i * DIM + 3] = 1;
  assert_ok(hb_kmeans(points, 50, DIM, 5, 1, NULL, centroids, &failure));
  for (uint32_t c = 0; c < 5; c++) assert_same_bits(centroids + c * DIM, points, DIM);
}

static void as_many_clusters_as_points_gives_the_points(void **state) {
  (void)state;
  const uint32_t n = 40;
  float *points = random_unit_vectors(n, DIM, 6), centroids[40 * DIM];
  assert_ok(hb_kmeans(points, n, DIM, n, 9, NULL, centroids, &failure));
  uint32_t members[40];
  count_members(points, n, DIM, centroids, n, members);
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(members[i], 1);
    uint32_t c = nearest_of(points + (size_t)i * DIM, DIM, centroids, n);
    assert_true(dot_double(points + (size_t)i * DIM, centroids + (size_t)c * DIM, DIM) > 1 - 1e-5);
  }
  free(points);
}

static void one_cluster_is_the_mean(void **state) {
  (void)state;
  float *points = random_unit_vectors(30, DIM, 2), centroid[DIM], sum[DIM] = {0};
  assert_ok(hb_kmeans(points, 30, DIM, 1, 1, NULL, centroid, &failure));
  for (uint32_t i = 0; i < 30; i++) hb_vector_add(sum, points + (size_t)i * DIM, DIM);
  assert_true(cosine_double(sum, centroid, DIM) > 1 - 1e-6);
  free(points);
}

static void impossible_numbers_are_refused(void **state) {
  (void)state;
  float points[2] = {1, 1}, centroids[4] = {7, 7, 7, 7};
  assert_fails(hb_kmeans(points, 2, 1, 3, 1, NULL, centroids, &failure), HB_INVALID_ARGUMENT, "3 lists");
  assert_fails(hb_kmeans(points, 2, 1, 0, 1, NULL, centroids, &failure), HB_INVALID_ARGUMENT, "0 lists");
  assert_fails(hb_kmeans(points, 0, 1, 1, 1, NULL, centroids, &failure), HB_INVALID_ARGUMENT, "0 images");
  assert_fails(hb_kmeans(points, 2, 0, 1, 1, NULL, centroids, &failure), HB_INVALID_ARGUMENT, "lists");
  assert_true(centroids[0] == 7);
}

/* A picture may give a zero vector; it belongs somewhere, and no centroid becomes NaN. */
static void zero_vectors_do_no_harm(void **state) {
  (void)state;
  const uint32_t n = 60;
  float *points = random_unit_vectors(n, DIM, 8), centroids[6 * DIM], zeros[20 * DIM] = {0};
  for (uint32_t i = 0; i < n; i += 7) memset(points + (size_t)i * DIM, 0, DIM * sizeof *points);
  assert_ok(hb_kmeans(points, n, DIM, 6, 4, NULL, centroids, &failure));
  for (uint32_t i = 0; i < 6 * DIM; i++) assert_true(isfinite(centroids[i]));
  assert_ok(hb_kmeans(zeros, 20, DIM, 3, 4, NULL, centroids, &failure));
  for (uint32_t i = 0; i < 3 * DIM; i++) assert_true(centroids[i] == 0);
  free(points);
}

static void the_same_seed_gives_the_same_bits(void **state) {
  (void)state;
  float *points = random_unit_vectors(500, DIM, 1);
  float a[20 * DIM], b[20 * DIM];
  assert_ok(hb_kmeans(points, 500, DIM, 20, 77, NULL, a, &failure));
  memset(b, 0x55, sizeof b); /* what was there before has no influence */
  assert_ok(hb_kmeans(points, 500, DIM, 20, 77, NULL, b, &failure));
  assert_same_bits(a, b, 20 * DIM);
  free(points);
}

static void another_seed_gives_other_clusters(void **state) {
  (void)state;
  float *points = random_unit_vectors(500, DIM, 1);
  float a[20 * DIM], b[20 * DIM];
  assert_ok(hb_kmeans(points, 500, DIM, 20, 77, NULL, a, &failure));
  assert_ok(hb_kmeans(points, 500, DIM, 20, 78, NULL, b, &failure));
  assert_memory_not_equal(a, b, sizeof a);
  free(points);
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
  (void)state;
  float *points = random_unit_vectors(3000, DIM, 14), one[20 * DIM], three[20 * DIM]; /* start: 1280 of 3000 */
  pthreadpool_t threads = pthreadpool_create(3);
  assert_ok(hb_kmeans(points, 3000, DIM, 20, 5, NULL, one, &failure));
  assert_ok(hb_kmeans(points, 3000, DIM, 20, 5, threads, three, &failure));
  assert_same_bits(one, three, 20 * DIM);
  pthreadpool_destroy(threads);
  free(points);
}

static void ordinary_data_leaves_no_cluster_empty(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    const uint32_t n = 2000, k = 51;
    float *points = random_unit_vectors(n, 32, seed), *centroids = must_allocate(k * 32 * sizeof *centroids);
    uint32_t members[51];
    assert_ok(hb_kmeans(points, n, 32, k, seed, NULL, centroids, &failure));
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
  float points[30 * DIM] = {0}, centroids[10 * DIM];
  for (uint32_t i = 0; i < 30; i++) points[i * DIM + i % 3] = 1;
  assert_ok(hb_kmeans(points, 30, DIM, 10, 2, NULL, centroids, &failure));
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t c = nearest_of(points + i * DIM, DIM, centroids, 10);
    assert_true(dot_double(points + i * DIM, centroids + c * DIM, DIM) > 1 - 1e-6);
  }
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  float *points = random_unit_vectors(100, DIM, 1), centroids[4 * DIM];
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    allocations_fail_from(n);
    hb_status status = hb_kmeans(points, 100, DIM, 4, 1, NULL, centroids, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
  }
  free(points);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_numbers_are_the_published_ones),
      cmocka_unit_test(the_nearest_centroid_has_the_largest_product),
      cmocka_unit_test(of_equal_centroids_the_first_is_nearest),
      cmocka_unit_test(what_is_not_a_number_is_never_nearest),
      cmocka_unit_test(separated_clusters_are_found),
      cmocka_unit_test(a_centroid_is_the_mean_of_its_members),
      cmocka_unit_test(points_that_are_all_equal_are_fine),
      cmocka_unit_test(as_many_clusters_as_points_gives_the_points),
      cmocka_unit_test(one_cluster_is_the_mean),
      cmocka_unit_test(impossible_numbers_are_refused),
      cmocka_unit_test(zero_vectors_do_no_harm),
      cmocka_unit_test(the_same_seed_gives_the_same_bits),
      cmocka_unit_test(another_seed_gives_other_clusters),
      cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
      cmocka_unit_test(ordinary_data_leaves_no_cluster_empty),
      cmocka_unit_test(fewer_different_points_than_clusters),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
