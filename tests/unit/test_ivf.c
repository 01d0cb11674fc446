/* ivf.h against comparing with everything. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/ivf.h"

#define COUNT 300
#define DIM 19
#define NLIST 11
#define LABELS 70 /* more than a word of bits */

/* A list of 300 rows, as they lie in a bundle behind 1000 others, and centroids, in one kind of storage. */
typedef struct {
  hb_encoding encoding;
  float *vectors, *centres;
  uint8_t codes[COUNT * DIM * 4], centroid_codes[NLIST * DIM * 4];
  float scales[COUNT], centroid_scales[NLIST], scores[COUNT];
  uint32_t labels[COUNT];
  hb_rows centroids;
  hb_ivf_list list;
  hb_query query;
  hb_hit hits[COUNT];
} fixture;

static hb_rows encode(hb_encoding encoding, const float *vectors, uint32_t count, uint8_t *codes, float *scales) {
  for (uint32_t i = 0; i < count; i++)
    hb_row_encode(encoding, DIM, vectors + i * DIM, true, codes + i * hb_row_bytes(encoding, DIM), &scales[i]);
  return (hb_rows){encoding, DIM, count, codes, encoding == HB_ENCODING_I8 ? scales : NULL};
}

static fixture *fixture_make(hb_encoding encoding) {
  fixture *f = calloc(1, sizeof *f);
  f->encoding = encoding;
  f->vectors = random_unit_vectors(COUNT, DIM, 21);
  f->centres = random_unit_vectors(NLIST, DIM, 22);
  for (uint32_t i = 100; i < 120; i++)
    memcpy(f->vectors + i * DIM, f->vectors + 7 * DIM, DIM * sizeof(float)); /* ties */
  for (uint32_t i = 0; i < COUNT; i++) f->labels[i] = i % LABELS;
  f->centroids = encode(encoding, f->centres, NLIST, f->centroid_codes, f->centroid_scales);
  f->list = (hb_ivf_list){encode(encoding, f->vectors, COUNT, f->codes, f->scales), f->labels, 1000};
  assert_ok(hb_query_create(encoding, DIM, &f->query, &failure));
  return f;
}

static int set_up(void **state) {
  *state = fixture_make(HB_ENCODING_F32);
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hb_query_free(&f->query);
  free(f->vectors);
  free(f->centres);
  free(f);
  return 0;
}

static uint32_t scan(fixture *f, const hb_ivf_filter *filter, uint32_t k) {
  hb_topk top = {f->hits, k, 0};
  hb_ivf_scan(&f->list, &f->query, filter, f->scores, &top);
  hb_topk_sort(&top);
  return top.count;
}

static const hb_ivf_filter everything = {NULL, -INFINITY};

/* ---- Order ---- */

static void check_order(fixture *f) {
  float scores[NLIST], scratch[NLIST];
  hb_hit order[NLIST], all[NLIST];
  hb_rows_score(&f->centroids, 0, NLIST, &f->query, scores);
  hb_ivf_order(&f->centroids, &f->query, NLIST, scratch, all);
  for (uint32_t n = 0; n < NLIST; n++) {
    uint32_t nearer = 0; /* lists that come before this one */
    for (uint32_t l = 0; l < NLIST; l++)
      nearer += hb_hit_is_better((hb_hit){scores[l], l}, (hb_hit){scores[all[n].id], all[n].id});
    assert_int_equal(nearer, n);
  }
  for (uint32_t wanted = 1; wanted < NLIST; wanted++) {
    hb_ivf_order(&f->centroids, &f->query, wanted, scratch, order);
    for (uint32_t n = 0; n < wanted; n++) assert_int_equal(order[n].id, all[n].id);
  }
}

static void lists_come_nearest_first(void **state) {
  (void)state;
  float *queries = random_unit_vectors(20, DIM, 23);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    void *f = fixture_make(encoding);
    for (uint32_t q = 0; q < 20; q++) {
      hb_query_set(&((fixture *)f)->query, queries + q * DIM);
      check_order(f);
    }
    tear_down(&f);
  }
  free(queries);
}

/* A damaged index may hold centroids that are not numbers; their lists are still reached. */
static void a_centroid_that_is_not_a_number_comes_last(void **state) {
  fixture *f = *state;
  float *centroids = (float *)f->centroid_codes, scratch[NLIST];
  hb_hit order[NLIST];
  bool seen[NLIST] = {false};
  centroids[2 * DIM + 5] = centroids[6 * DIM] = NAN;
  hb_query_set(&f->query, f->vectors);
  hb_ivf_order(&f->centroids, &f->query, NLIST, scratch, order);
  for (uint32_t n = 0; n < NLIST; n++) {
    assert_false(seen[order[n].id]);
    seen[order[n].id] = true;
  }
  assert_int_equal(order[NLIST - 2].id, 2);
  assert_int_equal(order[NLIST - 1].id, 6);
}

static void a_query_that_is_not_a_number_reaches_all_lists_and_finds_nothing(void **state) {
  fixture *f = *state;
  float query[DIM], scratch[NLIST];
  hb_hit order[NLIST];
  for (uint32_t d = 0; d < DIM; d++) query[d] = NAN;
  hb_query_set(&f->query, query);
  hb_ivf_order(&f->centroids, &f->query, NLIST, scratch, order);
  for (uint32_t n = 0; n < NLIST; n++) assert_int_equal(order[n].id, n);
  assert_int_equal(scan(f, &everything, 5), 0);
}

