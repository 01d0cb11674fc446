/* Building a bundle: the last part of heybagh.h. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocations.h"
#include "bundle.h"
#include "synthetic.h"
#include "vector.h"

static hb_model *model; /* opened once */

static int open_shared(void **state) {
  (void)state;
  model = open_model();
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  hb_model_free(model);
  return 0;
}

static hb_build_options options_of(hb_head_kind head, uint32_t nlist) {
  return (hb_build_options){.model = model,
                            .head = head,
                            .nlist = nlist,
                            .seed = 7,
                            .model_bytes = 99,
                            .model_url = "../m",
                            .image_url = "../i/{path}"};
}

static hb_status build(const char *folder, const collection *c, const hb_build_options *options,
                       hb_build_report *report) {
  return hb_index_build(folder, c->vectors, (const char *const *)c->paths, (const char *const *)c->labels, c->count,
                        options, report, &failure);
}

/* Builds, which must work, and opens. */
static hb_index *built(const char *folder, const collection *c, hb_head_kind head, uint32_t nlist,
                       hb_build_report *report) {
  const hb_build_options options = options_of(head, nlist);
  hb_index *index;
  assert_ok(build(folder, c, &options, report));
  assert_ok(hb_index_open(folder, &index, &failure));
  return index;
}

static void a_collection_comes_back_with_either_head(void **state) {
  for (int kind = HB_HEAD_LOGITS; kind <= HB_HEAD_EXACT; kind++) {
    collection c = collection_make(200, hb_head_dim((hb_head_kind)kind), 6, 3);
    hb_build_report report;
    const char *folder = path_in(*state, hb_head_name((hb_head_kind)kind));
    hb_index *index = built(folder, &c, (hb_head_kind)kind, 5, &report);
    assert_int_equal(hb_index_count(index), 200);
    assert_int_equal(hb_index_nlist(index), 5);
    assert_int_equal(hb_index_head(index), kind);
    assert_string_equal(hb_index_model_id(index), hb_model_id(model));
    assert_string_equal(hb_index_model_url(index), "../m");
    assert_string_equal(hb_index_image_url(index), "../i/{path}");
    for (uint32_t id = 0; id < 200; id++) {
      assert_same_bits(hb_index_vector(index, id), c.vectors + (size_t)id * c.dim, c.dim);
      assert_string_equal(hb_index_path(index, id), c.paths[id]);
      assert_string_equal(hb_index_label(index, id), c.labels[id]);
    }
    hb_index_free(index);
    collection_free(&c);
  }
}

/* Every vector is in the list of its nearest centroid, ids ascending. */
static void vectors_are_in_the_nearest_list(void **state) {
  collection c = collection_make(400, 513, 9, 4);
  hb_build_report report;
  hb_index *index = built(path_in(*state, "b"), &c, HB_HEAD_EXACT, 10, &report);
  const hb_ivf *ivf = hb_index_ivf(index);
  for (uint32_t l = 0; l < ivf->nlist; l++)
    for (uint32_t i = 0; i < ivf->lists[l].count; i++) {
      const float *vector = ivf->lists[l].vectors + (size_t)i * 513;
      double own = dot_double(vector, ivf->centroids + (size_t)l * 513, 513);
      for (uint32_t other = 0; other < ivf->nlist; other++)
        assert_true(dot_double(vector, ivf->centroids + (size_t)other * 513, 513) <= own + 1e-5);
      assert_true(i == 0 || ivf->lists[l].ids[i - 1] < ivf->lists[l].ids[i]);
    }
  hb_index_free(index);
  collection_free(&c);
}

/* ---- The report ---- */

static void the_report_counts_the_files(void **state) {
  collection c = collection_make(150, 1000, 3, 5);
  hb_build_report report;
  const char *folder = path_in(*state, "b");
  hb_index *index = built(folder, &c, HB_HEAD_LOGITS, 3, &report);
  struct stat info;
  assert_int_equal(stat(path_in(folder, "index.json"), &info), 0);
  uint64_t bytes = (uint64_t)info.st_size;
  for (uint32_t f = 0; f < hb_index_file_count(index); f++) bytes += hb_index_file_bytes(index, f);
  assert_int_equal(report.bytes, bytes);
  assert_int_equal(report.files, hb_index_file_count(index) + 1);
  assert_int_equal(report.files, folder_count(folder));
  assert_int_equal(report.nlist, hb_index_nlist(index));
  assert_int_equal(report.nprobe, hb_index_nprobe(index));
  hb_index_free(index);
  collection_free(&c);
}

