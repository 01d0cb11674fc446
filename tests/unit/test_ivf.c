/* ivf.h against comparing with everything. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "ivf.h"
#include "support.h"
#include "vector.h"

#define COUNT 300
#define DIM 19
#define NLIST 11

/* 300 vectors in the lists of their nearest centroids, one list empty, and memory to search them. */
typedef struct {
  float *vectors, *centroids; /* by id; by list */
  float *rows;                /* list by list */
  uint32_t ids[COUNT];
  hb_ivf_list lists[NLIST];
  hb_ivf ivf;
  hb_ivf_scratch scratch;
  hb_hit hits[COUNT];
} fixture;

static uint32_t nearest_list(const fixture *f, const float *vector) {
  uint32_t best = 0;
  float scores[NLIST];
  hb_dot_rows(vector, f->centroids, NLIST, DIM, scores);
  for (uint32_t l = 1; l < NLIST; l++)
    if (scores[l] > scores[best]) best = l;
  return best;
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  f->vectors = random_unit_vectors(COUNT, DIM, 21);
  f->centroids = random_unit_vectors(NLIST, DIM, 22);
  for (uint32_t d = 0; d < DIM; d++) f->centroids[4 * DIM + d] = 0; /* nothing is nearest to it */
  /* ids 100..119 are copies of id 7: ties */
  for (uint32_t i = 100; i < 120; i++) memcpy(f->vectors + i * DIM, f->vectors + 7 * DIM, DIM * sizeof(float));
  f->rows = must_allocate(COUNT * DIM * sizeof *f->rows);
  uint32_t at = 0;
  for (uint32_t l = 0; l < NLIST; l++) {
    uint32_t begin = at;
    for (uint32_t i = COUNT; i-- > 0;) { /* ids descend within a list: their order must not matter */
      if (nearest_list(f, f->vectors + i * DIM) != l) continue;
      memcpy(f->rows + at * DIM, f->vectors + i * DIM, DIM * sizeof(float));
      f->ids[at++] = i;
    }
    f->lists[l] = (hb_ivf_list){at - begin, f->rows + begin * DIM, f->ids + begin};
  }
  assert_int_equal(at, COUNT);
  assert_int_equal(f->lists[4].count, 0);
  f->ivf = (hb_ivf){DIM, NLIST, f->centroids, f->lists};
  assert_ok(hb_ivf_scratch_create(&f->ivf, &f->scratch, &failure));
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hb_ivf_scratch_free(&f->scratch);
  free(f->vectors);
  free(f->centroids);
  free(f->rows);
  free(f);
  return 0;
}

/* The lists by their centroids' scores, best first. */
static void order_of_lists(const fixture *f, const float *query, uint32_t order[NLIST]) {
  float scores[NLIST];
  hb_dot_rows(query, f->centroids, NLIST, DIM, scores);
  for (uint32_t n = 0; n < NLIST; n++) {
    uint32_t at = n;
    for (; at > 0 && scores[order[at - 1]] < scores[n]; at--) order[at] = order[at - 1];
    order[at] = n;
  }
}

static bool is_allowed(const hb_ivf_query *q, uint32_t id) {
  return q->allowed == NULL || (q->allowed[id / 64] >> id % 64 & 1);
}

/* What a search must do, written down without heaps and lists. */
static uint32_t search_plainly(const fixture *f, const float *query, const hb_ivf_query *q, uint32_t k, hb_hit *out,
                               hb_ivf_work *work) {
  uint32_t order[NLIST], found = 0, matching = 0;
  order_of_lists(f, query, order);
  *work = (hb_ivf_work){0, 0};
  for (uint32_t n = 0; n < NLIST; n++) {
    bool more_wanted = q->exact || n < q->nprobe || (q->allowed != NULL && matching < k);
    if (!more_wanted) break;
    const hb_ivf_list *list = &f->lists[q->exact ? n : order[n]];
    work->nprobe++;
    work->scanned += list->count;
    for (uint32_t i = 0; i < list->count; i++) {
      hb_hit hit = {0, list->ids[i]};
      hb_dot_rows(query, f->vectors + hit.id * DIM, 1, DIM, &hit.score);
      if (!(hit.score >= q->min_score) || !is_allowed(q, hit.id)) continue;
      matching++;
      uint32_t at = found < k ? found++ : k;
      for (; at > 0 && hb_hit_is_better(hit, out[at - 1]); at--)
        if (at < k) out[at] = out[at - 1];
      if (at < k) out[at] = hit;
    }
  }
  return found;
}

