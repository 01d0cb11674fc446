/* Building a bundle of ready-made vectors: hb_builder of heybagh.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "allocations.h"
#include "collections.h"

#define DIM 24

/* A collection, whose vectors are not of unit length, and options for it. */
static collection images(uint32_t count, uint32_t dim) {
  collection c = collection_make(count, dim, 6, 3);
  for (size_t i = 0; i < (size_t)count * dim; i++) c.vectors[i] *= 1 + (float)(i / dim % 5);
  return c;
}

static hb_build_options options_of(const collection *c, hb_encoding encoding, uint32_t nlist) {
  hb_build_options options = collection_options(c, encoding);
  options.nlist = nlist;
  return options;
}

/* ---- What comes back ---- */

static void check_images(const hb_catalog *catalog, const collection *c, hb_encoding encoding) {
  float vector[DIM], original[DIM];
  assert_int_equal(hb_catalog_count(catalog), c->count);
  for (uint32_t i = 0; i < c->count; i++) {
    hb_entry entry = hb_catalog_entry(catalog, i);
    assert_int_equal(entry.id, i);
    assert_true(entry.content == collection_content(i));
    assert_string_equal(entry.path, c->paths[i]);
    assert_string_equal(entry.label_text, c->labels[i]);
    hb_catalog_vector(catalog, i, vector);
    memcpy(original, collection_vector(c, i), sizeof original);
    assert_true(fabs(dot_double(vector, vector, DIM) - 1) < 2e-3);
    assert_true(cosine_double(vector, original, DIM) > (encoding == HB_ENCODING_I8 ? 0.9998 : 0.999999));
  }
}

static void a_collection_comes_back(void **state) {
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    collection c = images(300, DIM);
    hb_build_options options = options_of(&c, encoding, 5);
    options.thumb_url = "t/{content}";
    collection_build(&c, &options, path_in(*state, "b"));
    hb_index *index = open_index(path_in(*state, "b"));
    hb_catalog *catalog;
    assert_ok(hb_catalog_create(index, &catalog, &failure));
    check_images(catalog, &c, encoding);
    assert_int_equal(hb_index_count(index), 300);
    assert_int_equal(hb_index_dim(index), DIM);
    assert_int_equal(hb_index_nlist(index), 5);
    assert_int_equal(hb_index_encoding(index), encoding);
    assert_int_equal(hb_index_head(index), HB_HEAD_NONE);
    assert_string_equal(hb_index_image_url(index), "../images/{path}");
    assert_string_equal(hb_index_thumb_url(index), "t/{content}");
    hb_catalog_free(catalog);
    hb_index_free(index);
    collection_free(&c);
  }
}

static void labels_are_in_byte_order(void **state) {
  collection c = images(200, DIM);
  static const char *const labels[] = {"pear", "apple", "Zebra", "\xc3\xbc", ""};
  for (uint32_t i = 0; i < 200; i++) strcpy(c.labels[i], labels[i % 5]);
  const hb_build_options options = options_of(&c, HB_ENCODING_F32, 3);
  collection_build(&c, &options, path_in(*state, "b"));
  hb_index *index = open_index(path_in(*state, "b"));
  assert_int_equal(hb_index_label_count(index), 5);
  for (uint32_t l = 1; l < 5; l++) assert_true(strcmp(hb_index_label(index, l - 1), hb_index_label(index, l)) < 0);
  hb_index_free(index);
  collection_free(&c);
}

/* ---- The report ---- */

static void the_report_tells_what_was_made(void **state) {
  collection c = images(600, DIM);
  const hb_build_options options = options_of(&c, HB_ENCODING_F16, 12);
  const char *folder = path_in(*state, "b");
  hb_build_report report = collection_build(&c, &options, folder);
  hb_index *index = open_index(folder);
  struct stat info;
  assert_int_equal(stat(path_in(folder, "index.json"), &info), 0);
  uint64_t bytes = (uint64_t)info.st_size;
  for (uint32_t f = 0; f < hb_index_file_count(index); f++) bytes += hb_index_file_bytes(index, f);
  assert_int_equal(report.bytes, bytes);
  assert_int_equal(report.files, hb_index_file_count(index) + 1);
  assert_int_equal(report.files, folder_count(folder));
  assert_int_equal(report.files_new, report.files);
  assert_int_equal(report.count, 600);
  assert_int_equal(report.dim, DIM);
  assert_int_equal(report.nlist, 12);
  assert_int_equal(report.nprobe, hb_index_nprobe(index));
  assert_true(report.trained && report.imbalance >= 1 && report.imbalance == report.trained_imbalance);
  hb_index_free(index);
  collection_free(&c);
}

static void note_stage(void *context, const char *what) {
  char *stages = context;
  strcat(stages, what);
  strcat(stages, ";");
}

