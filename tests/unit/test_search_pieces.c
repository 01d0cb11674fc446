/* The search of heybagh.h while its files come, one after the other, and go. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "bundle_memory.h"
#include "collections.h"
#include "plain_search.h"

#define COUNT 500
#define DIM 20
#define NLIST 12

/* `alone`: each list in a file of its own; `packed`: several in a file. `whole` has all files, for plain_search. */
static struct {
  void *folder;
  collection images;
  bundle *alone, *packed;
  hb_index *whole;
} shared;

static bundle *build(const char *name, size_t shard_bytes) {
  hb_build_options options = collection_options(&shared.images, HB_ENCODING_I8);
  const char *folder = path_in(shared.folder, name);
  options.nlist = NLIST;
  options.shard_bytes = shard_bytes;
  collection_build(&shared.images, &options, folder);
  return bundle_load(folder);
}

static int build_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(COUNT, DIM, 10, 3);
  shared.alone = build("alone", 1);
  shared.packed = build("packed", 9000);
  assert_int_equal(shared.alone->count, 1 + NLIST);
  assert_in_range(shared.packed->count, 4, 7);
  shared.whole = bundle_parse(shared.packed);
  bundle_provide_all(shared.packed, shared.whole);
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  hb_index_free(shared.whole);
  bundle_free(shared.alone);
  bundle_free(shared.packed);
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

/* An index that has centroids only, and a search over it. */
typedef struct {
  const bundle *bundle;
  hb_index *index;
  hb_search *search;
  uint32_t missing[BUNDLE_FILES_MAX], missing_count;
} piecemeal;

static piecemeal begin(const bundle *b) {
  piecemeal p = {.bundle = b, .index = bundle_parse(b)};
  bundle_provide_needed(b, p.index);
  assert_ok(hb_search_create(p.index, &p.search, &failure));
  return p;
}

static void end(piecemeal *p) {
  hb_search_free(p->search);
  hb_index_free(p->index);
}

static void start(piecemeal *p, const float *query, const hb_search_options *options) {
  assert_ok(hb_search_start(p->search, query, options, &failure));
}

static void run(piecemeal *p) {
  assert_ok(hb_search_run(p->search, p->missing, BUNDLE_FILES_MAX, &p->missing_count, &failure));
}

/* What was found is right for the lists whose files are there. */
static void check_partial(piecemeal *p, const float *query, const hb_search_options *options) {
  static hb_hit expected[COUNT + 1];
  bool there[NLIST];
  hb_search_report report;
  for (uint32_t l = 0; l < NLIST; l++) there[l] = hb_index_file_is_there(p->index, p->index->lists[l].file);
  hb_search_report plain = plain_search(shared.whole, query, options, there, expected);
  const hb_result *results = hb_search_results(p->search, &report);
  assert_int_equal(report.found, plain.found);
  assert_int_equal(report.nprobe, plain.nprobe);
  assert_int_equal(report.planned, plain.planned);
  assert_int_equal(report.scanned, plain.scanned);
  check_results(shared.whole, expected, report.found, results);
}

static const float *vector(uint32_t i) { return collection_vector(&shared.images, i); }
static const char *const label[] = {"kind-007"};

/* ---- What is missing ---- */

static void missing_files_come_nearest_first_and_each_once(void **state) {
  (void)state;
  for (int packed = 0; packed < 2; packed++) {
    piecemeal p = begin(packed ? shared.packed : shared.alone);
    for (uint32_t i = 0; i < COUNT; i += 17) {
      const hb_search_options options = {.k = 4, .nprobe = 1 + i % NLIST};
      uint32_t order[NLIST], expected = 0;
      bool seen[BUNDLE_FILES_MAX] = {false};
      start(&p, vector(i), &options);
      run(&p);
      plain_order(shared.whole, vector(i), order);
      for (uint32_t n = 0; n < options.nprobe; n++) {
        uint32_t file = p.index->lists[order[n]].file;
        if (!seen[file]) assert_int_equal(p.missing[expected++], file);
        seen[file] = true;
      }
      assert_int_equal(p.missing_count, expected);
    }
    end(&p);
  }
}

static void more_may_be_missing_than_there_is_room_for(void **state) {
  (void)state;
  piecemeal p = begin(shared.alone);
  const hb_search_options options = {.k = 4, .exact = true};
  start(&p, vector(5), &options);
  run(&p);
  uint32_t few[4] = {99, 99, 99, 99}, count;
  assert_ok(hb_search_run(p.search, few, 3, &count, &failure));
  assert_int_equal(count, NLIST);
  assert_memory_equal(few, p.missing, 3 * sizeof *few);
  assert_int_equal(few[3], 99);
  assert_ok(hb_search_run(p.search, NULL, 0, &count, &failure));
  assert_int_equal(count, NLIST);
  end(&p);
}

