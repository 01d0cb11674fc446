/* The engine of heybagh.h: photo to embedding to answer. */
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "pictures.h"
#include "synthetic.h"

#define COUNT 400
#define DIM 513
#define NLIST 10
#define PHOTOS 4 /* the first images of the index are the embeddings of these */

static struct {
  hb_model *model;
  void *folder;
  hb_index *index;
  hb_engine *engine; /* with model and index */
  blob photos[PHOTOS];
  collection images;
} shared;

static void make_index(void) {
  hb_engine *embedder;
  assert_ok(hb_engine_create(shared.model, NULL, &embedder, &failure));
  assert_ok(hb_engine_use_head(embedder, HB_HEAD_EXACT, &failure));
  shared.images = collection_make(COUNT, DIM, 8, 3);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    picture p = picture_make(300 + 50 * i, 260, 3 + i % 2, 50 + i);
    shared.photos[i] = png_encode(&p);
    picture_free(&p);
    assert_ok(hb_engine_embed(embedder, shared.photos[i].bytes, shared.photos[i].size, shared.images.vectors + i * DIM,
                              NULL, &failure));
  }
  hb_engine_free(embedder);
  const hb_build_options options = {
      .model = shared.model, .head = HB_HEAD_EXACT, .nlist = NLIST, .seed = 1, .model_url = "m", .image_url = "{path}"};
  hb_build_report report;
  const collection *c = &shared.images;
  assert_ok(hb_index_build(path_in(shared.folder, "b"), c->vectors, (const char *const *)c->paths,
                           (const char *const *)c->labels, COUNT, &options, &report, &failure));
}

static int set_up_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.model = open_model();
  make_index();
  assert_ok(hb_index_open(path_in(shared.folder, "b"), &shared.index, &failure));
  assert_int_equal(hb_index_nlist(shared.index), NLIST);
  assert_ok(hb_engine_create(shared.model, shared.index, &shared.engine, &failure));
  return 0;
}

static int tear_down_shared(void **state) {
  (void)state;
  hb_engine_free(shared.engine);
  hb_index_free(shared.index);
  hb_model_free(shared.model);
  collection_free(&shared.images);
  for (int i = 0; i < PHOTOS; i++) blob_free(&shared.photos[i]);
  return remove_folder(&shared.folder);
}

static const float *vector(uint32_t id) { return shared.images.vectors + (size_t)id * DIM; }

static hb_search_report search(const float *query, const hb_search_options *options, hb_result *results) {
  hb_search_report report;
  assert_ok(hb_engine_search(shared.engine, query, options, results, &report, &failure));
  return report;
}

/* ---- Embedding ---- */

static void a_photo_finds_itself(void **state) {
  (void)state;
  float embedding[DIM];
  hb_result results[3];
  hb_timings timings = {-1, -1, -1, -1};
  const hb_search_options options = {.k = 3};
  assert_int_equal(hb_engine_dim(shared.engine), DIM);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    const blob *photo = &shared.photos[i];
    assert_ok(hb_engine_embed(shared.engine, photo->bytes, photo->size, embedding, &timings, &failure));
    assert_true(fabs(dot_double(embedding, embedding, DIM) - 1) < 1e-5);
    assert_same_bits(embedding, vector(i), DIM); /* the bundle's head is the model's */
    search(embedding, &options, results);
    assert_int_equal(results[0].id, i);
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
  float logits[2][1000], exact[2][513];
  assert_ok(hb_engine_create(shared.model, NULL, &engine, &failure));
  assert_int_equal(hb_engine_dim(engine), 1000);
  for (int i = 0; i < 2; i++)
    assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, logits[i], NULL, &failure));
  assert_ok(hb_engine_use_head(engine, HB_HEAD_EXACT, &failure));
  assert_int_equal(hb_engine_dim(engine), 513);
  for (int i = 0; i < 2; i++)
    assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, exact[i], NULL, &failure));
  assert_float_equal(dot_double(logits[0], logits[1], 1000), dot_double(exact[0], exact[1], 513), 1e-5);
  hb_result result;
  hb_search_report report;
  const hb_search_options options = {.k = 1};
  assert_fails(hb_engine_search(engine, exact[0], &options, &result, &report, &failure), HB_INVALID_ARGUMENT,
               "no index");
  assert_fails(hb_engine_scores(engine, exact[0], exact[1], &failure), HB_INVALID_ARGUMENT, "no index");
  hb_engine_free(engine);
  assert_fails(hb_engine_use_head(shared.engine, HB_HEAD_LOGITS, &failure), HB_INVALID_ARGUMENT, "index chooses");
  assert_int_equal(hb_engine_dim(shared.engine), DIM);
}

