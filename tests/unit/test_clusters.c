/* Rows into lists: hb_clusters_create of builder.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collections.h"
#include "vector/dot.h"
#include "vector/kmeans.h"

#define DIM 24

static hb_clusters create(const hb_row_store *rows, const hb_build_options *options, const hb_index *base) {
  hb_clusters k;
  assert_ok(hb_clusters_create(rows, options, base, NULL, &k, &failure));
  return k;
}

/* Rows of a collection and the lists that were made of them. */
typedef struct {
  collection images;
  hb_row_store rows;
  hb_clusters clusters;
} made;

static made make(const char *folder, uint32_t count, hb_encoding encoding, uint32_t nlist) {
  made m = {.images = collection_make(count, DIM, 6, 3)};
  m.rows = collection_rows(&m.images, encoding, path_in(folder, "rows"));
  const hb_build_options options = {.nlist = nlist, .seed = 5};
  m.clusters = create(&m.rows, &options, NULL);
  return m;
}

static void made_free(made *m) {
  hb_clusters_free(&m->clusters);
  hb_row_store_free(&m->rows);
  collection_free(&m->images);
}

/* ---- Lists ---- */

/* Every row is in the list of its nearest centroid, as both are stored, and lists hold rows in order. */
static void check_lists(const hb_row_store *rows, const hb_clusters *k) {
  uint8_t code[DIM * 4];
  float row[DIM], scores[64];
  hb_rows one;
  uint32_t seen = 0;
  for (uint32_t l = 0; l < k->nlist; l++) {
    assert_true(k->ends[l] >= hb_clusters_begin(k, l));
    for (uint32_t m = hb_clusters_begin(k, l); m < k->ends[l]; m++, seen++) {
      assert_int_equal(k->list_of[k->members[m]], l);
      assert_true(m == hb_clusters_begin(k, l) || k->members[m - 1] < k->members[m]);
      assert_ok(hb_row_store_read(rows, k->members[m], 1, code, &one, &failure));
      hb_row_decode(&one, 0, row);
      hb_dot_rows(row, k->decoded, k->nlist, DIM, scores);
      for (uint32_t other = 0; other < k->nlist; other++) assert_true(scores[other] <= scores[l]);
    }
  }
  assert_int_equal(seen, rows->count);
  assert_int_equal(k->ends[k->nlist - 1], rows->count);
}

static void check_centroids(const hb_clusters *k) {
  float decoded[DIM];
  for (uint32_t l = 0; l < k->nlist; l++) {
    hb_row_decode(&k->centroids, l, decoded);
    assert_same_bits(decoded, k->decoded + (size_t)l * DIM, DIM); /* what readers see */
    assert_true(fabs(dot_double(decoded, decoded, DIM) - 1) < 2e-3);
  }
}

static void rows_are_in_the_nearest_list(void **state) {
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    made m = make(*state, 600, encoding, 12);
    assert_int_equal(m.clusters.nlist, 12);
    assert_true(m.clusters.centroids.encoding == encoding);
    check_lists(&m.rows, &m.clusters);
    check_centroids(&m.clusters);
    made_free(&m);
  }
}

static void unevenness_is_counted(void **state) {
  made m = make(*state, 600, HB_ENCODING_F32, 12);
  double squares = 0;
  for (uint32_t l = 0; l < 12; l++) squares += pow(m.clusters.ends[l] - hb_clusters_begin(&m.clusters, l), 2);
  assert_true(fabs(m.clusters.imbalance - 12 * squares / (600. * 600)) < 1e-12);
  assert_true(m.clusters.imbalance >= 1);
  assert_true(m.clusters.trained && m.clusters.trained_imbalance == m.clusters.imbalance);
  assert_int_equal(m.clusters.trained_count, 600);
  made_free(&m);
}

/* What a query probes together lies together: each centroid is followed by the nearest of those that come later. */
static void centroids_that_are_near_are_neighbours(void **state) {
  made m = make(*state, 900, HB_ENCODING_F32, 20);
  const float *c = m.clusters.decoded;
  for (uint32_t l = 0; l + 1 < 20; l++) {
    float scores[20];
    hb_dot_rows(c + l * DIM, c, 20, DIM, scores);
    for (uint32_t later = l + 2; later < 20; later++) assert_true(scores[l + 1] >= scores[later]);
  }
  made_free(&m);
}

static uint32_t nlist_of(const char *folder, uint32_t count, uint32_t wanted) {
  made m = make(folder, count, HB_ENCODING_F32, wanted);
  uint32_t nlist = m.clusters.nlist;
  made_free(&m);
  return nlist;
}

static void lists_are_as_many_as_wanted_but_hold_39_images(void **state) {
  assert_int_equal(nlist_of(*state, 6, 1), 1);
  assert_int_equal(nlist_of(*state, 6, 65536), 1);
  assert_int_equal(nlist_of(*state, 77, 2), 1);
  assert_int_equal(nlist_of(*state, 78, 2), 2);
  assert_int_equal(nlist_of(*state, 78, 0), 2);
  assert_int_equal(nlist_of(*state, 400, 10), 10);
  assert_int_equal(nlist_of(*state, 400, 11), 10);
  assert_int_equal(nlist_of(*state, 400, 3), 3);
  assert_int_equal(nlist_of(*state, 8100, 0), 180); /* 2 sqrt(8100) */
}