static void its_stages_are_told(void **state) {
  char stages[200] = "";
  collection c = images(100, DIM);
  hb_build_options options = options_of(&c, HB_ENCODING_F32, 2);
  options.stage = note_stage;
  options.stage_context = stages;
  collection_build(&c, &options, path_in(*state, "b"));
  assert_string_equal(stages, "clustering;sorting into lists;measuring recall;writing;");
  collection_free(&c);
}

/* Recall@4 leave-one-out and the share of vectors scanned, through the search that visitors use. */
static double measured_recall(hb_index *index, const collection *c, uint32_t nprobe, double *scanned) {
  uint32_t found = 0, total = 0, missing;
  hb_search *search;
  assert_ok(hb_search_create(index, &search, &failure));
  *scanned = 0;
  for (uint32_t i = 0; i < c->count; i++) {
    uint32_t truth[5];
    hb_search_report report;
    hb_search_options options = {.k = 5, .exact = true};
    assert_ok(hb_search_start(search, collection_vector(c, i), &options, &failure));
    assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
    const hb_result *results = hb_search_results(search, &report);
    for (int t = 0; t < 5; t++) truth[t] = results[t].id;
    assert_int_equal(truth[0], i);
    options = (hb_search_options){.k = 5, .nprobe = nprobe};
    assert_ok(hb_search_start(search, collection_vector(c, i), &options, &failure));
    assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
    results = hb_search_results(search, &report);
    *scanned += (double)report.scanned / c->count / c->count;
    for (uint32_t t = 1; t < 5; t++, total++)
      for (uint32_t g = 0; g < report.found; g++) found += results[g].id == truth[t];
  }
  hb_search_free(search);
  return (double)found / total;
}

/* With fewer images than the sample takes, the sample is all of them. */
static void the_default_nprobe_is_the_smallest_with_the_promised_recall(void **state) {
  static const double wanted[] = {0, 0.9}, reached[] = {0.991, 0.9};
  collection c = collection_make(800, 6, 1, 6);
  free(c.vectors);
  c.vectors = random_unit_vectors(800, 6, 7); /* in few dimensions neighbours lie across the borders of lists */
  for (int w = 0; w < 2; w++) {
    hb_build_options options = options_of(&c, HB_ENCODING_F32, 20);
    options.recall = wanted[w];
    hb_build_report report = collection_build(&c, &options, path_in(*state, "b"));
    hb_index *index = open_index(path_in(*state, "b"));
    double scanned, unused;
    assert_true(fabs(measured_recall(index, &c, report.nprobe, &scanned) - report.recall) < 1e-9);
    assert_true(fabs(scanned - report.scanned) < 1e-9);
    assert_true(report.recall >= reached[w] && report.nprobe > 1 && report.nprobe < 20);
    assert_true(measured_recall(index, &c, report.nprobe - 1, &unused) < reached[w]);
    hb_index_free(index);
  }
  collection_free(&c);
}

/* ---- The same bytes ---- */

static void the_same_input_gives_the_same_bytes_and_another_seed_others(void **state) {
  collection c = images(700, DIM);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_build_options options = options_of(&c, encoding, 0);
    const char *a = path_in(*state, "a"), *b = path_in(*state, "b"), *three = path_in(*state, "3");
    collection_build(&c, &options, a);
    collection_build(&c, &options, b);
    assert_true(bundles_equal(a, b));
    options.threads = 3;
    collection_build(&c, &options, three);
    assert_true(bundles_equal(a, three));
    options.seed = 2;
    collection_build(&c, &options, b);
    assert_false(bundles_equal(a, b));
  }
  collection_free(&c);
}

/* Half of the memory for the sample of 3 * 256 rows that trains; the lists are then put together in several turns. */
static void memory_that_holds_the_sample_gives_the_same_bytes(void **state) {
  collection c = images(2000, DIM);
  hb_build_options options = options_of(&c, HB_ENCODING_F32, 3);
  const char *much = path_in(*state, "much"), *little = path_in(*state, "little");
  options.shard_bytes = 1;
  collection_build(&c, &options, much);
  options.memory_bytes = 2 * 3 * 256 * DIM * sizeof(float);
  collection_build(&c, &options, little);
  assert_true(bundles_equal(much, little));
  collection_free(&c);
}

/* Less memory trains on fewer rows; what comes of it is a whole bundle all the same. */
static void with_no_memory_to_speak_of_all_images_are_there(void **state) {
  collection c = images(500, DIM);
  hb_build_options options = options_of(&c, HB_ENCODING_I8, 6);
  options.memory_bytes = 1;
  collection_build(&c, &options, path_in(*state, "b"));
  hb_index *index = open_index(path_in(*state, "b"));
  hb_catalog *catalog;
  assert_ok(hb_catalog_create(index, &catalog, &failure));
  check_images(catalog, &c, HB_ENCODING_I8);
  assert_int_equal(hb_index_nlist(index), 6);
  hb_catalog_free(catalog);
  hb_index_free(index);
  collection_free(&c);
}