static void without_a_model_it_searches_but_does_not_embed(void **state) {
  (void)state;
  hb_engine *engine;
  float embedding[DIM];
  const uint8_t pixel[4] = {0};
  assert_ok(hb_engine_create(NULL, shared.index, &engine, &failure));
  assert_int_equal(hb_engine_dim(engine), DIM);
  hb_result result;
  hb_search_report report;
  const hb_search_options options = {.k = 1, .exact = true};
  assert_ok(hb_engine_search(engine, vector(77), &options, &result, &report, &failure));
  assert_int_equal(result.id, 77);
  assert_fails(hb_engine_embed(engine, "x", 1, embedding, NULL, &failure), HB_INVALID_ARGUMENT, "no model");
  assert_fails(hb_engine_embed_rgba(engine, pixel, 1, 1, embedding, NULL, &failure), HB_INVALID_ARGUMENT, "no model");
  assert_fails(hb_engine_use_head(engine, HB_HEAD_LOGITS, &failure), HB_INVALID_ARGUMENT, "");
  hb_engine_free(engine);
  hb_engine_free(NULL);
}

/* ---- Searching ---- */

static void exact_search_agrees_with_all_scores(void **state) {
  (void)state;
  static float scores[COUNT];
  static hb_result results[COUNT];
  for (uint32_t query = 0; query < COUNT; query += 41) {
    assert_ok(hb_engine_scores(shared.engine, vector(query), scores, &failure));
    const hb_search_options options = {.k = HB_K_MAX, .exact = true};
    hb_search_report report = search(vector(query), &options, results);
    assert_int_equal(report.found, COUNT); /* fewer than k */
    assert_int_equal(report.scanned, COUNT);
    assert_int_equal(report.nprobe, NLIST);
    assert_true(report.scan >= 0);
    for (uint32_t i = 0; i < COUNT; i++) {
      const hb_result *r = &results[i];
      assert_float_equal(scores[r->id], dot_double(vector(query), vector(r->id), DIM), 1e-5);
      assert_true(r->score == scores[r->id]);
      assert_true(i == 0 || results[i - 1].score > r->score ||
                  (results[i - 1].score == r->score && results[i - 1].id < r->id));
      assert_string_equal(r->path, shared.images.paths[r->id]);
      assert_string_equal(r->label, shared.images.labels[r->id]);
    }
  }
}

static void nprobe_zero_is_the_default_of_the_index(void **state) {
  (void)state;
  hb_result results[4], again[4];
  hb_search_options options = {.k = 4};
  hb_search_report report = search(vector(9), &options, results);
  assert_int_equal(report.nprobe, hb_index_nprobe(shared.index));
  options.nprobe = report.nprobe;
  assert_int_equal(search(vector(9), &options, again).scanned, report.scanned);
  assert_memory_equal(results, again, sizeof results);
}

