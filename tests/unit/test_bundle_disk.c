/* hb_bundle_write of builder.h where it meets the world: full disks, no memory, a base whose files are kept. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "allocations.h"
#include "builder/bundle_write.h"
#include "bundle_memory.h"
#include "collections.h"

#define DIM 1000

/* What hb_bundle_write needs: 40 images in 4 lists of 40 KB. */
typedef struct {
  void *folder;
  collection images;
  hb_build_options options;
  hb_row_store rows;
  hb_clusters clusters;
  hb_bundle_parts parts;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  make_folder(&f->folder);
  f->images = collection_make(40, DIM, 4, 9);
  f->options = collection_options(&f->images, HB_ENCODING_F32);
  f->rows = collection_rows(&f->images, HB_ENCODING_F32, path_in(f->folder, "rows"));
  f->clusters = collection_clusters(&f->images, &f->rows);
  f->parts = (hb_bundle_parts){&f->options, &f->rows, &f->clusters, NULL, NULL, 2};
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hb_clusters_free(&f->clusters);
  hb_row_store_free(&f->rows);
  collection_free(&f->images);
  remove_folder(&f->folder);
  free(f);
  return 0;
}

static const char *make_bundle(fixture *f, const char *name, hb_build_report *report) {
  const char *folder = path_in(f->folder, name);
  assert_int_equal(mkdir(folder, 0777), 0);
  assert_ok(hb_bundle_write(folder, &f->parts, report, &failure));
  return folder;
}

/* ---- Memory: codes of one list at least, and as many as fit into half of it ---- */

static void any_memory_gives_the_same_bytes(void **state) {
  fixture *f = *state;
  hb_build_report report = {0};
  f->options.shard_bytes = 1;
  const char *much = make_bundle(f, "much", &report);
  static const char *const names[] = {"1", "2", "3", "4"};
  static const size_t memories[] = {1, 2 * 4 * DIM * 15, 2 * 4 * DIM * 20, 2 * 4 * DIM * 39};
  for (int i = 0; i < 4; i++) {
    f->options.memory_bytes = memories[i];
    assert_true(bundles_equal(much, make_bundle(f, names[i], &report)));
  }
}

/* 9 lists of nothing, and one with all. */
static void empty_lists_are_written_and_read(void **state) {
  fixture *f = *state;
  hb_build_report report = {0};
  for (uint32_t i = 0; i < 40; i++) f->clusters.list_of[i] = 2;
  for (uint32_t l = 0; l < 4; l++) f->clusters.ends[l] = l < 2 ? 0 : 40;
  for (size_t shard = 0; shard < 2; shard++) {
    f->options.shard_bytes = shard;
    bundle *b = bundle_load(make_bundle(f, shard == 0 ? "a" : "b", &report));
    assert_ok(bundle_check(b));
    bundle_free(b);
  }
}

/* ---- A base ---- */

/* A list keeps its place in the files while the base's lists are kept, whatever sizes are wanted now. */
static void the_division_into_files_is_the_bases(void **state) {
  fixture *f = *state;
  hb_build_report report = {0}, again = {0}, anew = {0};
  f->options.shard_bytes = 85000; /* two lists */
  const char *base = make_bundle(f, "base", &report);
  hb_index *index = open_index(base);
  f->parts.base = index;
  f->clusters.trained = false;
  f->options.shard_bytes = 1;
  make_bundle(f, "again", &again);
  assert_int_equal(report.files_new, report.files);
  assert_int_equal(again.files_new, 1); /* index.json counts as new */
  assert_int_equal(again.files, report.files);
  f->clusters.trained = true;
  make_bundle(f, "anew", &anew);
  assert_int_equal(anew.files, report.files + 2);
  assert_int_equal(anew.files_new, 1 + 4); /* the centroids are as they were */
  hb_index_free(index);
}

static void one_changed_row_changes_one_file(void **state) {
  fixture *f = *state;
  hb_build_report report = {0}, changed = {0};
  f->options.shard_bytes = 85000;
  hb_index *index = open_index(make_bundle(f, "base", &report));
  f->parts.base = index;
  f->clusters.trained = false;
  f->rows.info[25].content++;
  make_bundle(f, "changed", &changed);
  assert_int_equal(changed.files_new, 2);
  hb_index_free(index);
}

/* ---- Failures ---- */

static hb_status write_with_limit(fixture *f, const char *folder, rlim_t bytes, hb_build_report *report) {
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = bytes;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  failure = (hb_error){0};
  hb_status status = hb_bundle_write(folder, &f->parts, report, &failure);
  setrlimit(RLIMIT_FSIZE, &before);
  return status;
}

static void index_json_comes_last(void **state) {
  fixture *f = *state;
  hb_build_report report = {0};
  uint8_t row[DIM * 4];
  assert_ok(hb_temporary_rows_read(f->rows.codes, 0, 1, row, &failure)); /* all is in the file of rows */
  const char *folder = path_in(f->folder, "b");
  assert_int_equal(mkdir(folder, 0777), 0);
  hb_status status = write_with_limit(f, folder, 20000, &report); /* enough for the centroids, not for a list */
  check_fails(status, HB_IO, "lists-", __FILE__, __LINE__);
  assert_non_null(strstr(failure.text, "File too large"));
  assert_int_equal(folder_count(folder), 1);
}

static void a_folder_that_is_not_there_is_named(void **state) {
  fixture *f = *state;
  hb_build_report report = {0};
  assert_fails(hb_bundle_write(path_in(f->folder, "nowhere"), &f->parts, &report, &failure), HB_IO, "nowhere");
}

static void without_memory_it_fails_cleanly(void **state) {
  fixture *f = *state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    const char *folder = path_in(f->folder, "b");
    hb_build_report report = {0};
    remove_all(folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    allocations_fail_from(n);
    hb_status status = hb_bundle_write(folder, &f->parts, &report, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(any_memory_gives_the_same_bytes),
      test(empty_lists_are_written_and_read),
      test(the_division_into_files_is_the_bases),
      test(one_changed_row_changes_one_file),
      test(index_json_comes_last),
      test(a_folder_that_is_not_there_is_named),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