/* Recall@4 leave-one-out and the share of vectors scanned, through the search that visitors use. */
static double measured_recall(const hb_index *index, uint32_t nprobe, double *scanned) {
  uint32_t count = hb_index_count(index), found = 0, total = 0;
  hb_engine *engine;
  assert_ok(hb_engine_create(NULL, index, &engine, &failure));
  *scanned = 0;
  for (uint32_t id = 0; id < count; id++) {
    hb_result truth[5], got[5];
    hb_search_report report;
    hb_search_options options = {.k = 5, .exact = true};
    assert_ok(hb_engine_search(engine, hb_index_vector(index, id), &options, truth, &report, &failure));
    assert_int_equal(truth[0].id, id);
    options = (hb_search_options){.k = 5, .nprobe = nprobe};
    assert_ok(hb_engine_search(engine, hb_index_vector(index, id), &options, got, &report, &failure));
    *scanned += (double)report.scanned / count / count;
    for (uint32_t t = 1; t < 5; t++, total++)
      for (uint32_t g = 0; g < report.found; g++) found += got[g].id == truth[t].id;
  }
  hb_engine_free(engine);
  return (double)found / total;
}

/* With fewer images than the sample takes, the sample is all of them. */
static void the_default_nprobe_is_the_smallest_with_the_promised_recall(void **state) {
  collection c = collection_make(800, 513, 1, 6);
  hb_random random = {6};
  for (uint32_t i = 0; i < 800; i++) { /* in few dimensions neighbours lie across the borders of lists */
    for (uint32_t d = 0; d < 513; d++) c.vectors[i * 513 + d] = d < 6 ? random_float(&random) : 0;
    hb_normalize(c.vectors + i * 513, 513);
  }
  hb_build_report report;
  hb_index *index = built(path_in(*state, "b"), &c, HB_HEAD_EXACT, 20, &report);
  double scanned, unused;
  assert_true(fabs(measured_recall(index, report.nprobe, &scanned) - report.recall) < 1e-9);
  assert_true(fabs(scanned - report.scanned) < 1e-9);
  assert_true(report.recall >= 0.99 && report.nprobe > 1 && report.nprobe < 20);
  assert_true(measured_recall(index, report.nprobe - 1, &unused) < 0.991);
  hb_index_free(index);
  collection_free(&c);
}

/* ---- nlist ---- */

static uint32_t nlist_of(const char *folder, uint32_t count, uint32_t wanted) {
  collection c = collection_make(count, 513, 1, 7);
  hb_build_report report;
  hb_index *index = built(folder, &c, HB_HEAD_EXACT, wanted, &report);
  uint32_t nlist = hb_index_nlist(index);
  assert_int_equal(report.nlist, nlist);
  hb_index_free(index);
  collection_free(&c);
  return nlist;
}

static void lists_are_as_many_as_wanted_but_hold_39_images(void **state) {
  const char *folder = path_in(*state, "b");
  assert_int_equal(nlist_of(folder, 1, 1), 1);
  assert_int_equal(nlist_of(folder, 1, 65536), 1);
  assert_int_equal(nlist_of(folder, 77, 2), 1);
  assert_int_equal(nlist_of(folder, 78, 2), 2);
  assert_int_equal(nlist_of(folder, 78, 0), 2);
  assert_int_equal(nlist_of(folder, 400, 10), 10);
  assert_int_equal(nlist_of(folder, 400, 11), 10);
  assert_int_equal(nlist_of(folder, 400, 3), 3);
}

