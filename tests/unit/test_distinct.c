/* distinct.h against sorting everything, and searches that are to show equal contents once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "bundle/distinct.h"
#include "collections.h"
#include "plain_search.h"

/* ---- The collector ---- */

typedef struct {
  hb_hit hit;
  uint64_t content;
} offered;

static int best_first(const void *a, const void *b) {
  const offered *x = a, *y = b;
  return hb_hit_is_better(x->hit, y->hit) ? -1 : 1;
}

/* Equal contents have equal scores, as in a bundle; content 0 has any. */
static void make_stream(hb_random *random, uint32_t contents, uint32_t count, offered *stream) {
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t content = hb_random_below(random, contents);
    const float score = content == 0 ? (float)hb_random_below(random, 9) : (float)(content * 7919u % 101u);
    stream[i] = (offered){{hb_random_below(random, 50) == 0 ? NAN : score, i}, content};
  }
  for (uint32_t i = count; i > 1; i--) { /* in no order */
    const uint32_t other = hb_random_below(random, i);
    const offered swap = stream[i - 1];
    stream[i - 1] = stream[other], stream[other] = swap;
  }
  for (uint32_t i = 0; i < count; i++) /* but those of one content, which are in one list */
    for (uint32_t j = i + 1; j < count; j++)
      if (stream[i].content == stream[j].content && stream[j].hit.id < stream[i].hit.id) {
        const uint32_t swap = stream[i].hit.id;
        stream[i].hit.id = stream[j].hit.id, stream[j].hit.id = swap;
      }
}

/* What the collector must hold; returns how many. */
static uint32_t plain_distinct(offered *stream, uint32_t count, uint32_t k, hb_distinct_hit *out) {
  uint32_t numbers = 0, found = 0;
  for (uint32_t i = 0; i < count; i++)
    if (!isnan(stream[i].hit.score)) stream[numbers++] = stream[i];
  qsort(stream, numbers, sizeof *stream, best_first);
  for (uint32_t i = 0; i < numbers; i++) {
    uint32_t same = 0;
    while (same < found && (stream[i].content == 0 || out[same].content != stream[i].content)) same++;
    if (same < found)
      out[same].copies++;
    else
      out[found++] = (hb_distinct_hit){stream[i].hit, stream[i].content, 0};
  }
  return found < k ? found : k;
}

static void check_stream(hb_distinct *d, offered *stream, uint32_t count, uint32_t k) {
  hb_distinct_hit *expected = must_allocate((count + 1) * sizeof *expected);
  assert_true(hb_distinct_reserve(d, k));
  hb_distinct_start(d, k);
  for (uint32_t i = 0; i < count; i++) {
    hb_distinct_offer(d, stream[i].hit, stream[i].content);
    if (i % 97 == 5) hb_distinct_sort(d); /* as between two runs of a search */
  }
  hb_distinct_sort(d);
  const uint32_t found = plain_distinct(stream, count, k, expected);
  assert_int_equal(d->count, found);
  for (uint32_t i = 0; i < found; i++) {
    assert_int_equal(d->hits[i].hit.id, expected[i].hit.id);
    assert_true(d->hits[i].hit.score == expected[i].hit.score);
    assert_true(d->hits[i].content == expected[i].content);
    assert_int_equal(d->hits[i].copies, expected[i].copies);
  }
  free(expected);
}

static void random_streams_give_each_content_once(void **state) {
  (void)state;
  static const uint32_t ks[] = {1, 2, 4, 30, 5000}, counts[] = {0, 1, 300, 6000}, contents[] = {1, 2, 40, 3000};
  hb_random random = {7};
  hb_distinct d = {0};
  offered *stream = must_allocate(6000 * sizeof *stream);
  for (uint32_t i = 0; i < 5 * 4 * 4; i++) {
    const uint32_t count = counts[i / 4 % 4];
    make_stream(&random, contents[i % 4], count, stream);
    check_stream(&d, stream, count, ks[i / 16]);
  }
  free(stream);
  hb_distinct_free(&d);
}

/* ---- Searches ---- */

#define COUNT 300
#define DIM 12
#define NLIST 7

/* A bundle of 300 images, of which every third is a copy of one of ten. */
static struct {
  void *folder;
  hb_index *index;
  collection images;
} shared;

static uint32_t original(uint32_t i) { return i % 3 == 0 ? i % 30 : i; }

static int build_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(COUNT, DIM, 5, 4);
  hb_build_options options = collection_options(&shared.images, HB_ENCODING_I8);
  options.nlist = NLIST;
  hb_builder *builder;
  hb_build_report report;
  assert_ok(hb_builder_create(path_in(shared.folder, "bundle"), &options, &builder, &failure));
  for (uint32_t i = 0; i < COUNT; i++)
    assert_ok(hb_builder_add(builder, collection_vector(&shared.images, original(i)), shared.images.paths[i],
                             shared.images.labels[i], collection_content(original(i)), &failure));
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  shared.index = open_index(path_in(shared.folder, "bundle"));
  hb_catalog *catalog; /* brings all files in, for plain_search */
  assert_ok(hb_catalog_create(shared.index, &catalog, &failure));
  hb_catalog_free(catalog);
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  hb_index_free(shared.index);
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

