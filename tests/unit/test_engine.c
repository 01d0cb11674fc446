/* The engine of heybagh.h: photo to embedding to answer. */
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "bundle_memory.h"
#include "collections.h"
#include "model.h"
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
  assert_ok(hb_engine_use_head(embedder, NULL, &failure));
  assert_int_equal(hb_engine_dim(embedder), HB_POOLED_DIM);
  shared.images = collection_make(COUNT, HB_POOLED_DIM, 8, 3);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    picture p = picture_make(300 + 50 * i, 260, 3 + i % 2, 50 + i);
    shared.photos[i] = png_encode(&p);
    picture_free(&p);
    float *features = shared.images.vectors + (size_t)i * HB_POOLED_DIM;
    assert_ok(hb_engine_embed(embedder, shared.photos[i].bytes, shared.photos[i].size, features, NULL, &failure));
  }
  hb_engine_free(embedder);
  hb_build_options options = {
      .model = shared.model, .head = "exact", .nlist = NLIST, .seed = 1, .model_url = "m", .image_url = "{path}"};
  for (hb_storage storage = HB_STORAGE_F32; storage <= HB_STORAGE_I8; storage++) {
    const char *folder = path_in(shared.folder, hb_storage_name(storage));
    options.storage = storage;
    collection_build(&shared.images, &options, folder);
    shared.indexes[storage] = open_index(folder);
    assert_int_equal(hb_index_nlist(shared.indexes[storage]), NLIST);
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

/* ---- Embedding ---- */

static void a_photo_finds_itself(void **state) {
  (void)state;
  float embedding[DIM];
  hb_search_report report;
  hb_timings timings = {-1, -1, -1, -1};
  const hb_search_options options = {.k = 3};
  assert_int_equal(hb_engine_dim(shared.engine), DIM);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    const blob *photo = &shared.photos[i];
    assert_ok(hb_engine_embed(shared.engine, photo->bytes, photo->size, embedding, &timings, &failure));
    assert_true(fabs(dot_double(embedding, embedding, DIM) - 1) < 1e-5);
    assert_same_bits(embedding, vector(i), DIM); /* the bundle's head is the model's */
    const hb_result *results = search(embedding, &options, &report);
    assert_int_equal(results[0].id, i);
    assert_string_equal(results[0].path, shared.images.paths[i]);
    assert_string_equal(results[0].label, shared.images.labels[i]);
    assert_float_equal(results[0].score, 1, 1e-5);
    assert_true(timings.decode >= 0 && timings.preprocess >= 0 && timings.network > 0 && timings.head >= 0);
  }
}

static void pixels_and_files_give_the_same_bits(void **state) {
  (void)state;
  float from_file[DIM], from_pixels[DIM];
  for (uint32_t channels = 3; channels <= 4; channels++) {
    picture p = picture_make(271, 333, channels, 5), rgba = picture_make(271, 333, 4, 6);
    for (size_t i = 0; i < 271 * 333; i++) {
      rgba.pixels[4 * i + 3] = 255;
      memcpy(rgba.pixels + 4 * i, p.pixels + channels * i, channels);
    }
    blob png = png_encode(&p);
    picture before = picture_make(1, 1, 4, 1);
    before.pixels = realloc(before.pixels, 4 * 271 * 333);
    memcpy(before.pixels, rgba.pixels, 4 * 271 * 333);
    assert_ok(hb_engine_embed(shared.engine, png.bytes, png.size, from_file, NULL, &failure));
    assert_ok(hb_engine_embed_rgba(shared.engine, rgba.pixels, 271, 333, from_pixels, NULL, &failure));
    assert_same_bits(from_file, from_pixels, DIM);
    assert_memory_equal(before.pixels, rgba.pixels, 4 * 271 * 333); /* the caller's pixels are not touched */
    blob_free(&png);
    picture_free(&p);
    picture_free(&rgba);
    picture_free(&before);
  }
}

/* Orientation 6: the stored picture is shown turned clockwise. */
static void orientation_counts(void **state) {
  (void)state;
  float turned[DIM], stored[DIM], expected[DIM];
  blob segment = exif_segment(true, 0, 3, 1, 6), jpeg = jpeg_with(jpeg_baseline, sizeof jpeg_baseline, &segment);
  picture shown = picture_make(JPEG_HEIGHT, JPEG_WIDTH, 4, 1);
  for (int y = 0; y < JPEG_WIDTH; y++)
    for (int x = 0; x < JPEG_HEIGHT; x++) {
      int sx = y, sy = JPEG_HEIGHT - 1 - x;
      uint8_t *pixel = shown.pixels + 4 * (y * JPEG_HEIGHT + x);
      pixel[0] = (uint8_t)(10 * sx), pixel[1] = (uint8_t)(15 * sy), pixel[2] = (uint8_t)(255 - 10 * sx), pixel[3] = 255;
    }
  assert_ok(hb_engine_embed(shared.engine, jpeg.bytes, jpeg.size, turned, NULL, &failure));
  assert_ok(hb_engine_embed(shared.engine, jpeg_baseline, sizeof jpeg_baseline, stored, NULL, &failure));
  assert_ok(hb_engine_embed_rgba(shared.engine, shown.pixels, JPEG_HEIGHT, JPEG_WIDTH, expected, NULL, &failure));
  double right = dot_double(turned, expected, DIM), wrong = dot_double(stored, expected, DIM);
  assert_true(right > 0.999 && right > wrong);
  assert_true(1 - wrong > 3 * (1 - right));
  blob_free(&segment);
  blob_free(&jpeg);
  picture_free(&shown);
}