static void impossible_requests_are_refused(void **state) {
  collection c = collection_make(50, 513, 1, 7);
  hb_build_options options = options_of(HB_HEAD_EXACT, 65537);
  hb_build_report report = {.nlist = 77};
  const char *folder = path_in(*state, "b");
  assert_fails(build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "nlist is 65537, and must be 1 to 65536");
  options.nlist = 1;
  c.count = 0;
  assert_fails(build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "no images");
  c.count = 50;
  assert_int_equal(report.nlist, 77);
  assert_int_equal(folder_count(*state), 0);
  collection_free(&c);
}

static void one_image_and_equal_images_are_fine(void **state) {
  collection c = collection_make(100, 1000, 2, 8);
  hb_build_report report;
  for (uint32_t i = 1; i < 100; i++) memcpy(c.vectors + i * 1000, c.vectors, 1000 * sizeof(float));
  hb_index *index = built(path_in(*state, "same"), &c, HB_HEAD_LOGITS, 2, &report);
  assert_int_equal(hb_index_count(index), 100);
  hb_index_free(index);
  c.count = 1;
  index = built(path_in(*state, "one"), &c, HB_HEAD_LOGITS, 0, &report);
  assert_int_equal(hb_index_count(index), 1);
  assert_int_equal(report.nprobe, 1);
  hb_index_free(index);
  c.count = 100;
  collection_free(&c);
}

static void the_same_input_gives_the_same_bytes_and_another_seed_others(void **state) {
  collection c = collection_make(300, 513, 20, 9);
  hb_build_report report;
  const char *a = path_in(*state, "a"), *b = path_in(*state, "b"), *other = path_in(*state, "c");
  hb_index *index = built(a, &c, HB_HEAD_EXACT, 7, &report);
  hb_index_free(built(b, &c, HB_HEAD_EXACT, 7, &report));
  assert_true(files_equal(path_in(a, "index.json"), path_in(b, "index.json"))); /* which holds all hashes */
  for (uint32_t f = 0; f < hb_index_file_count(index); f++)
    assert_true(files_equal(path_in(a, hb_index_file_name(index, f)), path_in(b, hb_index_file_name(index, f))));
  hb_index_free(index);
  hb_build_options options = options_of(HB_HEAD_EXACT, 7);
  options.seed = 8;
  assert_ok(build(other, &c, &options, &report));
  assert_false(files_equal(path_in(a, "index.json"), path_in(other, "index.json")));
  collection_free(&c);
}

/* ---- The folder ---- */

static void a_bundle_is_replaced_whole(void **state) {
  collection many = collection_make(200, 1000, 2, 10), few = collection_make(50, 1000, 2, 11);
  hb_build_report report;
  const char *folder = path_in(*state, "b");
  hb_index_free(built(folder, &many, HB_HEAD_LOGITS, 5, &report));
  hb_index *index = built(path_in(*state, "b/"), &few, HB_HEAD_LOGITS, 1, &report); /* the slash changes nothing */
  assert_int_equal(hb_index_count(index), 50);
  assert_int_equal(folder_count(folder), hb_index_file_count(index) + 1); /* nothing of the first is left */
  assert_int_equal(folder_count(*state), 1);
  hb_index_free(index);
  collection_free(&many);
  collection_free(&few);
}

static void an_empty_folder_is_taken(void **state) {
  collection c = collection_make(10, 1000, 1, 12);
  hb_build_report report;
  const char *folder = path_in(*state, "b");
  assert_int_equal(mkdir(folder, 0777), 0);
  assert_ok(hb_index_check_target(folder, &failure));
  hb_index_free(built(folder, &c, HB_HEAD_LOGITS, 1, &report));
  assert_int_equal(folder_count(*state), 1);
  collection_free(&c);
}

static void what_is_left_of_a_crash_is_cleared_away(void **state) {
  collection c = collection_make(10, 1000, 1, 12);
  hb_build_report report;
  const char *folder = path_in(*state, "b"), *partial = path_in(*state, "b.partial");
  assert_int_equal(mkdir(partial, 0777), 0);
  file_write(path_in(partial, "half"), "x", 1);
  hb_index_free(built(folder, &c, HB_HEAD_LOGITS, 1, &report));
  assert_int_equal(folder_count(*state), 1);
  collection_free(&c);
}

