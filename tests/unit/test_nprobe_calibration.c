/* The default nprobe: hb_nprobe_calibrate of builder.h, against searching. */
#include <math.h>
#include <stdlib.h>

#include "allocations.h"
#include "base/topk.h"
#include "builder/nprobe_calibration.h"
#include "collections.h"

#define NEIGHBOURS 4

/* Rows in lists; in few dimensions neighbours lie across the borders of lists. */
typedef struct {
  void *folder;
  collection images;
  hb_row_store rows;
  hb_clusters clusters;
} fixture;

static fixture fixture_make(uint32_t count, uint32_t dim, hb_encoding encoding, uint32_t nlist) {
  fixture f = {.images = collection_make(count, dim, 1, 4)};
  make_folder(&f.folder);
  free(f.images.vectors);
  f.images.vectors = random_unit_vectors(count, dim, 5);
  f.rows = collection_rows(&f.images, encoding, path_in(f.folder, "rows"));
  const hb_build_options options = {.nlist = nlist, .seed = 2};
  assert_ok(hb_clusters_create(&f.rows, &options, NULL, NULL, &f.clusters, &failure));
  assert_int_equal(f.clusters.nlist, nlist);
  return f;
}

static void fixture_free(fixture *f) {
  hb_clusters_free(&f->clusters);
  hb_row_store_free(&f->rows);
  collection_free(&f->images);
  remove_folder(&f->folder);
}

static hb_build_report calibrate(const fixture *f, double wanted, pthreadpool_t threads) {
  hb_build_report report = {0};
  assert_ok(hb_nprobe_calibrate(&f->rows, &f->clusters, wanted, threads, &report, &failure));
  return report;
}

/* What is found and scanned with each number of lists, written down without blocks and heaps. */
typedef struct {
  double recall[64], scanned[64]; /* by nprobe - 1 */
} line_chart;

/* The best `k` of `count` scores without row `but`. */
static void best_of(const float *scores, uint32_t count, uint32_t but, uint32_t k, uint32_t *best) {
  for (uint32_t n = 0; n < k; n++) {
    best[n] = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
      bool taken = i == but;
      for (uint32_t m = 0; m < n; m++) taken |= best[m] == i;
      if (!taken && (best[n] == UINT32_MAX || scores[i] > scores[best[n]])) best[n] = i;
    }
  }
}

static void add_query(const fixture *f, const hb_rows *all, uint32_t row, hb_query *query, float *scores,
                      line_chart *out) {
  const hb_clusters *k = &f->clusters;
  float *vector = must_allocate(all->dim * sizeof *vector);
  uint32_t neighbours[NEIGHBOURS], order[64], found = 0, scanned = 0;
  hb_row_decode(all, row, vector);
  hb_query_set(query, vector);
  hb_rows_score(all, 0, all->count, query, scores);
  best_of(scores, all->count, row, NEIGHBOURS, neighbours);
  hb_rows_score(&k->centroids, 0, k->nlist, query, scores);
  best_of(scores, k->nlist, UINT32_MAX, k->nlist, order);
  for (uint32_t n = 0; n < k->nlist; n++) {
    for (int i = 0; i < NEIGHBOURS; i++) found += k->list_of[neighbours[i]] == order[n];
    scanned += k->ends[order[n]] - hb_clusters_begin(k, order[n]);
    out->recall[n] += found;
    out->scanned[n] += scanned;
  }
  free(vector);
}

static line_chart measure(const fixture *f, uint32_t queries) {
  uint32_t count = f->rows.count, dim = f->rows.dim;
  line_chart c = {0};
  void *codes = must_allocate(count * hb_row_bytes(f->rows.encoding, dim));
  float *scores = must_allocate(count * sizeof *scores);
  hb_rows all;
  hb_query query;
  assert_ok(hb_row_store_read(&f->rows, 0, count, codes, &all, &failure));
  assert_ok(hb_query_create(all.encoding, dim, &query, &failure));
  for (uint32_t q = 0; q < queries; q++) add_query(f, &all, q * count / queries, &query, scores, &c);
  for (uint32_t n = 0; n < f->clusters.nlist; n++) {
    c.recall[n] /= queries * NEIGHBOURS;
    c.scanned[n] /= (double)queries * count;
  }
  hb_query_free(&query);
  free(scores);
  free(codes);
  return c;
}

