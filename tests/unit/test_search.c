/* The search of heybagh.h over a bundle in a folder, against comparing with everything. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collections.h"
#include "plain_search.h"

#define COUNT 400
#define DIM 20
#define NLIST 10

/* A bundle of each kind of storage; images 50 to 59 are copies of image 7: ties. */
static struct {
  void *folder;
  collection images;
  hb_index *indexes[3];
} shared;

static int build_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(COUNT, DIM, 8, 3);
  for (uint32_t i = 50; i < 60; i++)
    memcpy(shared.images.vectors + i * DIM, collection_vector(&shared.images, 7), DIM * sizeof(float));
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_build_options options = collection_options(&shared.images, encoding);
    const char *folder = path_in(shared.folder, hb_encoding_name(encoding));
    options.nlist = NLIST;
    collection_build(&shared.images, &options, folder);
    shared.indexes[encoding] = open_index(folder);
    assert_int_equal(hb_index_nlist(shared.indexes[encoding]), NLIST);
    hb_catalog *catalog; /* brings all files in, for plain_search */
    assert_ok(hb_catalog_create(shared.indexes[encoding], &catalog, &failure));
    hb_catalog_free(catalog);
  }
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  for (int s = 0; s < 3; s++) hb_index_free(shared.indexes[s]);
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

/* A search over the f32 bundle. */
static int set_up(void **state) {
  hb_search *search;
  assert_ok(hb_search_create(shared.indexes[0], &search, &failure));
  *state = search;
  return 0;
}

static int tear_down(void **state) {
  hb_search_free(*state);
  return 0;
}

static const float *vector(uint32_t i) { return collection_vector(&shared.images, i); }

static const hb_result *find(hb_search *search, const float *query, const hb_search_options *options,
                             hb_search_report *report) {
  uint32_t missing = 99;
  assert_ok(hb_search_start(search, query, options, &failure));
  assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
  assert_int_equal(missing, 0);
  return hb_search_results(search, report);
}

static void check(hb_index *index, hb_search *search, const float *query, const hb_search_options *options) {
  static hb_hit expected[COUNT + 1];
  hb_search_report plain = plain_search(index, query, options, NULL, expected), report;
  const hb_result *results = find(search, query, options, &report);
  assert_int_equal(report.found, plain.found);
  assert_int_equal(report.nprobe, plain.nprobe);
  assert_int_equal(report.planned, plain.nprobe);
  assert_int_equal(report.scanned, plain.scanned);
  assert_true(report.scan >= 0);
  check_results(index, expected, report.found, results);
}

/* ---- Answers ---- */

static const char *const few[] = {"kind-006", "kind-001", "kind-006"};

/* One search object does all, so nothing of an earlier search may stay. */
static void every_search_agrees_with_the_plain_one(void **state) {
  (void)state;
  static const uint32_t ks[] = {1, 4, 50, COUNT, HB_K_MAX};
  float *queries = random_unit_vectors(2, DIM, 23);
  for (int s = 0; s < 3; s++) {
    hb_search *search;
    assert_ok(hb_search_create(shared.indexes[s], &search, &failure));
    for (uint32_t i = 0; i < 4 * 5 * 12 * 6; i++) {
      uint32_t way = i / 240, nprobe = i / 20 % 12, query = i % 4;
      hb_search_options options = {.k = ks[i / 4 % 5], .nprobe = nprobe <= NLIST ? nprobe : 0, .exact = nprobe > NLIST};
      if (way % 2 == 1) options.labels = few, options.label_count = 1 + query % 3;
      if (way / 2 > 0) options.has_min_score = true, options.min_score = way / 2 == 1 ? 0.1f : 0.6f;
      check(shared.indexes[s], search, query < 2 ? queries + query * DIM : vector(query * 60), &options);
    }
    hb_search_free(search);
  }
  free(queries);
}

static void equal_scores_come_in_the_order_of_the_bundle(void **state) {
  const hb_search_options options = {.k = 11, .exact = true};
  hb_search_report report;
  const hb_result *results = find(*state, vector(7), &options, &report);
  assert_int_equal(results[0].id, 7);
  for (uint32_t i = 1; i < 11; i++) {
    assert_true(results[i].score == results[0].score);
    assert_int_equal(results[i].id, 49 + i);
  }
}

static void nprobe_zero_is_the_default_of_the_index(void **state) {
  const hb_search_options options = {.k = 4};
  hb_search_report report;
  find(*state, vector(9), &options, &report);
  assert_int_equal(report.nprobe, hb_index_nprobe(shared.indexes[0]));
}