static void a_refused_picture_leaves_the_embedding_alone(void **state) {
  (void)state;
  float embedding[DIM];
  memset(embedding, 0x55, sizeof embedding);
  hb_timings timings = {.network = -5};
  uint8_t pixel[4] = {0};
  assert_fails(hb_engine_embed(shared.engine, "text", 4, embedding, &timings, &failure), HB_UNSUPPORTED_IMAGE,
               "picture");
  assert_fails(hb_engine_embed(shared.engine, jpeg_baseline, 200, embedding, &timings, &failure), HB_CORRUPT_IMAGE, "");
  assert_fails(hb_engine_embed_rgba(shared.engine, pixel, 0, 1, embedding, &timings, &failure), HB_CORRUPT_IMAGE,
               "no pixels");
  assert_fails(hb_engine_embed_rgba(shared.engine, pixel, UINT32_MAX, UINT32_MAX, embedding, &timings, &failure),
               HB_IMAGE_TOO_LARGE, "megapixels");
  for (size_t i = 0; i < sizeof embedding; i++) assert_int_equal(((uint8_t *)embedding)[i], 0x55);
  assert_true(timings.network == -5);
  assert_int_equal(hb_engine_embed(shared.engine, "text", 4, embedding, NULL, NULL), HB_UNSUPPORTED_IMAGE);
}

static void without_an_index_the_head_is_chosen(void **state) {
  (void)state;
  hb_engine *engine;
  hb_head *head;
  float logits[2][1000], exact[2][513];
  assert_ok(hb_engine_create(shared.model, NULL, &engine, &failure));
  assert_int_equal(hb_engine_dim(engine), 1000);
  for (int i = 0; i < 2; i++)
    assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, logits[i], NULL, &failure));
  assert_ok(hb_head_open(shared.model, "exact", &head, &failure));
  assert_ok(hb_engine_use_head(engine, head, &failure));
  assert_int_equal(hb_engine_dim(engine), 513);
  for (int i = 0; i < 2; i++)
    assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, exact[i], NULL, &failure));
  assert_float_equal(dot_double(logits[0], logits[1], 1000), dot_double(exact[0], exact[1], 513), 1e-5);
  const hb_result *results;
  hb_search_report report;
  const hb_search_options options = {.k = 1};
  assert_fails(hb_engine_search(engine, exact[0], &options, &results, &report, &failure), HB_INVALID_ARGUMENT,
               "no index");
  hb_engine_free(engine);
  assert_fails(hb_engine_use_head(shared.engine, head, &failure), HB_INVALID_ARGUMENT, "index chooses");
  assert_int_equal(hb_engine_dim(shared.engine), DIM);
  hb_head_free(head);
}

/* What a head is applied to. */
static void without_a_head_an_embedding_is_the_pooled_features(void **state) {
  (void)state;
  hb_engine *engine;
  float pooled[HB_POOLED_DIM], embedding[1000], expected[1000];
  assert_ok(hb_engine_create(shared.model, NULL, &engine, &failure));
  assert_ok(hb_engine_embed(engine, shared.photos[0].bytes, shared.photos[0].size, embedding, NULL, &failure));
  assert_ok(hb_engine_use_head(engine, NULL, &failure));
  assert_int_equal(hb_engine_dim(engine), HB_POOLED_DIM);
  assert_ok(hb_engine_embed(engine, shared.photos[0].bytes, shared.photos[0].size, pooled, NULL, &failure));
  hb_head_apply(hb_model_logits(shared.model), pooled, expected);
  assert_same_bits(embedding, expected, 1000);
  hb_engine_free(engine);
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
  assert_fails(hb_engine_embed(engine, "x", 1, embedding, NULL, &failure), HB_INVALID_ARGUMENT, "no model");
  assert_fails(hb_engine_embed_rgba(engine, pixel, 1, 1, embedding, NULL, &failure), HB_INVALID_ARGUMENT, "no model");
  assert_fails(hb_engine_use_head(engine, NULL, &failure), HB_INVALID_ARGUMENT, "");
  hb_engine_free(engine);
  hb_engine_free(NULL);
}