static void check(fixture *f, const float *query, const hb_ivf_query *q, uint32_t k) {
  hb_hit expected[COUNT + 1];
  hb_ivf_work work;
  uint32_t found = search_plainly(f, query, q, k, expected, &work);
  hb_topk top = {f->hits, k, 0};
  hb_ivf_work done = hb_ivf_search(&f->ivf, query, q, &f->scratch, &top);
  assert_int_equal(top.count, found);
  assert_int_equal(done.nprobe, work.nprobe);
  assert_int_equal(done.scanned, work.scanned);
  for (uint32_t i = 0; i < found; i++) {
    assert_int_equal(top.hits[i].id, expected[i].id);
    assert_same_bits(&top.hits[i].score, &expected[i].score, 1);
  }
}

static void every_search_agrees_with_the_plain_one(void **state) {
  fixture *f = *state;
  static const uint32_t ks[] = {1, 4, 50, COUNT};
  static const float floors[] = {-INFINITY, -0.05f, 0.3f, 2};
  float *queries = random_unit_vectors(6, DIM, 23);
  uint64_t few[COUNT / 64 + 1] = {0}, none[COUNT / 64 + 1] = {0};
  for (uint32_t i = 0; i < COUNT; i += 29) few[i / 64] |= (uint64_t)1 << i % 64;
  const uint64_t *const filters[] = {NULL, few, none};
  for (uint32_t query = 0; query < 6; query++)
    for (uint32_t nprobe = 1; nprobe <= NLIST; nprobe++)
      for (int k = 0; k < 4; k++)
        for (int floor = 0; floor < 4; floor++)
          for (int filter = 0; filter < 3; filter++) {
            hb_ivf_query q = {nprobe, false, filters[filter], floors[floor]};
            check(f, queries + query * DIM, &q, ks[k]);
            q.exact = true;
            check(f, queries + query * DIM, &q, ks[k]);
          }
  free(queries);
}

static void all_lists_probed_is_the_exact_search(void **state) {
  fixture *f = *state;
  float *queries = random_unit_vectors(20, DIM, 24);
  for (uint32_t query = 0; query < 20; query++) {
    hb_hit all[10], exact[10];
    hb_topk a = {all, 10, 0}, b = {exact, 10, 0};
    const hb_ivf_query probing = {NLIST, false, NULL, -INFINITY}, scanning = {1, true, NULL, -INFINITY};
    hb_ivf_work work = hb_ivf_search(&f->ivf, queries + query * DIM, &probing, &f->scratch, &a);
    assert_int_equal(work.scanned, COUNT);
    work = hb_ivf_search(&f->ivf, queries + query * DIM, &scanning, &f->scratch, &b);
    assert_int_equal(work.scanned, COUNT);
    assert_int_equal(work.nprobe, NLIST);
    assert_memory_equal(all, exact, sizeof all);
  }
  free(queries);
}

static void equal_scores_come_in_order_of_id(void **state) {
  fixture *f = *state;
  hb_topk top = {f->hits, 15, 0};
  const hb_ivf_query q = {1, true, NULL, -INFINITY};
  hb_ivf_search(&f->ivf, f->vectors + 7 * DIM, &q, &f->scratch, &top);
  assert_int_equal(top.hits[0].id, 7);
  for (uint32_t i = 1; i < 15; i++) assert_int_equal(top.hits[i].id, 99 + i);
}

static void a_filter_probes_on_until_k_are_found(void **state) {
  fixture *f = *state;
  float *query = random_unit_vectors(1, DIM, 25);
  uint32_t order[NLIST];
  order_of_lists(f, query, order);
  /* only one image of the last list is wanted */
  uint32_t last = NLIST - 1;
  while (f->lists[order[last]].count == 0) last--;
  uint32_t wanted = f->lists[order[last]].ids[0];
  uint64_t allowed[COUNT / 64 + 1] = {0};
  allowed[wanted / 64] |= (uint64_t)1 << wanted % 64;
  hb_topk top = {f->hits, 1, 0};
  const hb_ivf_query q = {1, false, allowed, -INFINITY};
  hb_ivf_work work = hb_ivf_search(&f->ivf, query, &q, &f->scratch, &top);
  assert_int_equal(top.count, 1);
  assert_int_equal(top.hits[0].id, wanted);
  assert_int_equal(work.nprobe, last + 1);
  free(query);
}