static uint64_t content_at(uint32_t position) {
  const hb_bundle_list *list = &shared.index->lists[hb_index_list_at(shared.index, position)];
  return list->contents[position - list->ivf.first];
}

/* The first hit of each content, and how many follow; returns their number. */
static uint32_t fold(hb_hit *hits, uint32_t count, uint32_t *copies) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t same = 0;
    while (same < found && content_at(hits[same].id) != content_at(hits[i].id)) same++;
    if (same < found) {
      copies[same]++;
    } else {
      copies[found] = 0;
      hits[found++] = hits[i];
    }
  }
  return found;
}

/* NULL keeps all. */
static uint32_t keep_label(hb_hit *hits, uint32_t count, const char *wanted) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const hb_bundle_list *list = &shared.index->lists[hb_index_list_at(shared.index, hits[i].id)];
    const char *label = shared.index->labels[list->ivf.labels[hits[i].id - list->ivf.first]];
    if (wanted == NULL || strcmp(label, wanted) == 0) hits[kept++] = hits[i];
  }
  return kept;
}

static void check_search(hb_search *search, const float *query, hb_search_options options) {
  hb_hit hits[COUNT];
  uint32_t copies[COUNT], found, missing, step = options.exact ? NLIST : options.nprobe;
  hb_search_options round = {.k = COUNT};
  hb_search_report report;
  do { /* as many lists again, until k contents are found */
    round.nprobe = round.nprobe + step < NLIST ? round.nprobe + step : NLIST;
    found = plain_search(shared.index, query, &round, NULL, hits).found;
    found = keep_label(hits, found, options.label_count > 0 ? options.labels[0] : NULL);
    found = fold(hits, found, copies);
  } while (found < options.k && round.nprobe < NLIST);
  options.distinct = true;
  assert_ok(hb_search_start(search, query, &options, &failure));
  assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
  const hb_result *results = hb_search_results(search, &report);
  assert_int_equal(report.found, found < options.k ? found : options.k);
  assert_int_equal(report.nprobe, round.nprobe);
  check_results(shared.index, hits, report.found, results);
  for (uint32_t i = 0; i < report.found; i++) assert_int_equal(results[i].copies, copies[i]);
}

static void a_search_shows_each_content_once(void **state) {
  (void)state;
  static const uint32_t ks[] = {1, 4, 25, 150, HB_K_MAX};
  const char *const label[] = {"kind-002"};
  hb_search *search;
  assert_ok(hb_search_create(shared.index, &search, &failure));
  for (uint32_t i = 0; i < 5 * 8 * 2 * 4; i++) {
    hb_search_options options = {.k = ks[i % 5], .nprobe = 1 + i / 5 % 8, .exact = i / 5 % 8 == 7};
    if (options.exact) options.nprobe = 0;
    if (i / 40 % 2 == 1) options.labels = label, options.label_count = 1;
    check_search(search, collection_vector(&shared.images, i / 80 * 31), options);
  }
  hb_search_free(search);
}

/* Copies count where they are: 10 originals, each 10 times in all. */
static void copies_are_counted(void **state) {
  (void)state;
  hb_search *search;
  hb_search_report report;
  uint32_t missing, copies = 0;
  const hb_search_options options = {.k = COUNT, .exact = true, .distinct = true};
  assert_ok(hb_search_create(shared.index, &search, &failure));
  assert_ok(hb_search_start(search, collection_vector(&shared.images, 6), &options, &failure));
  assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
  const hb_result *results = hb_search_results(search, &report);
  assert_int_equal(report.found, 210);
  assert_int_equal(results[0].copies, 9);
  assert_string_equal(results[0].path, shared.images.paths[6]);
  for (uint32_t i = 0; i < report.found; i++) copies += results[i].copies;
  assert_int_equal(copies, 90);
  const hb_search_options plain = {.k = COUNT, .exact = true};
  assert_ok(hb_search_start(search, collection_vector(&shared.images, 6), &plain, &failure));
  assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
  results = hb_search_results(search, &report);
  assert_int_equal(report.found, COUNT);
  for (uint32_t i = 0; i < report.found; i++) assert_int_equal(results[i].copies, 0);
  hb_search_free(search);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_streams_give_each_content_once),
      cmocka_unit_test(a_search_shows_each_content_once),
      cmocka_unit_test(copies_are_counted),
  };
  return cmocka_run_group_tests(tests, build_shared, free_shared);
}