/* ---- Odd collections ---- */

static void one_image_and_equal_images_and_zeros_are_fine(void **state) {
  collection c = collection_make(100, 1000, 2, 8);
  hb_build_options options = options_of(&c, HB_ENCODING_I8, 2);
  for (uint32_t i = 1; i < 100; i++) memcpy(c.vectors + i * 1000, c.vectors, 1000 * sizeof(float));
  collection_build(&c, &options, path_in(*state, "same"));
  memset(c.vectors + 7000, 0, 90000 * sizeof(float));
  collection_build(&c, &options, path_in(*state, "zeros"));
  c.count = 1;
  hb_build_report report = collection_build(&c, &options, path_in(*state, "one"));
  assert_int_equal(report.nprobe, 1);
  assert_int_equal(report.nlist, 1);
  static const char *const names[] = {"same", "zeros", "one"};
  for (int i = 0; i < 3; i++) {
    hb_index *index = open_index(path_in(*state, names[i]));
    assert_int_equal(hb_index_count(index), i < 2 ? 100 : 1);
    hb_index_free(index);
  }
  c.count = 100;
  collection_free(&c);
}

/* ---- Refusals ---- */

static hb_status try_build(const char *folder, const collection *c, const hb_build_options *options,
                           hb_build_report *report) {
  hb_builder *builder;
  hb_status status = hb_builder_create(folder, options, &builder, &failure);
  if (status != HB_OK) return status;
  for (uint32_t i = 0; i < c->count && status == HB_OK; i++)
    status = hb_builder_add(builder, collection_vector(c, i), c->paths[i], c->labels[i], 0, &failure);
  if (status == HB_OK) status = hb_builder_finish(builder, report, &failure);
  hb_builder_free(builder);
  return status;
}

static void impossible_requests_are_refused(void **state) {
  collection c = images(50, DIM);
  const char *folder = path_in(*state, "b");
  hb_build_options options = options_of(&c, HB_ENCODING_F32, 65537);
  hb_build_report report = {.nlist = 77};
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT,
               "nlist must be from 1 to 65536, not 65537");
  options.nlist = 1;
  options.dim = 0;
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "must have from 1 to 32768");
  options.dim = HB_DIM_MAX + 1;
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "must have from 1 to 32768");
  options.dim = DIM;
  options.image_url = NULL;
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "image_url is missing");
  options.image_url = "{path}";
  options.shard_bytes = (size_t)UINT32_MAX + 1;
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "must be at most 4294967295");
  options.shard_bytes = 0;
  strcpy(c.paths[20], c.paths[19]);
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "byte order");
  c.count = 0;
  assert_fails(try_build(folder, &c, &options, &report), HB_INVALID_ARGUMENT, "no images");
  c.count = 50;
  assert_int_equal(report.nlist, 77);
  assert_int_equal(folder_count(*state), 0);
  collection_free(&c);
  hb_builder_free(NULL);
}

static void a_report_need_not_be_wanted(void **state) {
  collection c = images(50, DIM);
  hb_build_options options = options_of(&c, HB_ENCODING_F32, 1);
  assert_ok(try_build(path_in(*state, "b"), &c, &options, NULL));
  hb_index *index = open_index(path_in(*state, "b"));
  assert_int_equal(hb_index_count(index), 50);
  hb_index_free(index);
  collection_free(&c);
}

static void without_memory_it_fails_cleanly(void **state) {
  collection c = images(80, DIM);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    const hb_build_options options = options_of(&c, encoding, 2);
    const char *folder = path_in(*state, "b");
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      hb_build_report report = {.nlist = 77};
      allocations_fail_from(n);
      hb_status status = try_build(folder, &c, &options, &report);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
      assert_int_equal(report.nlist, refused ? 77 : 2);
      assert_int_equal(folder_count(*state), refused ? 0 : 1);
    }
    remove_all(folder);
  }
  collection_free(&c);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_collection_comes_back),
      test(labels_are_in_byte_order),
      test(the_report_tells_what_was_made),
      test(its_stages_are_told),
      test(the_default_nprobe_is_the_smallest_with_the_promised_recall),
      test(the_same_input_gives_the_same_bytes_and_another_seed_others),
      test(memory_that_holds_the_sample_gives_the_same_bytes),
      test(with_no_memory_to_speak_of_all_images_are_there),
      test(one_image_and_equal_images_and_zeros_are_fine),
      test(impossible_requests_are_refused),
      test(a_report_need_not_be_wanted),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