static void a_query_is_copied(void **state) {
  float query[DIM];
  hb_search_report report;
  const hb_search_options options = {.k = 1};
  uint32_t missing;
  memcpy(query, vector(99), sizeof query);
  assert_ok(hb_search_start(*state, query, &options, &failure));
  memset(query, 0, sizeof query);
  assert_ok(hb_search_run(*state, NULL, 0, &missing, &failure));
  assert_int_equal(hb_search_results(*state, &report)[0].id, 99);
}

static void a_query_that_is_not_a_number_finds_nothing(void **state) {
  float query[DIM];
  hb_search_report report;
  for (uint32_t d = 0; d < DIM; d++) query[d] = NAN;
  for (uint32_t nprobe = 1; nprobe <= NLIST; nprobe++) {
    const hb_search_options options = {.k = 4, .nprobe = nprobe};
    find(*state, query, &options, &report);
    assert_int_equal(report.found, 0);
    assert_int_equal(report.nprobe, nprobe);
  }
}

/* ---- Filters ---- */

/* Rounds of nprobe lists, until k are found or all lists are done. */
static void a_filter_probes_on_in_steps_of_nprobe(void **state) {
  hb_search_report report;
  bool stopped_early = false, searched_all = false;
  for (uint32_t i = 0; i < COUNT; i += 13) {
    const hb_search_options options = {.k = 10, .nprobe = 3, .labels = few, .label_count = 1};
    find(*state, vector(i), &options, &report);
    assert_int_equal(report.found, 10);
    assert_true(report.nprobe == 3 || report.nprobe == 6 || report.nprobe == 9 || report.nprobe == NLIST);
    stopped_early |= report.nprobe == 6;
    const hb_search_options all = {.k = 51, .nprobe = 3, .labels = few, .label_count = 1};
    find(*state, vector(i), &all, &report);
    assert_int_equal(report.found, COUNT / 8);
    searched_all |= report.nprobe == NLIST;
  }
  assert_true(stopped_early && searched_all);
}

/* A minimum score does not make a search probe on: what is farther away scores no better. */
static void a_minimum_score_alone_probes_no_further(void **state) {
  const hb_search_options options = {.k = 300, .nprobe = 2, .has_min_score = true, .min_score = 0.9f};
  hb_search_report report;
  find(*state, vector(0), &options, &report);
  assert_int_equal(report.nprobe, 2);
}

static void an_unknown_label_is_named(void **state) {
  const char *const labels[] = {"kind-001", "zebra"};
  const hb_search_options options = {.k = 4, .labels = labels, .label_count = 2};
  assert_fails(hb_search_start(*state, vector(0), &options, &failure), HB_INVALID_ARGUMENT, "no label 'zebra'");
}

/* ---- Ranges ---- */

