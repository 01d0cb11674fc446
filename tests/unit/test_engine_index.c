/* The engine of heybagh.h with an index: photo to answer. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "bundle/index.h"
#include "bundle_memory.h"
#include "collections.h"
#include "model/model.h"
#include "pictures.h"
#include "synthetic.h"

#define COUNT 400
#define DIM 513
#define NLIST 10
#define PHOTOS 4 /* the first images of the index are the embeddings of these */

static struct {
  hb_model *model;
  void *folder;
  hb_index *indexes[3]; /* one of each storage */
  hb_engine *engine;    /* with model and the f32 index */
  hb_catalog *catalog;  /* of the f32 index */
  float *vectors;       /* as it stores them */
  blob photos[PHOTOS];
  collection images;
} shared;

/* The images are photos, whose features are known, and vectors that stand for the features of others. */
static void make_index(void) {
  hb_engine *embedder;
  assert_ok(hb_engine_create(shared.model, NULL, &embedder, &failure));
  assert_ok(hb_engine_use_features(embedder, &failure));
  assert_int_equal(hb_engine_dim(embedder), HB_FEATURES_DIM);
  shared.images = collection_make(COUNT, HB_FEATURES_DIM, 8, 3);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    picture p = picture_make(300 + 50 * i, 260, 3 + i % 2, 50 + i);
    shared.photos[i] = png_encode(&p);
    picture_free(&p);
    float *features = shared.images.vectors + (size_t)i * HB_FEATURES_DIM;
    assert_ok(hb_engine_embed(embedder, shared.photos[i].bytes, shared.photos[i].size, NULL, features, NULL, &failure));
  }
  hb_engine_free(embedder);
  hb_build_options options = {
      .model = shared.model, .head = "exact", .nlist = NLIST, .seed = 1, .model_url = "m", .image_url = "{path}"};
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    const char *folder = path_in(shared.folder, hb_encoding_name(encoding));
    options.encoding = encoding;
    collection_build(&shared.images, &options, folder);
    shared.indexes[encoding] = open_index(folder);
    assert_int_equal(hb_index_nlist(shared.indexes[encoding]), NLIST);
  }
}

static int set_up_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.model = open_model();
  make_index();
  assert_ok(hb_engine_create(shared.model, shared.indexes[0], &shared.engine, &failure));
  assert_ok(hb_catalog_create(shared.indexes[0], &shared.catalog, &failure));
  shared.vectors = must_allocate(COUNT * DIM * sizeof *shared.vectors);
  for (uint32_t i = 0; i < COUNT; i++) hb_catalog_vector(shared.catalog, i, shared.vectors + (size_t)i * DIM);
  return 0;
}

static int tear_down_shared(void **state) {
  (void)state;
  hb_engine_free(shared.engine);
  hb_catalog_free(shared.catalog);
  for (int i = 0; i < 3; i++) hb_index_free(shared.indexes[i]);
  free(shared.vectors);
  hb_model_free(shared.model);
  collection_free(&shared.images);
  for (int i = 0; i < PHOTOS; i++) blob_free(&shared.photos[i]);
  return remove_folder(&shared.folder);
}

/* Ids are the images' places. */
static const float *vector(uint32_t id) { return shared.vectors + (size_t)id * DIM; }

static const hb_result *search(const float *query, const hb_search_options *options, hb_search_report *report) {
  const hb_result *results;
  assert_ok(hb_engine_search(shared.engine, query, options, &results, report, &failure));
  return results;
}

static void check_photos(hb_engine *engine, hb_encoding encoding) {
  float embedding[DIM];
  const hb_result *results;
  hb_search_report report;
  hb_timings t = {-1, -1, -1, -1};
  const hb_search_options options = {.k = 3};
  assert_int_equal(hb_engine_dim(engine), DIM);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    const blob *photo = &shared.photos[i];
    assert_ok(hb_engine_embed(engine, photo->bytes, photo->size, NULL, embedding, &t, &failure));
    assert_true(fabs(dot_double(embedding, embedding, DIM) - 1) < 1e-5);
    if (encoding == HB_ENCODING_F32) assert_same_bits(embedding, vector(i), DIM); /* the bundle's head is the model's */
    assert_ok(hb_engine_search(engine, embedding, &options, &results, &report, &failure));
    assert_int_equal(results[0].id, i);
    assert_string_equal(results[0].path, shared.images.paths[i]);
    assert_string_equal(results[0].label, shared.images.labels[i]);
    assert_float_equal(results[0].score, 1, (encoding == HB_ENCODING_F32 ? 1e-5 : 1e-3));
    assert_true(t.decode >= 0 && t.preprocess >= 0 && t.network > 0 && t.head >= 0);
  }
}

