/* 100,000 searches one after the other take no more memory than the first thousand, and answer the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle_memory.h"
#include "collections.h"

#define COUNT 1000
#define DIM 32
#define SEARCHES 100000
#define WARM 1000 /* searches that may still allocate: every kind of search has been there */
/* The C library's allocator rounds differently as what is free is cut up, and keeps some of it. A byte lost in every
 * search would be thirty times as much; a sanitizer's allocator counts exactly, but keeps what is freed for a while. */
#ifdef HB_SANITIZED
#define ALLOCATED_MORE 0
#define RESIDENT_MORE SIZE_MAX
#else
#define ALLOCATED_MORE 65536
#define RESIDENT_MORE 262144
#endif

static struct {
  void *folder;
  const char *path;
  collection images;
} shared;

static int build_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.path = path_in(shared.folder, "bundle");
  shared.images = collection_make(COUNT, DIM, 10, 3);
  hb_build_options options = collection_options(&shared.images, HB_ENCODING_I8);
  options.nlist = 20;
  collection_build(&shared.images, &options, shared.path);
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

typedef struct {
  size_t allocated, resident;
  uint32_t files;
} usage;

static usage usage_now(void) {
  unsigned long size, resident;
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
  fclose(file);
  const uint32_t files = folder_count("/proc/self/fd");
  return (usage){memory_in_use(), resident * (size_t)sysconf(_SC_PAGESIZE), files};
}

static void check_flat(const usage *warm, const usage *last) {
  print_message("%d searches: %zu bytes allocated after %d and %zu at the end; resident %zu and %zu\n", SEARCHES,
                warm->allocated, WARM, last->allocated, warm->resident, last->resident);
  assert_true(last->allocated <= warm->allocated + ALLOCATED_MORE);
  assert_int_equal(last->files, warm->files);
  assert_true(last->resident - warm->resident <= RESIDENT_MORE || last->resident <= warm->resident);
}

/* Of all kinds, again and again. */
static hb_search_options options_of(uint32_t n) {
  static const char *const labels[] = {"kind-002", "kind-005", "kind-007"};
  const hb_search_options kinds[] = {{.k = 4},
                                     {.k = 1, .nprobe = 1},
                                     {.k = 100, .nprobe = 6},
                                     {.k = 20, .labels = labels, .label_count = 1 + n % 3},
                                     {.k = 10, .has_min_score = true, .min_score = 0.5f},
                                     {.k = 4, .nprobe = 3},
                                     {.k = 40, .exact = n % 7 == 0}};
  return kinds[n % 7];
}

/* What was found, as a number. */
static uint64_t sum_of(const hb_result *results, uint32_t found) {
  uint64_t sum = found;
  for (uint32_t i = 0; i < found; i++) {
    uint32_t bits;
    memcpy(&bits, &results[i].score, sizeof bits);
    sum = (sum ^ results[i].id) * 1099511628211u ^ bits ^ strlen(results[i].path);
  }
  return sum;
}

static void searches_of_a_folder_take_flat_memory(void **state) {
  (void)state;
  static uint64_t sums[COUNT * 7]; /* by query and kind */
  hb_index *index = open_index(shared.path);
  hb_engine *engine;
  usage warm = {0}, last = {0};
  assert_ok(hb_engine_create(NULL, index, &engine, &failure));
  for (uint32_t n = 0; n < SEARCHES; n++) {
    const hb_search_options options = options_of(n % (COUNT * 7));
    const hb_result *results;
    hb_search_report report;
    assert_ok(
        hb_engine_search(engine, collection_vector(&shared.images, n % COUNT), &options, &results, &report, &failure));
    const uint64_t sum = sum_of(results, report.found);
    uint64_t *before = &sums[n % (COUNT * 7)];
    if (n >= COUNT * 7) assert_true(*before == sum);
    *before = sum;
    if (n % (COUNT * 7) + 1 != WARM) continue; /* its results take as much memory every time */
    if (n + 1 == WARM) warm = usage_now();
    last = usage_now();
  }
  check_flat(&warm, &last);
  hb_engine_free(engine);
  hb_index_free(index);
}

/* As in the tab: files come when a search misses them, and go in turn. */
static void search_in_pieces(hb_index *index, const bundle *b, hb_search *search, uint32_t n) {
  uint32_t missing[BUNDLE_FILES_MAX], count;
  const hb_search_options options = options_of(n % (COUNT * 7));
  assert_ok(hb_search_start(search, collection_vector(&shared.images, n % COUNT), &options, &failure));
  while (hb_search_run(search, missing, BUNDLE_FILES_MAX, &count, &failure) == HB_OK && count > 0)
    for (uint32_t i = 0; i < count; i++) assert_ok(bundle_provide(b, index, missing[i]));
  hb_index_release(index, n % b->count);
}

static void searches_whose_files_come_and_go_take_flat_memory(void **state) {
  (void)state;
  bundle *b = bundle_load(shared.path);
  hb_index *index = bundle_parse(b);
  hb_search *search;
  bundle_provide_needed(b, index);
  assert_ok(hb_search_create(index, &search, &failure));
  usage warm = {0}, last = {0};
  for (uint32_t n = 0; n < SEARCHES; n++) {
    search_in_pieces(index, b, search, n);
    if (n + 1 != WARM && n + 1 != SEARCHES) continue;
    for (uint32_t f = 0; f < b->count; f++) hb_index_release(index, f);
    search_in_pieces(index, b, search, 0); /* with the same results, for their paths take memory */
    for (uint32_t f = 0; f < b->count; f++) hb_index_release(index, f);
    *(n + 1 == WARM ? &warm : &last) = usage_now();
  }
  check_flat(&warm, &last);
  hb_search_free(search);
  hb_index_free(index);
  bundle_free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(searches_of_a_folder_take_flat_memory),
      cmocka_unit_test(searches_whose_files_come_and_go_take_flat_memory),
  };
  return cmocka_run_group_tests(tests, build_shared, free_shared);
}