/* ---- Searching; all that a search promises is in test_search.c ---- */

static void exact_search_agrees_with_all_scores(void **state) {
  (void)state;
  static float scores[COUNT];
  for (uint32_t query = 0; query < COUNT; query += 41) {
    assert_ok(hb_catalog_scores(shared.catalog, vector(query), scores, &failure));
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
      assert_ok(hb_catalog_scores(shared.catalog, vector(query), scores, &failure));
      assert_ok(hb_catalog_scores(catalog, vector(query), stored, &failure));
      for (uint32_t i = 0; i < COUNT; i++) assert_true(fabs(scores[i] - stored[i]) < allowed[s]);
    }
    hb_catalog_free(catalog);
  }
}

static void photos_find_themselves_in_any_storage(void **state) {
  (void)state;
  for (int s = 0; s < 3; s++) {
    hb_engine *engine;
    assert_ok(hb_engine_create(shared.model, shared.indexes[s], &engine, &failure));
    for (uint32_t i = 0; i < PHOTOS; i++) {
      float embedding[DIM];
      const hb_result *results;
      hb_search_report report;
      const hb_search_options options = {.k = 4};
      assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, embedding, NULL, &failure));
      assert_ok(hb_engine_search(engine, embedding, &options, &results, &report, &failure));
      assert_int_equal(results[0].id, i);
      assert_float_equal(results[0].score, 1, 1e-3);
    }
    hb_engine_free(engine);
  }
}

static void a_refused_search_leaves_its_outputs_alone(void **state) {
  (void)state;
  const hb_search_options options = {.k = 0};
  const hb_result *results = NULL;
  hb_search_report report = {.found = 77};
  assert_fails(hb_engine_search(shared.engine, vector(0), &options, &results, &report, &failure), HB_INVALID_ARGUMENT,
               "k is 0, and must be 1 to 16384");
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
  const hb_build_options options = collection_options(&c, HB_STORAGE_F32);
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
               "must be provided");
  for (uint32_t f = 0; f < b->count; f++)
    if (!hb_index_file_is_there(index, f)) assert_ok(bundle_provide(b, index, f));
  assert_ok(hb_engine_search(engine, vector(0), &options, &results, &report, &failure));
  assert_int_equal(results[0].id, 0);
  hb_engine_free(engine);
  hb_index_free(index);
  bundle_free(b);
}

#ifdef HB_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void);
static size_t memory_in_use(void) { return __sanitizer_get_current_allocated_bytes(); }
#else
static size_t memory_in_use(void) { return mallinfo2().uordblks; }
#endif

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

static void ten_photos_take_no_more_memory_than_two(void **state) {
  (void)state;
  float embedding[DIM];
  size_t after_two = 0;
  for (uint32_t n = 1; n <= 10; n++) {
    const blob *photo = &shared.photos[n % PHOTOS];
    assert_ok(hb_engine_embed(shared.engine, photo->bytes, photo->size, embedding, NULL, &failure));
    assert_int_equal(hb_engine_embed(shared.engine, photo->bytes, photo->size / 2, embedding, NULL, NULL),
                     HB_CORRUPT_IMAGE);
    if (n == 2) after_two = memory_in_use();
  }
  assert_int_equal(memory_in_use(), after_two);
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
    v->status = hb_engine_embed(v->engine, shared.photos[1].bytes, shared.photos[1].size, v->embedding, NULL, NULL);
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
      cmocka_unit_test(a_photo_finds_itself),
      cmocka_unit_test(pixels_and_files_give_the_same_bits),
      cmocka_unit_test(orientation_counts),
      cmocka_unit_test(a_refused_picture_leaves_the_embedding_alone),
      cmocka_unit_test(without_an_index_the_head_is_chosen),
      cmocka_unit_test(without_a_head_an_embedding_is_the_pooled_features),
      cmocka_unit_test(without_a_model_it_searches_but_does_not_embed),
      cmocka_unit_test(exact_search_agrees_with_all_scores),
      cmocka_unit_test(all_kinds_of_storage_give_nearly_the_same_scores),
      cmocka_unit_test(photos_find_themselves_in_any_storage),
      cmocka_unit_test(a_refused_search_leaves_its_outputs_alone),
      cmocka_unit_test(another_model_is_refused),
      cmocka_unit_test(an_index_without_a_model_is_refused_but_for_searching),
      cmocka_unit_test(an_incomplete_index_is_refused),
      cmocka_unit_test(many_searches_take_no_more_memory_than_a_few),
      cmocka_unit_test(ten_photos_take_no_more_memory_than_two),
      cmocka_unit_test(without_memory_it_fails_cleanly),
      cmocka_unit_test(threads_share_a_model_and_an_index_that_is_whole),
  };
  return cmocka_run_group_tests(tests, set_up_shared, tear_down_shared);
}