/* ---- Scan ---- */

/* The hits are all rows that pass, best first, of equal ones the earlier. */
static void check_scan(fixture *f, const hb_ivf_filter *filter, uint32_t k) {
  float scores[COUNT];
  uint32_t passing = 0;
  hb_rows_score(&f->list.rows, 0, COUNT, &f->query, scores);
  bool pass[COUNT];
  for (uint32_t i = 0; i < COUNT; i++) {
    bool wanted = filter->labels == NULL || (filter->labels[f->labels[i] / 64] >> f->labels[i] % 64 & 1);
    pass[i] = wanted && scores[i] >= filter->min_score;
    passing += pass[i];
  }
  uint32_t found = scan(f, filter, k);
  assert_int_equal(found, passing < k ? passing : k);
  for (uint32_t n = 0; n < found; n++) {
    uint32_t row = f->hits[n].id - 1000, better = 0;
    assert_true(row < COUNT && pass[row]);
    assert_same_bits(&f->hits[n].score, &scores[row], 1);
    for (uint32_t i = 0; i < COUNT; i++)
      better += pass[i] && hb_hit_is_better((hb_hit){scores[i], 1000 + i}, f->hits[n]);
    assert_int_equal(better, n);
  }
}

static void a_scan_finds_the_best_that_pass(void **state) {
  (void)state;
  static const uint32_t ks[] = {1, 4, 50, COUNT};
  static const float floors[] = {-INFINITY, -0.05f, 0.3f, 2};
  static const uint64_t few[2] = {1u << 3, 1u << 2}, none[2] = {0}; /* labels 3 and 66 */
  const uint64_t *const filters[] = {NULL, few, none};
  float *queries = random_unit_vectors(4, DIM, 24);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    void *f = fixture_make(encoding);
    for (uint32_t i = 0; i < 4 * 4 * 4 * 3; i++) {
      hb_query_set(&((fixture *)f)->query, queries + i % 4 * DIM);
      const hb_ivf_filter filter = {filters[i / 64], floors[i / 16 % 4]};
      check_scan(f, &filter, ks[i / 4 % 4]);
    }
    tear_down(&f);
  }
  free(queries);
}

static void equal_scores_come_in_order_of_position(void **state) {
  fixture *f = *state;
  hb_query_set(&f->query, f->vectors + 7 * DIM);
  assert_int_equal(scan(f, &everything, 15), 15);
  assert_int_equal(f->hits[0].id, 1007);
  for (uint32_t i = 1; i < 15; i++) assert_int_equal(f->hits[i].id, 1099 + i);
}

static void a_minimum_score_is_inclusive(void **state) {
  fixture *f = *state;
  float own;
  hb_query_set(&f->query, f->vectors);
  hb_rows_score(&f->list.rows, 0, 1, &f->query, &own);
  hb_ivf_filter filter = {NULL, own};
  assert_int_equal(scan(f, &filter, 5), 1);
  assert_int_equal(f->hits[0].id, 1000);
  filter.min_score = nextafterf(own, 2);
  assert_int_equal(scan(f, &filter, 5), 0);
}

static void several_lists_fill_one_heap(void **state) {
  fixture *f = *state;
  hb_query_set(&f->query, f->vectors + 50 * DIM);
  hb_hit whole[10];
  assert_int_equal(scan(f, &everything, 10), 10);
  memcpy(whole, f->hits, sizeof whole);
  hb_topk top = {f->hits, 10, 0};
  for (uint32_t first = 200; first < COUNT; first -= 100) { /* 200, 100, 0: the order must not matter */
    hb_rows rows = f->list.rows;
    rows.count = 100;
    rows.codes = f->codes + first * hb_row_bytes(f->encoding, DIM);
    const hb_ivf_list part = {rows, f->labels + first, 1000 + first};
    hb_ivf_scan(&part, &f->query, &everything, f->scores, &top);
  }
  hb_topk_sort(&top);
  assert_memory_equal(f->hits, whole, sizeof whole);
}

static void an_empty_list_finds_nothing(void **state) {
  fixture *f = *state;
  hb_query_set(&f->query, f->vectors);
  f->list.rows.count = 0;
  assert_int_equal(scan(f, &everything, 5), 0);
}

static void a_search_allocates_nothing(void **state) {
  fixture *f = *state;
  float scratch[NLIST];
  hb_hit order[NLIST];
  allocations_reset();
  hb_query_set(&f->query, f->vectors);
  hb_ivf_order(&f->centroids, &f->query, 3, scratch, order);
  scan(f, &everything, 10);
  assert_int_equal(allocations_largest(), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_come_nearest_first),
      test(a_centroid_that_is_not_a_number_comes_last),
      test(a_query_that_is_not_a_number_reaches_all_lists_and_finds_nothing),
      cmocka_unit_test(a_scan_finds_the_best_that_pass),
      test(equal_scores_come_in_order_of_position),
      test(a_minimum_score_is_inclusive),
      test(several_lists_fill_one_heap),
      test(an_empty_list_finds_nothing),
      test(a_search_allocates_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
