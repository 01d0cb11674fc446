/* topk.h against sorting everything. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "base/topk.h"

#define STREAM_MAX 700

static int best_first(const void *a, const void *b) {
  const hb_hit *x = a, *y = b;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

/* All numbers of the stream, sorted; returns how many. */
static uint32_t sort_all(const hb_hit *stream, uint32_t count, hb_hit *sorted) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < count; i++)
    if (!isnan(stream[i].score)) sorted[n++] = stream[i];
  qsort(sorted, n, sizeof *sorted, best_first);
  return n;
}

static void check_stream(const hb_hit *stream, uint32_t count, uint32_t k) {
  hb_hit *hits = must_allocate(k * sizeof *hits), sorted[STREAM_MAX];
  hb_topk top = {hits, k, 0};
  for (uint32_t i = 0; i < count; i++) {
    hb_topk_offer(&top, stream[i]);
    /* the first is the worst that is kept */
    for (uint32_t j = 1; j < top.count; j++) assert_false(hb_hit_is_better(top.hits[0], top.hits[j]));
  }
  hb_topk_sort(&top);
  uint32_t numbers = sort_all(stream, count, sorted), expected = numbers < k ? numbers : k;
  assert_int_equal(top.count, expected);
  for (uint32_t i = 0; i < expected; i++) {
    assert_int_equal(top.hits[i].id, sorted[i].id);
    assert_true(top.hits[i].score == sorted[i].score);
  }
  free(hits);
}

/* Few different scores, so that most are ties, and some that are not numbers. */
static void random_streams_give_the_best_in_order(void **state) {
  (void)state;
  static const uint32_t ks[] = {0, 1, 2, 3, 4, 10, 64, 699, 700, 1000};
  hb_random random = {99};
  for (uint32_t round = 0; round < 60; round++) {
    hb_hit stream[STREAM_MAX];
    uint32_t count = round < 3 ? round : hb_random_below(&random, STREAM_MAX) + 1;
    uint32_t values = round % 3 == 0 ? 5 : round % 3 == 1 ? 100 : 1u << 30;
    for (uint32_t i = 0; i < count; i++) {
      float score = (float)hb_random_below(&random, values) - (float)(values / 2);
      stream[i] = (hb_hit){hb_random_below(&random, 20) == 0 ? NAN : score, i};
    }
    for (uint32_t i = count; i > 1; i--) { /* ids in no order */
      uint32_t other = hb_random_below(&random, i);
      hb_hit t = stream[i - 1];
      stream[i - 1] = stream[other], stream[other] = t;
    }
    for (size_t k = 0; k < sizeof ks / sizeof *ks; k++) check_stream(stream, count, ks[k]);
  }
}

static void sorted_streams_give_the_best_in_order(void **state) {
  (void)state;
  hb_hit up[100], down[100], same[100];
  for (uint32_t i = 0; i < 100; i++) {
    up[i] = (hb_hit){(float)i, i};
    down[i] = (hb_hit){-(float)i, i};
    same[i] = (hb_hit){0.5f, 99 - i};
  }
  check_stream(up, 100, 7);
  check_stream(down, 100, 7);
  check_stream(same, 100, 7);
}

static void infinities_have_their_place(void **state) {
  (void)state;
  const hb_hit stream[] = {{-INFINITY, 0}, {1, 1}, {INFINITY, 2}, {NAN, 3}, {-0.0f, 5}, {0.0f, 4}};
  check_stream(stream, 6, 6);
  check_stream(stream, 6, 2);
}

static void equal_scores_go_by_id(void **state) {
  (void)state;
  assert_true(hb_hit_is_better((hb_hit){1, 9}, (hb_hit){0.5f, 1}));
  assert_true(hb_hit_is_better((hb_hit){1, 1}, (hb_hit){1, 2}));
  assert_false(hb_hit_is_better((hb_hit){1, 2}, (hb_hit){1, 1}));
  assert_false(hb_hit_is_better((hb_hit){1, 2}, (hb_hit){1, 2}));
}

static void room_for_none_keeps_none(void **state) {
  (void)state;
  hb_topk top = {NULL, 0, 0};
  hb_topk_offer(&top, (hb_hit){1, 1});
  hb_topk_sort(&top);
  assert_int_equal(top.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_streams_give_the_best_in_order),
      cmocka_unit_test(sorted_streams_give_the_best_in_order),
      cmocka_unit_test(infinities_have_their_place),
      cmocka_unit_test(equal_scores_go_by_id),
      cmocka_unit_test(room_for_none_keeps_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