static void a_photo_finds_itself_in_any_storage(void **state) {
  (void)state;
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_engine *engine;
    assert_ok(hb_engine_create(shared.model, shared.indexes[encoding], &engine, &failure));
    check_photos(engine, encoding);
    hb_engine_free(engine);
  }
}

/* An index that says another view than its model has would have the page make other crops than the builder did. */
static void the_views_of_index_and_model_must_agree(void **state) {
  (void)state;
  hb_engine *engine = NULL;
  shared.indexes[0]->view = HB_VIEW_WHOLE;
  assert_fails(hb_engine_create(shared.model, shared.indexes[0], &engine, &failure), HB_BAD_INDEX,
               "view is 'whole', but it is 'crop'");
  assert_null(engine);
  shared.indexes[0]->view = HB_VIEW_CROP;
}

/* Its index has the model's view, and pictures that it has are found by all ways in. */
static void a_bundle_carries_its_model_s_view(void **state) {
  (void)state;
  const char *folder = path_in(shared.folder, "viewed");
  hb_model *model = open_model();
  hb_engine *embedder, *engine;
  collection images = collection_make(40, HB_FEATURES_DIM, 4, 3);
  assert_ok(hb_model_set_view(model, HB_VIEW_BOTH, &failure));
  assert_ok(hb_engine_create(model, NULL, &embedder, &failure));
  assert_ok(hb_engine_use_features(embedder, &failure));
  assert_ok(
      hb_engine_embed(embedder, shared.photos[0].bytes, shared.photos[0].size, NULL, images.vectors, NULL, &failure));
  hb_engine_free(embedder);
  const hb_build_options options = {
      .model = model, .head = "logits", .nlist = 1, .seed = 1, .model_url = "m", .image_url = "{path}"};
  collection_build(&images, &options, folder);
  hb_index *index = open_index(folder);
  assert_int_equal(hb_index_view(index), HB_VIEW_BOTH);
  assert_string_equal(hb_index_model_id(index), hb_model_id(model));
  assert_ok(hb_engine_create(model, index, &engine, &failure));
  float query[HB_LOGITS_DIM];
  const hb_search_options one = {.k = 1};
  const hb_result *results;
  hb_search_report report;
  assert_ok(hb_engine_embed(engine, shared.photos[0].bytes, shared.photos[0].size, NULL, query, NULL, &failure));
  assert_ok(hb_engine_search(engine, query, &one, &results, &report, &failure));
  assert_string_equal(results[0].path, images.paths[0]);
  assert_float_equal(results[0].score, 1, 1e-5);
  hb_engine_free(engine);
  assert_fails(hb_engine_create(shared.model, index, &engine, &failure), HB_MODEL_MISMATCH, "another model");
  hb_index_free(index);
  hb_model_free(model);
  collection_free(&images);
}

static void the_index_chooses_the_head(void **state) {
  (void)state;
  assert_fails(hb_engine_use_head(shared.engine, NULL, &failure), HB_INVALID_ARGUMENT, "takes the head from it");
  assert_fails(hb_engine_use_features(shared.engine, &failure), HB_INVALID_ARGUMENT, "takes the head from it");
  assert_fails(hb_engine_use_head(shared.engine, hb_model_logits(shared.model), &failure), HB_INVALID_ARGUMENT, "");
  assert_int_equal(hb_engine_dim(shared.engine), DIM);
}

static void without_a_model_it_searches_but_does_not_embed(void **state) {
  (void)state;
  hb_engine *engine;
  float embedding[DIM];
  const uint8_t pixel[4] = {0};
  assert_ok(hb_engine_create(NULL, shared.indexes[0], &engine, &failure));
  assert_int_equal(hb_engine_dim(engine), DIM);
  const hb_result *results;
  hb_search_report report;
  const hb_search_options options = {.k = 1, .exact = true};
  assert_ok(hb_engine_search(engine, vector(77), &options, &results, &report, &failure));
  assert_int_equal(results[0].id, 77);
  assert_fails(hb_engine_embed(engine, "x", 1, NULL, embedding, NULL, &failure), HB_INVALID_ARGUMENT, "no model");
  assert_fails(hb_engine_embed_rgba(engine, pixel, 1, 1, NULL, embedding, NULL, &failure), HB_INVALID_ARGUMENT,
               "no model");
  static const uint8_t crop[HB_CROP_BYTES];
  assert_fails(hb_engine_embed_crop(engine, crop, embedding, NULL, &failure), HB_INVALID_ARGUMENT, "no model");
  assert_fails(hb_engine_use_head(engine, NULL, &failure), HB_INVALID_ARGUMENT, "");
  hb_engine_free(engine);
  hb_engine_free(NULL);
}