static void a_search_needs_centroids_first(void **state) {
  (void)state;
  hb_index *index = bundle_parse(shared.alone);
  hb_search *search = NULL;
  assert_fails(hb_search_create(index, &search, &failure), HB_BAD_INDEX, "centroids-");
  assert_null(search);
  hb_index_free(index);
}

/* ---- Answers on the way ---- */

/* Provides what is missing in some order, and checks the answer after each file, until nothing is missing. */
static void provide_one_by_one(piecemeal *p, const float *query, const hb_search_options *options,
                               bool farthest_first) {
  start(p, query, options);
  run(p);
  check_partial(p, query, options);
  for (uint32_t n = 0; p->missing_count > 0; n++) {
    uint32_t before = p->missing_count;
    assert_true(n <= NLIST);
    assert_ok(bundle_provide(p->bundle, p->index, p->missing[farthest_first ? before - 1 : 0]));
    run(p);
    check_partial(p, query, options);
    if (options->label_count == 0) assert_int_equal(p->missing_count, before - 1);
  }
}

static void one_by_one_gives_the_same_answer_as_all_at_once(void **state) {
  (void)state;
  const hb_search_options options[] = {{.k = 4},
                                       {.k = 60, .nprobe = 5},
                                       {.k = COUNT, .exact = true},
                                       {.k = 10, .nprobe = 2, .labels = label, .label_count = 1},
                                       {.k = 51, .nprobe = 3, .labels = label, .label_count = 1},
                                       {.k = 20, .nprobe = 4, .has_min_score = true, .min_score = 0.4f}};
  for (int packed = 0; packed < 2; packed++)
    for (uint32_t i = 0; i < 24; i++) {
      piecemeal p = begin(packed ? shared.packed : shared.alone);
      provide_one_by_one(&p, vector(20 * i), &options[i % 6], i / 6 % 2 == 1);
      end(&p);
    }
}

static void a_filters_next_round_begins_when_nothing_is_missing(void **state) {
  (void)state;
  piecemeal p = begin(shared.alone);
  const hb_search_options options = {.k = 51, .nprobe = 5, .labels = label, .label_count = 1};
  static const uint32_t planned[] = {5, 10, 12};
  hb_search_report report;
  start(&p, vector(20), &options);
  for (int round = 0; round < 3; round++) {
    run(&p);
    hb_search_results(p.search, &report);
    assert_int_equal(report.planned, planned[round]);
    assert_int_equal(p.missing_count, planned[round] - (round > 0 ? planned[round - 1] : 0));
    for (uint32_t m = 0; m < p.missing_count; m++) assert_ok(bundle_provide(p.bundle, p.index, p.missing[m]));
  }
  run(&p);
  assert_int_equal(p.missing_count, 0);
  check_partial(&p, vector(20), &options);
  end(&p);
}

/* ---- Going ---- */

/* Each file is released as soon as it is scanned; answers are as if all were there. */
static void results_survive_the_release_of_their_files(void **state) {
  (void)state;
  static hb_hit expected[COUNT + 1];
  for (int packed = 0; packed < 2; packed++)
    for (uint32_t i = 0; i < 20; i++) {
      piecemeal p = begin(packed ? shared.packed : shared.alone);
      const hb_search_options options = {.k = 1 + i * 9, .exact = true};
      hb_search_report report;
      start(&p, vector(i * 20), &options);
      run(&p);
      uint32_t files[BUNDLE_FILES_MAX], count = p.missing_count;
      memcpy(files, p.missing, sizeof files);
      for (uint32_t n = 0; n < count; n++) {
        assert_ok(bundle_provide(p.bundle, p.index, files[n]));
        run(&p);
        hb_index_release(p.index, files[n]);
      }
      plain_search(shared.whole, vector(i * 20), &options, NULL, expected);
      const hb_result *results = hb_search_results(p.search, &report);
      assert_int_equal(report.found, options.k);
      check_results(shared.whole, expected, report.found, results);
      run(&p); /* all was scanned: nothing is asked for again */
      assert_int_equal(p.missing_count, 0);
      check_results(shared.whole, expected, report.found, hb_search_results(p.search, &report));
      end(&p);
    }
}

static void a_next_search_asks_for_what_was_released(void **state) {
  (void)state;
  piecemeal p = begin(shared.alone);
  const hb_search_options options = {.k = 4, .nprobe = 3};
  provide_one_by_one(&p, vector(0), &options, false);
  start(&p, vector(0), &options);
  run(&p);
  assert_int_equal(p.missing_count, 0); /* still there */
  uint32_t order[NLIST];
  plain_order(shared.whole, vector(0), order);
  hb_index_release(p.index, p.index->lists[order[1]].file);
  start(&p, vector(0), &options);
  run(&p);
  assert_int_equal(p.missing_count, 1);
  assert_int_equal(p.missing[0], p.index->lists[order[1]].file);
  check_partial(&p, vector(0), &options);
  end(&p);
}