static void a_minimum_score_is_inclusive(void **state) {
  fixture *f = *state;
  float own;
  hb_dot_rows(f->vectors, f->vectors, 1, DIM, &own);
  hb_topk top = {f->hits, 5, 0};
  hb_ivf_query q = {1, true, NULL, own};
  hb_ivf_search(&f->ivf, f->vectors, &q, &f->scratch, &top);
  assert_int_equal(top.count, 1);
  assert_int_equal(top.hits[0].id, 0);
  q.min_score = nextafterf(own, 2);
  top = (hb_topk){f->hits, 5, 0};
  hb_ivf_search(&f->ivf, f->vectors, &q, &f->scratch, &top);
  assert_int_equal(top.count, 0);
}

static void a_query_that_is_not_a_number_finds_nothing(void **state) {
  fixture *f = *state;
  float query[DIM];
  for (uint32_t d = 0; d < DIM; d++) query[d] = NAN;
  for (uint32_t nprobe = 1; nprobe <= NLIST; nprobe++) {
    hb_topk top = {f->hits, 5, 0};
    const hb_ivf_query q = {nprobe, false, NULL, -INFINITY};
    hb_ivf_work work = hb_ivf_search(&f->ivf, query, &q, &f->scratch, &top);
    assert_int_equal(top.count, 0);
    assert_int_equal(work.nprobe, nprobe);
  }
}

/* A damaged index may hold a centroid that is not a number; its list is still reached. */
static void a_centroid_that_is_not_a_number_comes_last(void **state) {
  fixture *f = *state;
  for (uint32_t d = 0; d < DIM; d++) f->centroids[2 * DIM + d] = NAN;
  hb_topk top = {f->hits, COUNT, 0};
  hb_ivf_query q = {NLIST, false, NULL, -INFINITY};
  hb_ivf_work work = hb_ivf_search(&f->ivf, f->vectors, &q, &f->scratch, &top);
  assert_int_equal(top.count, COUNT);
  assert_int_equal(work.scanned, COUNT);
  q.nprobe = NLIST - 1;
  top = (hb_topk){f->hits, COUNT, 0};
  work = hb_ivf_search(&f->ivf, f->vectors, &q, &f->scratch, &top);
  assert_int_equal(work.scanned, COUNT - f->lists[2].count);
}

static void scores_are_given_for_every_id(void **state) {
  fixture *f = *state;
  float *query = random_unit_vectors(1, DIM, 26), scores[COUNT], expected[COUNT];
  hb_ivf_scores(&f->ivf, query, &f->scratch, scores);
  hb_dot_rows(query, f->vectors, COUNT, DIM, expected);
  assert_same_bits(scores, expected, COUNT);
  free(query);
}

static void scratch_memory_fails_cleanly(void **state) {
  fixture *f = *state;
  for (size_t n = 0; n < 3; n++) {
    hb_ivf_scratch scratch = {0};
    allocations_fail_from(n);
    hb_status status = hb_ivf_scratch_create(&f->ivf, &scratch, &failure);
    allocations_work();
    assert_int_equal(status, HB_OUT_OF_MEMORY);
    assert_null(scratch.scores);
  }
}

static void a_search_allocates_nothing(void **state) {
  fixture *f = *state;
  hb_topk top = {f->hits, 10, 0};
  const hb_ivf_query q = {3, false, NULL, -INFINITY};
  allocations_reset();
  hb_ivf_search(&f->ivf, f->vectors, &q, &f->scratch, &top);
  assert_int_equal(allocations_largest(), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(every_search_agrees_with_the_plain_one),
      test(all_lists_probed_is_the_exact_search),
      test(equal_scores_come_in_order_of_id),
      test(a_filter_probes_on_until_k_are_found),
      test(a_minimum_score_is_inclusive),
      test(a_query_that_is_not_a_number_finds_nothing),
      test(a_centroid_that_is_not_a_number_comes_last),
      test(scores_are_given_for_every_id),
      test(scratch_memory_fails_cleanly),
      test(a_search_allocates_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