/* ---- Searching; all that a search promises is in test_search.c ---- */

static void exact_search_agrees_with_all_scores(void **state) {
  (void)state;
  static float scores[COUNT];
  for (uint32_t query = 0; query < COUNT; query += 41) {
    assert_ok(hb_catalog_scores(shared.catalog, vector(query), 1, scores, &failure));
    const hb_search_options options = {.k = HB_K_MAX, .exact = true};
    hb_search_report report;
    const hb_result *results = search(vector(query), &options, &report);
    assert_int_equal(report.found, COUNT); /* fewer than k */
    assert_int_equal(report.scanned, COUNT);
    assert_int_equal(report.nprobe, NLIST);
    for (uint32_t i = 0; i < COUNT; i++) {
      const hb_result *r = &results[i];
      assert_float_equal(scores[r->id], dot_double(vector(query), vector(r->id), DIM), 1e-5);
      assert_true(r->score == scores[r->id]);
      assert_true(i == 0 || results[i - 1].score >= r->score);
      assert_string_equal(r->path, shared.images.paths[r->id]);
      assert_string_equal(r->label, shared.images.labels[r->id]);
    }
  }
}

/* f16 keeps 11 bits of each number, i8 about 7 of the largest. */
static void all_kinds_of_storage_give_nearly_the_same_scores(void **state) {
  (void)state;
  static const double allowed[] = {0, 1e-3, 4e-3};
  static float scores[COUNT], stored[COUNT];
  for (int s = 1; s < 3; s++) {
    hb_catalog *catalog;
    assert_ok(hb_catalog_create(shared.indexes[s], &catalog, &failure));
    for (uint32_t query = 0; query < COUNT; query += 23) {
      assert_ok(hb_catalog_scores(shared.catalog, vector(query), 1, scores, &failure));
      assert_ok(hb_catalog_scores(catalog, vector(query), 1, stored, &failure));
      for (uint32_t i = 0; i < COUNT; i++) assert_true(fabs(scores[i] - stored[i]) < allowed[s]);
    }
    hb_catalog_free(catalog);
  }
}

static void a_refused_search_leaves_its_outputs_alone(void **state) {
  (void)state;
  const hb_search_options options = {.k = 0};
  const hb_result *results = NULL;
  hb_search_report report = {.found = 77};
  assert_fails(hb_engine_search(shared.engine, vector(0), &options, &results, &report, &failure), HB_INVALID_ARGUMENT,
               "k must be from 1 to 16384, not 0");
  assert_null(results);
  assert_int_equal(report.found, 77);
}

/* ---- Models and indexes that do not fit, memory, threads ---- */

static void another_model_is_refused(void **state) {
  (void)state;
  blob file = file_read(model_path());
  uint8_t *id = memmem(file.bytes, 4096, hb_model_id(shared.model), 64);
  assert_non_null(id);
  memset(id, 'f', 64); /* the id is read from the file */
  hb_model *other;
  hb_engine *engine = NULL;
  assert_ok(hb_model_from_memory(file.bytes, file.size, &other, &failure));
  assert_fails(hb_engine_create(other, shared.indexes[0], &engine, &failure), HB_MODEL_MISMATCH, "ffffffffffff");
  assert_null(engine);
  hb_model_free(other);
}

/* Vectors that were made elsewhere belong to no model. */
static void an_index_without_a_model_is_refused_but_for_searching(void **state) {
  (void)state;
  collection c = collection_make(20, 16, 2, 4);
  const hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  collection_build(&c, &options, path_in(shared.folder, "vectors"));
  hb_index *index = open_index(path_in(shared.folder, "vectors"));
  hb_engine *engine = NULL;
  assert_fails(hb_engine_create(shared.model, index, &engine, &failure), HB_MODEL_MISMATCH, "unknown");
  assert_null(engine);
  assert_ok(hb_engine_create(NULL, index, &engine, &failure));
  hb_engine_free(engine);
  hb_index_free(index);
  collection_free(&c);
}