/* Checked early (hb_index_check_target) and again when building. */
static void assert_target_refused(const char *folder, const char *words) {
  collection c = collection_make(10, 1000, 1, 12);
  hb_build_options options = options_of(HB_HEAD_LOGITS, 1);
  hb_build_report report;
  assert_fails(hb_index_check_target(folder, &failure), HB_IO, words);
  assert_fails(build(folder, &c, &options, &report), HB_IO, words);
  collection_free(&c);
}

static void what_is_no_bundle_is_never_replaced(void **state) {
  const char *folder = path_in(*state, "photos"), *photo = path_in(folder, "photo.jpg");
  assert_int_equal(mkdir(folder, 0777), 0);
  file_write(photo, "precious", 8);
  assert_target_refused(folder, "is not a bundle");
  assert_target_refused(photo, "photo.jpg");
  /* somebody else's index.json does not make it one */
  static const char *const others[] = {"{\"name\":\"my site\"}", "{\"format\":\"feed\"}", "", "[]"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    file_write(path_in(folder, "index.json"), others[i], strlen(others[i]));
    assert_target_refused(folder, "is not a bundle");
  }
  assert_int_equal(folder_count(folder), 2);
  assert_int_equal(folder_count(*state), 1);
}

static void a_bundle_of_another_version_may_be_replaced(void **state) {
  const char *folder = path_in(*state, "b");
  static const char old[] = "{\"format\":\"heybagh-index\",\"version\":77}";
  assert_int_equal(mkdir(folder, 0777), 0);
  file_write(path_in(folder, "index.json"), old, sizeof old - 1);
  assert_ok(hb_index_check_target(folder, &failure));
}

static void a_place_that_cannot_be_written_is_told_at_once(void **state) {
  assert_target_refused(path_in(*state, "no/such/place"), "no/such/place");
  assert_int_equal(folder_count(*state), 0);
}

static void a_full_disk_leaves_the_old_bundle_and_nothing_else(void **state) {
  collection c = collection_make(100, 1000, 2, 13), more = collection_make(101, 1000, 2, 14);
  hb_build_report report;
  const char *folder = path_in(*state, "b");
  hb_index_free(built(folder, &c, HB_HEAD_LOGITS, 2, &report));
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = 100000; /* a list is larger */
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  hb_build_options options = options_of(HB_HEAD_LOGITS, 2);
  failure = (hb_error){0};
  hb_status status = build(folder, &more, &options, &report);
  setrlimit(RLIMIT_FSIZE, &before);
  check_fails(status, HB_IO, "File too large", __FILE__, __LINE__);
  assert_int_equal(folder_count(*state), 1); /* no .partial */
  hb_index *index;
  assert_ok(hb_index_open(folder, &index, &failure));
  assert_int_equal(hb_index_count(index), 100);
  hb_index_free(index);
  collection_free(&c);
  collection_free(&more);
}

static void without_memory_it_fails_cleanly(void **state) {
  collection c = collection_make(80, 1000, 2, 15);
  hb_build_options options = options_of(HB_HEAD_LOGITS, 2);
  const char *folder = path_in(*state, "b");
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_build_report report;
    allocations_fail_from(n);
    hb_status status = build(folder, &c, &options, &report);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    assert_int_equal(folder_count(*state), refused ? 0 : 1);
  }
  collection_free(&c);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_collection_comes_back_with_either_head),
      test(vectors_are_in_the_nearest_list),
      test(the_report_counts_the_files),
      test(the_default_nprobe_is_the_smallest_with_the_promised_recall),
      test(lists_are_as_many_as_wanted_but_hold_39_images),
      test(impossible_requests_are_refused),
      test(one_image_and_equal_images_are_fine),
      test(the_same_input_gives_the_same_bytes_and_another_seed_others),
      test(a_bundle_is_replaced_whole),
      test(an_empty_folder_is_taken),
      test(what_is_left_of_a_crash_is_cleared_away),
      test(what_is_no_bundle_is_never_replaced),
      test(a_bundle_of_another_version_may_be_replaced),
      test(a_place_that_cannot_be_written_is_told_at_once),
      test(a_full_disk_leaves_the_old_bundle_and_nothing_else),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, open_shared, free_shared);
}