static void impossible_requests_are_refused(void **state) {
  collection none = collection_make(6, DIM, 1, 1);
  none.count = 0;
  hb_row_store rows = collection_rows(&none, HB_ENCODING_F32, path_in(*state, "rows"));
  hb_clusters k = {.nlist = 77};
  hb_build_options options = {.nlist = 1};
  assert_fails(hb_clusters_create(&rows, &options, NULL, NULL, &k, &failure), HB_INVALID_ARGUMENT, "no images");
  hb_row_store_free(&rows);
  none.count = 6;
  rows = collection_rows(&none, HB_ENCODING_F32, path_in(*state, "rows"));
  options.nlist = 65537;
  assert_fails(hb_clusters_create(&rows, &options, NULL, NULL, &k, &failure), HB_INVALID_ARGUMENT,
               "nlist must be from 1 to 65536, not 65537");
  assert_int_equal(k.nlist, 77);
  hb_row_store_free(&rows);
  collection_free(&none);
}

static bool same_clusters(const hb_clusters *a, const hb_clusters *b, uint32_t count) {
  return a->nlist == b->nlist && memcmp(a->decoded, b->decoded, (size_t)a->nlist * DIM * sizeof(float)) == 0 &&
         memcmp(a->members, b->members, count * sizeof *a->members) == 0;
}

static void threads_change_nothing_and_another_seed_does(void **state) {
  made m = make(*state, 2000, HB_ENCODING_I8, 20);
  hb_build_options options = {.nlist = 20, .seed = 5};
  pthreadpool_t threads = pthreadpool_create(3);
  hb_clusters k;
  assert_ok(hb_clusters_create(&m.rows, &options, NULL, threads, &k, &failure));
  assert_true(same_clusters(&m.clusters, &k, 2000));
  hb_clusters_free(&k);
  options.seed = 6;
  k = create(&m.rows, &options, NULL);
  assert_false(same_clusters(&m.clusters, &k, 2000));
  hb_clusters_free(&k);
  pthreadpool_destroy(threads);
  made_free(&m);
}

/* ---- Training on a sample ---- */

/* The centroids, with row `changed` turned somewhere else; the caller frees. */
static float *centroids_with(const char *folder, collection *c, uint32_t changed, const hb_build_options *options) {
  float saved[DIM], *vector = c->vectors + (size_t)changed * DIM;
  memcpy(saved, vector, sizeof saved);
  for (uint32_t d = 0; d < DIM; d++) vector[d] = d == 3;
  hb_row_store rows = collection_rows(c, HB_ENCODING_F32, path_in(folder, "rows"));
  memcpy(vector, saved, sizeof saved);
  hb_clusters k = create(&rows, options, NULL);
  float *centroids = must_allocate((size_t)k.nlist * DIM * sizeof *centroids);
  memcpy(centroids, k.decoded, (size_t)k.nlist * DIM * sizeof *centroids);
  hb_clusters_free(&k);
  hb_row_store_free(&rows);
  return centroids;
}

/* Of `count` rows 50 are changed, one at a time, each of which takes part in the training or not: how many do not in
 * the first half, and in the second. */
typedef struct {
  uint32_t first, second;
} halves;

static halves rows_without_influence(const char *folder, uint32_t count, const hb_build_options *options) {
  collection c = collection_make(count, DIM, 3, 8);
  hb_row_store rows = collection_rows(&c, HB_ENCODING_F32, path_in(folder, "rows"));
  hb_clusters k = create(&rows, options, NULL);
  halves unused = {0, 0};
  for (uint32_t i = 0; i < 50; i++) {
    float *after = centroids_with(folder, &c, i * count / 50 + 1, options);
    bool same = memcmp(k.decoded, after, (size_t)k.nlist * DIM * sizeof(float)) == 0;
    *(i < 25 ? &unused.first : &unused.second) += same;
    free(after);
  }
  hb_clusters_free(&k);
  hb_row_store_free(&rows);
  collection_free(&c);
  return unused;
}

static void up_to_256_rows_a_list_all_train(void **state) {
  const hb_build_options options = {.nlist = 2, .seed = 5};
  halves unused = rows_without_influence(*state, 512, &options);
  assert_int_equal(unused.first + unused.second, 0);
}

/* 512 of 3000, from everywhere: of 25 in a half 4 are expected to train. */
static void of_more_a_sample_trains(void **state) {
  const hb_build_options options = {.nlist = 2, .seed = 5};
  halves unused = rows_without_influence(*state, 3000, &options);
  assert_in_range(unused.first, 15, 24);
  assert_in_range(unused.second, 15, 24);
}

/* Half of the memory is the sample's: 100 rows of 512, of 25 in a half 5 are expected. */
static void less_memory_makes_the_sample_smaller(void **state) {
  const hb_build_options options = {.nlist = 2, .seed = 5, .memory_bytes = 2 * 100 * DIM * sizeof(float)};
  halves unused = rows_without_influence(*state, 512, &options);
  assert_in_range(unused.first, 13, 24);
  assert_in_range(unused.second, 13, 24);
}

static void memory_of_nothing_still_clusters(void **state) {
  made m = make(*state, 600, HB_ENCODING_F32, 12);
  const hb_build_options options = {.nlist = 12, .seed = 5, .memory_bytes = 1};
  hb_clusters k = create(&m.rows, &options, NULL);
  assert_int_equal(k.nlist, 12);
  check_lists(&m.rows, &k);
  hb_clusters_free(&k);
  made_free(&m);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(rows_are_in_the_nearest_list),           test(unevenness_is_counted),
      test(centroids_that_are_near_are_neighbours), test(lists_are_as_many_as_wanted_but_hold_39_images),
      test(impossible_requests_are_refused),        test(threads_change_nothing_and_another_seed_does),
      test(up_to_256_rows_a_list_all_train),        test(of_more_a_sample_trains),
      test(less_memory_makes_the_sample_smaller),   test(memory_of_nothing_still_clusters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