/* Two searches over one index: a file that one brings in serves the other. */
static void two_searches_share_their_files(void **state) {
  (void)state;
  piecemeal p = begin(shared.alone), q = {p.bundle, p.index, NULL, {0}, 0};
  const hb_search_options options = {.k = 4, .nprobe = 4};
  assert_ok(hb_search_create(q.index, &q.search, &failure));
  start(&p, vector(30), &options);
  start(&q, vector(30), &options);
  run(&p);
  for (uint32_t m = 0; m < p.missing_count; m++) {
    run(&q);
    assert_int_equal(q.missing_count, p.missing_count - m);
    check_partial(&q, vector(30), &options);
    assert_ok(bundle_provide(p.bundle, p.index, p.missing[m]));
  }
  run(&p);
  run(&q);
  check_partial(&p, vector(30), &options);
  check_partial(&q, vector(30), &options);
  hb_search_free(q.search);
  end(&p);
}

/* ---- Memory ---- */

static hb_status search_all(hb_index *index, hb_search **search, hb_search_report *report) {
  const hb_search_options options = {.k = 300, .exact = true};
  uint32_t missing = 77;
  hb_status status = hb_search_create(index, search, &failure);
  if (status == HB_OK) status = hb_search_start(*search, vector(0), &options, &failure);
  if (status == HB_OK) status = hb_search_run(*search, NULL, 0, &missing, &failure);
  if (status != HB_OK) assert_int_equal(missing, 77);
  if (status == HB_OK) hb_search_results(*search, report);
  return status;
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_search *search = NULL;
    hb_search_report report = {0};
    allocations_fail_from(n);
    hb_status status = search_all(shared.whole, &search, &report);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    assert_int_equal(report.found, refused ? 0 : 300);
    hb_search_free(search);
  }
}

/* What is missing is told by a run that succeeds, and by no other. */
static void a_run_that_fails_leaves_its_outputs_alone(void **state) {
  (void)state;
  const hb_search_options options = {.k = 100, .exact = true};
  piecemeal p = begin(shared.alone);
  start(&p, vector(40), &options);
  run(&p);
  assert_true(p.missing_count > 2);
  assert_ok(bundle_provide(p.bundle, p.index, p.missing[1])); /* something to be told, and something missing */
  for (size_t n = 0; n < 2; n++) {
    uint32_t missing[] = {77, 77, 77}, count = 77;
    allocations_fail_one(n);
    assert_int_equal(hb_search_run(p.search, missing, 3, &count, &failure), HB_OUT_OF_MEMORY);
    allocations_work();
    for (int i = 0; i < 3; i++) assert_int_equal(missing[i], 77);
    assert_int_equal(count, 77);
  }
  run(&p);
  check_partial(&p, vector(40), &options);
  end(&p);
}

/* Memory comes and goes while files come and go. */
static void a_search_that_ran_out_of_memory_can_be_started_again(void **state) {
  (void)state;
  const hb_search_options options = {.k = 100, .exact = true};
  for (size_t n = 0; n < 4; n++) {
    piecemeal p = begin(shared.packed);
    hb_search_report report;
    start(&p, vector(40), &options);
    run(&p);
    for (uint32_t f = 0; f < p.bundle->count; f++) {
      if (hb_index_file_is_there(p.index, f)) continue;
      assert_ok(bundle_provide(p.bundle, p.index, f));
      allocations_fail_from(n);
      hb_search_run(p.search, p.missing, BUNDLE_FILES_MAX, &p.missing_count, &failure);
      allocations_work();
      hb_search_results(p.search, &report);
      hb_index_release(p.index, f);
    }
    hb_search_run(p.search, p.missing, BUNDLE_FILES_MAX, &p.missing_count, &failure);
    provide_one_by_one(&p, vector(40), &options, false);
    end(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(missing_files_come_nearest_first_and_each_once),
      cmocka_unit_test(more_may_be_missing_than_there_is_room_for),
      cmocka_unit_test(a_search_needs_centroids_first),
      cmocka_unit_test(one_by_one_gives_the_same_answer_as_all_at_once),
      cmocka_unit_test(a_filters_next_round_begins_when_nothing_is_missing),
      cmocka_unit_test(results_survive_the_release_of_their_files),
      cmocka_unit_test(a_next_search_asks_for_what_was_released),
      cmocka_unit_test(two_searches_share_their_files),
      cmocka_unit_test(without_memory_it_fails_cleanly),
      cmocka_unit_test(a_run_that_fails_leaves_its_outputs_alone),
      cmocka_unit_test(a_search_that_ran_out_of_memory_can_be_started_again),
  };
  return cmocka_run_group_tests(tests, build_shared, free_shared);
}