static void numbers_out_of_range_are_refused_with_their_range(void **state) {
  (void)state;
  static hb_result results[COUNT]; /* room for a search that is not refused */
  hb_search_report report = {.found = 77};
  const struct {
    hb_search_options options;
    const char *words;
  } cases[] = {
      {{.k = 0}, "k is 0, and must be 1 to 16384"},
      {{.k = 16385}, "k is 16385, and must be 1 to 16384"},
      {{.k = UINT32_MAX}, "must be 1 to 16384"},
      {{.k = 4, .nprobe = NLIST + 1}, "nprobe is 11, and must be 1 to 10"},
      {{.k = 4, .nprobe = UINT32_MAX}, "must be 1 to 10"},
      {{.k = 4, .has_min_score = true, .min_score = 2}, "minimum score is 2, and must be -1 to 1"},
      {{.k = 4, .has_min_score = true, .min_score = -1.01f}, "must be -1 to 1"},
      {{.k = 4, .has_min_score = true, .min_score = NAN}, "must be -1 to 1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_fails(hb_engine_search(shared.engine, vector(0), &cases[i].options, results, &report, &failure),
                 HB_INVALID_ARGUMENT, cases[i].words);
  assert_int_equal(report.found, 77);
}

static void numbers_at_the_ends_of_their_ranges_are_fine(void **state) {
  (void)state;
  static hb_result results[HB_K_MAX];
  hb_search_options options = {.k = HB_K_MAX, .nprobe = NLIST};
  assert_int_equal(search(vector(0), &options, results).found, COUNT);
  options = (hb_search_options){.k = 1, .nprobe = 1, .has_min_score = true, .min_score = -1};
  assert_int_equal(search(vector(0), &options, results).found, 1);
  options.min_score = 1; /* perhaps nothing, but no error */
  assert_true(search(vector(0), &options, results).found <= 1);
  options = (hb_search_options){.k = 4, .nprobe = 9999, .exact = true}; /* ignored */
  assert_int_equal(search(vector(0), &options, results).found, 4);
  options = (hb_search_options){.k = 4, .min_score = 99}; /* not asked for */
  assert_int_equal(search(vector(0), &options, results).found, 4);
}

static void only_wanted_labels_are_found_and_all_that_fit_in_k(void **state) {
  (void)state;
  static hb_result results[COUNT];
  const char *const one[] = {"kind-006"}, *const two[] = {"kind-001", "kind-004", "kind-001"};
  hb_search_options options = {.k = 10, .nprobe = 1, .labels = one, .label_count = 1};
  hb_search_report report = search(vector(20), &options, results); /* a kind-000: theirs are far away */
  assert_int_equal(report.found, 10);
  for (uint32_t i = 0; i < 10; i++) assert_string_equal(results[i].label, "kind-006");
  options = (hb_search_options){.k = COUNT, .nprobe = 1, .labels = two, .label_count = 3};
  report = search(vector(20), &options, results);
  assert_int_equal(report.found, 2 * COUNT / 8);
  for (uint32_t i = 0; i < report.found; i++)
    assert_true(strcmp(results[i].label, "kind-001") == 0 || strcmp(results[i].label, "kind-004") == 0);
  options = (hb_search_options){.k = 10, .exact = true}; /* the filter of the last search is gone */
  assert_int_equal(search(vector(20), &options, results).found, 10);
  assert_string_equal(results[0].label, "kind-000");
}

static void an_unknown_label_is_named(void **state) {
  (void)state;
  const char *const labels[] = {"kind-001", "zebra"};
  const hb_search_options options = {.k = 4, .labels = labels, .label_count = 2};
  hb_result results[4];
  hb_search_report report;
  assert_fails(hb_engine_search(shared.engine, vector(0), &options, results, &report, &failure), HB_INVALID_ARGUMENT,
               "no label 'zebra'");
}

static void a_minimum_score_leaves_out_what_is_below(void **state) {
  (void)state;
  static float scores[COUNT];
  static hb_result results[COUNT];
  assert_ok(hb_engine_scores(shared.engine, vector(30), scores, &failure));
  for (float floor = -1; floor <= 1; floor += 0.125f) {
    uint32_t expected = 0;
    for (uint32_t id = 0; id < COUNT; id++) expected += scores[id] >= floor;
    const hb_search_options options = {.k = COUNT, .exact = true, .has_min_score = true, .min_score = floor};
    assert_int_equal(search(vector(30), &options, results).found, expected);
  }
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
  assert_fails(hb_engine_create(other, shared.index, &engine, &failure), HB_MODEL_MISMATCH, "ffffffffffff");
  assert_null(engine);
  hb_model_free(other);
}

static void an_incomplete_index_is_refused(void **state) {
  (void)state;
  blob manifest = file_read(path_in(path_in(shared.folder, "b"), "index.json"));
  hb_index *index;
  hb_engine *engine;
  assert_ok(hb_index_parse((const char *)manifest.bytes, manifest.size, &index, &failure));
  assert_fails(hb_engine_create(NULL, index, &engine, &failure), HB_BAD_INDEX, hb_index_file_name(index, 0));
  hb_index_free(index);
  blob_free(&manifest);
}

#ifdef HB_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void);
static size_t memory_in_use(void) { return __sanitizer_get_current_allocated_bytes(); }
#else
static size_t memory_in_use(void) { return mallinfo2().uordblks; }
#endif

static void two_hundred_searches_take_no_more_memory_than_two(void **state) {
  (void)state;
  static hb_result results[50];
  const char *const labels[] = {"kind-003"};
  const hb_search_options plain = {.k = 50}, filtered = {.k = 20, .labels = labels, .label_count = 1};
  size_t after_two = 0;
  for (uint32_t n = 1; n <= 200; n++) {
    search(vector(n), n % 2 == 0 ? &plain : &filtered, results);
    if (n == 2) {
      after_two = memory_in_use();
      allocations_reset();
    }
  }
  assert_int_equal(memory_in_use(), after_two);
  assert_int_equal(allocations_largest(), 0); /* not even for a moment */
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
    hb_result result;
    hb_search_report report;
    const hb_search_options options = {.k = 1};
    allocations_fail_from(n);
    hb_status status = hb_engine_create(NULL, shared.index, &engine, &failure);
    if (status == HB_OK) status = hb_engine_search(engine, vector(0), &options, &result, &report, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    hb_engine_free(engine);
  }
}

typedef struct {
  hb_engine *engine;
  float embedding[DIM];
  hb_result results[4];
  hb_status status;
} visitor;

static void *visit(void *argument) {
  visitor *v = argument;
  const hb_search_options options = {.k = 4};
  hb_search_report report;
  for (int round = 0; round < 3 && v->status == HB_OK; round++) {
    v->status = hb_engine_embed(v->engine, shared.photos[1].bytes, shared.photos[1].size, v->embedding, NULL, NULL);
    for (int i = 0; i < 50 && v->status == HB_OK; i++)
      v->status = hb_engine_search(v->engine, v->embedding, &options, v->results, &report, NULL);
  }
  return NULL;
}

static void threads_share_a_model_and_an_index(void **state) {
  (void)state;
  static visitor visitors[3];
  pthread_t threads[3];
  for (int t = 0; t < 3; t++) assert_ok(hb_engine_create(shared.model, shared.index, &visitors[t].engine, &failure));
  for (int t = 0; t < 3; t++) assert_int_equal(pthread_create(&threads[t], NULL, visit, &visitors[t]), 0);
  for (int t = 0; t < 3; t++) pthread_join(threads[t], NULL);
  for (int t = 0; t < 3; t++) {
    assert_int_equal(visitors[t].status, HB_OK);
    assert_same_bits(visitors[t].embedding, vector(1), DIM);
    assert_int_equal(visitors[t].results[0].id, 1);
    hb_engine_free(visitors[t].engine);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_photo_finds_itself),
      cmocka_unit_test(pixels_and_files_give_the_same_bits),
      cmocka_unit_test(orientation_counts),
      cmocka_unit_test(a_refused_picture_leaves_the_embedding_alone),
      cmocka_unit_test(without_an_index_the_head_is_chosen),
      cmocka_unit_test(without_a_model_it_searches_but_does_not_embed),
      cmocka_unit_test(exact_search_agrees_with_all_scores),
      cmocka_unit_test(nprobe_zero_is_the_default_of_the_index),
      cmocka_unit_test(numbers_out_of_range_are_refused_with_their_range),
      cmocka_unit_test(numbers_at_the_ends_of_their_ranges_are_fine),
      cmocka_unit_test(only_wanted_labels_are_found_and_all_that_fit_in_k),
      cmocka_unit_test(an_unknown_label_is_named),
      cmocka_unit_test(a_minimum_score_leaves_out_what_is_below),
      cmocka_unit_test(another_model_is_refused),
      cmocka_unit_test(an_incomplete_index_is_refused),
      cmocka_unit_test(two_hundred_searches_take_no_more_memory_than_two),
      cmocka_unit_test(ten_photos_take_no_more_memory_than_two),
      cmocka_unit_test(without_memory_it_fails_cleanly),
      cmocka_unit_test(threads_share_a_model_and_an_index),
  };
  return cmocka_run_group_tests(tests, set_up_shared, tear_down_shared);
}