static void check(const fixture *f, const line_chart *expected, double wanted) {
  uint32_t n = 0;
  while (n + 1 < f->clusters.nlist && expected->recall[n] < wanted - 1e-12) n++;
  hb_build_report report = calibrate(f, wanted, NULL);
  assert_int_equal(report.nprobe, n + 1);
  assert_true(fabs(report.recall - expected->recall[n]) < 1e-9);
  assert_true(fabs(report.scanned - expected->scanned[n]) < 1e-9);
}

static void nprobe_is_the_smallest_with_the_wanted_recall(void **state) {
  (void)state;
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    fixture f = fixture_make(800, 6, encoding, 20);
    line_chart c = measure(&f, 800);
    assert_true(c.recall[0] < 0.75 && c.recall[3] > 0.9 && c.recall[19] == 1); /* there is something to choose */
    static const double wanted[] = {0.1, 0.7, 0.9, 0.95, 0.991, 1};
    for (int i = 0; i < 6; i++) check(&f, &c, wanted[i]);
    fixture_free(&f);
  }
}

/* Of more than 2000 images every so many searches. */
static void of_many_rows_a_sample_searches(void **state) {
  (void)state;
  fixture f = fixture_make(2900, 5, HB_ENCODING_F32, 25);
  line_chart c = measure(&f, 2000);
  check(&f, &c, 0.9);
  check(&f, &c, 0.991);
  fixture_free(&f);
}

/* 64 rows of the longest vectors are read at a time. */
static void rows_are_compared_with_those_of_all_blocks(void **state) {
  (void)state;
  fixture f = fixture_make(150, HB_DIM_MAX, HB_ENCODING_I8, 3);
  assert_true(hb_row_store_block(&f.rows) < 100);
  line_chart c = measure(&f, 150);
  check(&f, &c, 0.5);
  check(&f, &c, 0.9);
  fixture_free(&f);
}

static void threads_change_nothing(void **state) {
  (void)state;
  pthreadpool_t threads = pthreadpool_create(3);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    fixture f = fixture_make(800, 6, encoding, 20);
    hb_build_report one = calibrate(&f, 0.9, NULL), three = calibrate(&f, 0.9, threads);
    assert_true(one.nprobe == three.nprobe && one.recall == three.recall && one.scanned == three.scanned);
    fixture_free(&f);
  }
  pthreadpool_destroy(threads);
}

static void a_few_rows_are_enough(void **state) {
  (void)state;
  for (uint32_t count = 1; count < 7; count++) {
    fixture f = fixture_make(count, 6, HB_ENCODING_F16, 1);
    hb_build_report report = calibrate(&f, 0.99, NULL);
    assert_int_equal(report.nprobe, 1);
    assert_true(report.recall == 1 && report.scanned == 1);
    fixture_free(&f);
  }
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  for (hb_encoding encoding = HB_ENCODING_F16; encoding <= HB_ENCODING_I8; encoding++) {
    fixture f = fixture_make(80, 6, encoding, 2);
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      hb_build_report report = {.nprobe = 77};
      allocations_fail_from(n);
      hb_status status = hb_nprobe_calibrate(&f.rows, &f.clusters, 0.9, NULL, &report, &failure);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
      assert_int_equal(report.nprobe == 77, refused);
    }
    fixture_free(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nprobe_is_the_smallest_with_the_wanted_recall),
      cmocka_unit_test(of_many_rows_a_sample_searches),
      cmocka_unit_test(rows_are_compared_with_those_of_all_blocks),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(a_few_rows_are_enough),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