static void an_incomplete_index_is_refused(void **state) {
  (void)state;
  bundle *b = bundle_load(path_in(shared.folder, "f32"));
  hb_index *index = bundle_parse(b);
  hb_engine *engine = NULL;
  for (uint32_t f = 0; f < b->count; f++) {
    if (!hb_index_file_is_needed(index, f)) continue;
    assert_fails(hb_engine_create(NULL, index, &engine, &failure), HB_BAD_INDEX, b->names[f]);
    assert_ok(bundle_provide(b, index, f));
  }
  assert_ok(hb_engine_create(shared.model, index, &engine, &failure));
  const hb_search_options options = {.k = 4};
  const hb_result *results;
  hb_search_report report;
  assert_fails(hb_engine_search(engine, vector(0), &options, &results, &report, &failure), HB_INVALID_ARGUMENT,
               "lacks 2 files that this search needs");
  for (uint32_t f = 0; f < b->count; f++)
    if (!hb_index_file_is_there(index, f)) assert_ok(bundle_provide(b, index, f));
  assert_ok(hb_engine_search(engine, vector(0), &options, &results, &report, &failure));
  assert_int_equal(results[0].id, 0);
  hb_engine_free(engine);
  hb_index_free(index);
  bundle_free(b);
}

/* The same 20 queries again and again: the lengths of the results' paths differ. */
static void many_searches_take_no_more_memory_than_a_few(void **state) {
  (void)state;
  const char *const labels[] = {"kind-003"};
  const hb_search_options plain = {.k = 50}, filtered = {.k = 20, .labels = labels, .label_count = 1};
  size_t before = 0;
  hb_search_report report;
  for (uint32_t n = 0; n < 200; n++) {
    search(vector(n % 20), n % 2 == 0 ? &plain : &filtered, &report);
    if (n == 19) before = memory_in_use();
  }
  assert_int_equal(memory_in_use(), before);
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_engine *engine = NULL;
    const hb_result *results;
    hb_search_report report;
    const hb_search_options options = {.k = 1};
    allocations_fail_from(n);
    hb_status status = hb_engine_create(NULL, shared.indexes[2], &engine, &failure);
    if (status == HB_OK) status = hb_engine_search(engine, vector(0), &options, &results, &report, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    hb_engine_free(engine);
  }
}

typedef struct {
  hb_index *index;
  hb_engine *engine;
  float embedding[DIM];
  uint32_t found;
  hb_status status;
} visitor;

static void *visit(void *argument) {
  visitor *v = argument;
  const hb_search_options options = {.k = 4};
  hb_search_report report;
  const hb_result *results;
  for (int round = 0; round < 3 && v->status == HB_OK; round++) {
    v->status =
        hb_engine_embed(v->engine, shared.photos[1].bytes, shared.photos[1].size, NULL, v->embedding, NULL, NULL);
    for (int i = 0; i < 50 && v->status == HB_OK; i++) {
      v->status = hb_engine_search(v->engine, v->embedding, &options, &results, &report, NULL);
      v->found = v->status == HB_OK ? results[0].id : UINT32_MAX;
    }
  }
  return NULL;
}

/* Two engines with indexes of their own; two that share one whose files are all there. */
static void threads_share_a_model_and_an_index_that_is_whole(void **state) {
  (void)state;
  static visitor visitors[4];
  pthread_t threads[4];
  for (int t = 0; t < 4; t++) {
    visitors[t].index = t < 2 ? open_index(path_in(shared.folder, "f32")) : shared.indexes[0];
    assert_ok(hb_engine_create(shared.model, visitors[t].index, &visitors[t].engine, &failure));
  }
  for (int t = 0; t < 4; t++) assert_int_equal(pthread_create(&threads[t], NULL, visit, &visitors[t]), 0);
  for (int t = 0; t < 4; t++) pthread_join(threads[t], NULL);
  for (int t = 0; t < 4; t++) {
    assert_int_equal(visitors[t].status, HB_OK);
    assert_same_bits(visitors[t].embedding, vector(1), DIM);
    assert_int_equal(visitors[t].found, 1);
    hb_engine_free(visitors[t].engine);
    if (t < 2) hb_index_free(visitors[t].index);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_photo_finds_itself_in_any_storage),
      cmocka_unit_test(the_views_of_index_and_model_must_agree),
      cmocka_unit_test(a_bundle_carries_its_model_s_view),
      cmocka_unit_test(the_index_chooses_the_head),
      cmocka_unit_test(without_a_model_it_searches_but_does_not_embed),
      cmocka_unit_test(exact_search_agrees_with_all_scores),
      cmocka_unit_test(all_kinds_of_storage_give_nearly_the_same_scores),
      cmocka_unit_test(a_refused_search_leaves_its_outputs_alone),
      cmocka_unit_test(another_model_is_refused),
      cmocka_unit_test(an_index_without_a_model_is_refused_but_for_searching),
      cmocka_unit_test(an_incomplete_index_is_refused),
      cmocka_unit_test(many_searches_take_no_more_memory_than_a_few),
      cmocka_unit_test(without_memory_it_fails_cleanly),
      cmocka_unit_test(threads_share_a_model_and_an_index_that_is_whole),
  };
  return cmocka_run_group_tests(tests, set_up_shared, tear_down_shared);
}