static void numbers_out_of_range_are_refused_with_their_range(void **state) {
  const struct {
    hb_search_options options;
    const char *words;
  } cases[] = {
      {{.k = 0}, "k must be from 1 to 16384, not 0"},
      {{.k = 16385}, "k must be from 1 to 16384, not 16385"},
      {{.k = UINT32_MAX}, "must be from 1 to 16384"},
      {{.k = 4, .nprobe = NLIST + 1}, "nprobe must be from 1 to 10, the number of lists, not 11"},
      {{.k = 4, .nprobe = UINT32_MAX}, "must be from 1 to 10"},
      {{.k = 4, .has_min_score = true, .min_score = 2}, "minimum score must be from -1 to 1, not 2"},
      {{.k = 4, .has_min_score = true, .min_score = -1.01f}, "must be from -1 to 1"},
      {{.k = 4, .has_min_score = true, .min_score = NAN}, "must be from -1 to 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_fails(hb_search_start(*state, vector(0), &cases[i].options, &failure), HB_INVALID_ARGUMENT, cases[i].words);
}

static void numbers_at_the_ends_of_their_ranges_are_fine(void **state) {
  static const struct {
    hb_search_options options;
    uint32_t found;
  } cases[] = {{{.k = HB_K_MAX, .nprobe = NLIST}, COUNT},
               {{.k = 1, .nprobe = 1, .has_min_score = true, .min_score = -1}, 1},
               {{.k = 4, .nprobe = 9999, .exact = true}, 4}, /* ignored */
               {{.k = 4, .min_score = 99}, 4}};              /* not asked for */
  hb_search_report report;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    find(*state, vector(0), &cases[i].options, &report);
    assert_int_equal(report.found, cases[i].found);
  }
  const hb_search_options best = {.k = 4, .has_min_score = true, .min_score = 1};
  find(*state, vector(0), &best, &report); /* perhaps nothing, but no error */
}

/* ---- One search after the other, and two at once ---- */

static void before_it_is_started_a_search_finds_nothing(void **state) {
  hb_search_report report = {.found = 77};
  uint32_t missing = 77;
  hb_search_results(*state, &report);
  assert_int_equal(report.found, 0);
  assert_ok(hb_search_run(*state, NULL, 0, &missing, &failure));
  assert_int_equal(missing, 0);
  hb_search_results(*state, &report);
  assert_true(report.found == 0 && report.nprobe == 0 && report.planned == 0 && report.scanned == 0);
}

/* Whatever was searched before: nothing is found and nothing is scanned. */
static void a_start_that_fails_leaves_no_results(void **state) {
  const char *const unknown[] = {"zebra"};
  const hb_search_options before[] = {{.k = 40, .nprobe = 2},
                                      {.k = 51, .nprobe = 2, .labels = few, .label_count = 1},
                                      {.k = 2, .nprobe = 1, .labels = few, .label_count = 1}};
  const hb_search_options bad[] = {{.k = 0}, {.k = 100, .nprobe = 99}, {.k = 100, .labels = unknown, .label_count = 1}};
  for (int i = 0; i < 3; i++)
    for (int b = 0; b < 3; b++) {
      hb_search_report report;
      uint32_t missing;
      find(*state, vector(3), &before[i], &report);
      assert_true(report.found > 0);
      assert_int_equal(hb_search_start(*state, vector(3), &bad[b], &failure), HB_INVALID_ARGUMENT);
      for (int run = 0; run < 2; run++) {
        hb_search_results(*state, &report);
        assert_true(report.found == 0 && report.nprobe == 0 && report.planned == 0 && report.scanned == 0);
        assert_ok(hb_search_run(*state, NULL, 0, &missing, &failure));
        assert_int_equal(missing, 0);
      }
    }
}

static void running_again_changes_nothing(void **state) {
  const hb_search_options options = {.k = 10, .nprobe = 3};
  hb_search_report first, again;
  uint32_t missing;
  hb_result copy[10];
  memcpy(copy, find(*state, vector(3), &options, &first), sizeof copy);
  assert_ok(hb_search_run(*state, NULL, 0, &missing, &failure));
  const hb_result *results = hb_search_results(*state, &again);
  assert_true(first.found == again.found && first.nprobe == again.nprobe && first.scanned == again.scanned);
  for (int i = 0; i < 10; i++) assert_true(copy[i].id == results[i].id && copy[i].score == results[i].score);
}

static void two_searches_over_one_index_do_not_meet(void **state) {
  hb_search *other;
  hb_search_report report;
  uint32_t missing;
  const hb_search_options filtered = {.k = 5, .nprobe = 1, .labels = few, .label_count = 1}, plain = {.k = 3};
  assert_ok(hb_search_create(shared.indexes[0], &other, &failure));
  assert_ok(hb_search_start(*state, vector(10), &filtered, &failure));
  assert_ok(hb_search_start(other, vector(200), &plain, &failure));
  assert_ok(hb_search_run(*state, NULL, 0, &missing, &failure));
  assert_ok(hb_search_run(other, NULL, 0, &missing, &failure));
  const hb_result *results = hb_search_results(*state, &report);
  assert_int_equal(report.found, 5);
  for (int i = 0; i < 5; i++) assert_string_equal(results[i].label, "kind-006");
  assert_int_equal(hb_search_results(other, &report)[0].id, 200);
  hb_search_free(other);
  assert_string_equal(results[4].label, "kind-006");
  hb_search_free(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_search_agrees_with_the_plain_one),
      test(equal_scores_come_in_the_order_of_the_bundle),
      test(nprobe_zero_is_the_default_of_the_index),
      test(a_query_is_copied),
      test(a_query_that_is_not_a_number_finds_nothing),
      test(a_filter_probes_on_in_steps_of_nprobe),
      test(a_minimum_score_alone_probes_no_further),
      test(an_unknown_label_is_named),
      test(numbers_out_of_range_are_refused_with_their_range),
      test(numbers_at_the_ends_of_their_ranges_are_fine),
      test(before_it_is_started_a_search_finds_nothing),
      test(a_start_that_fails_leaves_no_results),
      test(running_again_changes_nothing),
      test(two_searches_over_one_index_do_not_meet),
  };
  return cmocka_run_group_tests(tests, build_shared, free_shared);
}
