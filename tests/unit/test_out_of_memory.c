/* Every allocation from a weight file and a picture to an answer fails in turn, XNNPACK's and the decoders' among
 * them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xnnpack.h>

#include "allocations.h"
#include "bundle_memory.h"
#include "collections.h"
#include "failing_allocations.h"
#include "image/region.h"
#include "int8/network_i8.h"
#include "model/model.h"
#include "pictures.h"
#include "synthetic.h"

static struct {
  void *folder;
  uint8_t *crops; /* [HB_CALIBRATION_LEAST] */
  hb_model *f32, *i8;
  const char *weights, *model, *model_i8, *halves, *bundle; /* paths */
  bundle *pieces;
} shared;

/* ---- Models ---- */

static hb_status open_and_name(const char *path, uint8_t answer[], hb_error *error) {
  hb_model *opened;
  hb_status status = hb_model_open(path, &opened, error);
  if (status != HB_OK) return status;
  strcpy((char *)answer, hb_model_id(opened));
  hb_model_free(opened);
  return HB_OK;
}

static hb_status import_weights(uint8_t answer[], hb_error *error) {
  return open_and_name(shared.weights, answer, error);
}
static hb_status open_f32(uint8_t answer[], hb_error *error) { return open_and_name(shared.model, answer, error); }
static hb_status open_i8(uint8_t answer[], hb_error *error) { return open_and_name(shared.model_i8, answer, error); }

static hb_status open_f16(uint8_t answer[], hb_error *error) { return open_and_name(shared.halves, answer, error); }

static void models(void **state) {
  (void)state;
  lack_try("torchvision's weights", import_weights);
  lack_try("a model in f32", open_f32);
  lack_try("a model in i8", open_i8);
  lack_try("a model in f16", open_f16);
}

/* ---- Networks ---- */

static hb_status run_network(hb_model *model, uint8_t answer[], hb_error *error) {
  hb_network *network;
  hb_status status = hb_model_create_network(model, &network, error);
  if (status != HB_OK) return status;
  const float *pooled = hb_network_run(network, shared.crops);
  assert_non_null(pooled);
  memcpy(answer, pooled, HB_FEATURES_DIM * sizeof *pooled);
  hb_network_free(network);
  return HB_OK;
}

/* From the file, as the packed weights stay with the model. */
static hb_status open_and_run(const char *path, uint8_t answer[], hb_error *error) {
  hb_model *opened;
  hb_status status = hb_model_open(path, &opened, error);
  if (status != HB_OK) return status;
  status = run_network(opened, answer, error);
  hb_model_free(opened);
  return status;
}

static hb_status run_f32(uint8_t answer[], hb_error *error) { return open_and_run(shared.model, answer, error); }
static hb_status run_i8(uint8_t answer[], hb_error *error) { return open_and_run(shared.model_i8, answer, error); }
static hb_status run_another(uint8_t answer[], hb_error *error) { return run_network(shared.f32, answer, error); }

/* The browser's, with room for helpers. */
static hb_status run_own(uint8_t answer[], hb_error *error) {
  const hb_weights *weights;
  hb_worker_team *team;
  hb_network_i8 *network;
  hb_status status = hb_worker_team_create(3, &team, error);
  if (status != HB_OK) return status;
  assert_int_equal(hb_model_weights(shared.i8, &weights, error), HB_OK);
  status = hb_network_i8_create(&weights->quantized, HB_I8_WIDE, team, &network, error);
  if (status == HB_OK) {
    hb_network_i8_run(network, (const int8_t *)shared.crops, (float *)(void *)answer);
    hb_network_i8_free(network);
  }
  hb_worker_team_free(team);
  return status;
}

static void networks(void **state) {
  (void)state;
  lack_try("the network in f32", run_f32);
  lack_try("the network in i8", run_i8);
  lack_try("a second network of a model", run_another);
  lack_try("the browser's network in i8", run_own);
}

/* A network that could not be made leaves the model as it was: the next one computes the same. */
static void a_model_survives_networks_that_were_not_made(void **state) {
  (void)state;
  uint8_t expected[HB_FEATURES_DIM * sizeof(float)], answer[sizeof expected];
  assert_ok(run_f32(expected, &failure));
  for (size_t n = 0; n < 60; n += 25) {
    hb_model *model = open_model();
    allocations_fail_from(n);
    hb_status status = run_network(model, answer, &failure);
    allocations_work();
    assert_int_equal(status, HB_OUT_OF_MEMORY);
    assert_ok(run_network(model, answer, &failure));
    assert_memory_equal(answer, expected, sizeof expected);
    hb_model_free(model);
  }
}

/* ---- Pictures ---- */

static struct {
  const char *name;
  blob bytes;
} pictures[8];

static void make_pictures(void) {
  picture rgb = picture_make(300, 260, 3, 1), rgba = picture_make(280, 300, 4, 2), grey = picture_make(40, 50, 1, 3);
  uint8_t palette[256 * 3];
  for (int i = 0; i < 256 * 3; i++) palette[i] = (uint8_t)(i * 7);
  picture few = picture_make(60, 50, 1, 4);
  for (size_t i = 0; i < 60 * 50; i++) few.pixels[i] &= 127;
  blob turn = exif_segment(true, 0, 3, 1, 6);
  const blob made[] = {blob_of(jpeg_baseline, sizeof jpeg_baseline),
                       jpeg_with(jpeg_progressive, sizeof jpeg_progressive, &turn),
                       png_encode(&rgba),
                       png_encode_16(&rgb, 9),
                       png_encode_palette(&few, palette, 256, NULL, 0),
                       gif_encode(&few, palette, 3),
                       bmp_encode(&rgb, true),
                       pnm_encode(&grey)};
  static const char *const names[] = {
      "JPEG", "progressive JPEG, turned", "PNG with alpha", "PNG of 16 bits", "PNG with a palette", "GIF", "BMP",
      "PNM"};
  for (int i = 0; i < 8; i++) pictures[i].name = names[i], pictures[i].bytes = made[i];
  blob_free(&turn);
  picture_free(&rgb), picture_free(&rgba), picture_free(&grey), picture_free(&few);
}

static const blob *shown;

static hb_status crop(const hb_region *region, uint8_t answer[], hb_error *error) {
  return hb_crop_file(shown->bytes, shown->size, region, answer, NULL, error);
}

static hb_status crop_whole(uint8_t answer[], hb_error *error) { return crop(NULL, answer, error); }

static hb_status crop_region(uint8_t answer[], hb_error *error) {
  const hb_region region = {0.25, 0.125, 0.5, 0.75};
  return crop(&region, answer, error);
}

static hb_status crop_pixels(uint8_t answer[], hb_error *error) {
  const hb_region region = {0, 0.5, 1, 0.5};
  return hb_crop_rgba(shared.crops, 100, 80, &region, answer, NULL, error);
}

static void crops(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) {
    shown = &pictures[i].bytes;
    lack_try(pictures[i].name, crop_whole);
    lack_try("a region of it", crop_region);
  }
  lack_try("a region of pixels", crop_pixels);
}

/* ---- Bundles ---- */

/* 500 images of i8 with labels, in files of some lists. */
static void build_bundle(void) {
  collection images = collection_make(500, 20, 10, 3);
  hb_build_options options = collection_options(&images, HB_ENCODING_I8);
  shared.bundle = path_in(shared.folder, "bundle");
  options.nlist = 12;
  options.shard_bytes = 9000;
  options.thumb_url = "t/{content}";
  collection_build(&images, &options, shared.bundle);
  shared.pieces = bundle_load(shared.bundle);
  collection_free(&images);
}

static void note_results(const hb_result *results, uint32_t found, uint8_t answer[]) {
  for (uint32_t i = 0; i < found; i++)
    answer += sprintf((char *)answer, "%s %.9g\n", results[i].path, results[i].score);
}

static const char *const labels[] = {"kind-003", "kind-007"};
static const hb_search_options searches[] = {
    {.k = 1}, {.k = 40, .exact = true}, {.k = 60, .nprobe = 1, .labels = labels, .label_count = 2}};

static hb_status search_all(hb_engine *engine, uint8_t answer[], hb_error *error) {
  float query[20] = {0.6f, -0.8f};
  hb_status status = HB_OK;
  for (int i = 0; i < 3 && status == HB_OK; i++) {
    const hb_result *results;
    hb_search_report report;
    status = hb_engine_search(engine, query, &searches[i], &results, &report, error);
    if (status == HB_OK) note_results(results, report.found, answer + 8000 * i);
  }
  return status;
}

static hb_status open_and_search(uint8_t answer[], hb_error *error) {
  hb_index *index;
  hb_engine *engine;
  hb_status status = hb_index_open(shared.bundle, &index, error);
  if (status != HB_OK) return status;
  status = hb_engine_create(NULL, index, &engine, error);
  if (status == HB_OK) {
    status = search_all(engine, answer, error);
    hb_engine_free(engine);
  }
  hb_index_free(index);
  return status;
}

/* The files are the visitor's, who had memory for them: only what the index does with them is refused. */
static hb_status provide_pieces(hb_index *index, hb_error *error) {
  hb_status status = HB_OK;
  for (uint32_t f = 0; f < shared.pieces->count && status == HB_OK; f++) {
    const blob *file = &shared.pieces->files[f];
    void *copy = malloc(file->size);
    if (copy == NULL) return hb_fail_memory(error);
    memcpy(copy, file->bytes, file->size);
    status = hb_index_provide(index, f, copy, file->size, error);
  }
  return status;
}

static hb_status search_pieces(uint8_t answer[], hb_error *error) {
  hb_index *index;
  hb_engine *engine;
  hb_status status =
      hb_index_parse((const char *)shared.pieces->manifest.bytes, shared.pieces->manifest.size, &index, error);
  if (status != HB_OK) return status;
  status = provide_pieces(index, error);
  if (status == HB_OK) status = hb_engine_create(NULL, index, &engine, error);
  if (status == HB_OK) {
    status = search_all(engine, answer, error);
    hb_engine_free(engine);
  }
  hb_index_free(index);
  return status;
}

static void bundles(void **state) {
  (void)state;
  lack_try("a bundle, opened and searched", open_and_search);
  lack_try("a bundle in pieces, searched", search_pieces);
}

/* ---- XNNPACK's start, when it looks at the machine, once in a process ---- */

static enum xnn_status start(size_t n, bool alone, bool *refused) {
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    (alone ? allocations_fail_one : allocations_fail_from)(n);
    const enum xnn_status status = xnn_initialize(NULL);
    allocations_work();
    _exit((int)status + (allocations_were_refused() ? 100 : 0));
  }
  int ended;
  assert_int_equal(waitpid(child, &ended, 0), child);
  assert_true(WIFEXITED(ended));
  *refused = WEXITSTATUS(ended) >= 100;
  return (enum xnn_status)(WEXITSTATUS(ended) % 100);
}

/* It is refused for good then: cpuinfo, which it asks, tries only once. */
static void xnnpack_starts_or_says_that_it_does_not(void **state) {
  (void)state;
  for (int alone = 0; alone < 2; alone++) {
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      const enum xnn_status status = start(n, alone, &refused);
      assert_int_equal(status, refused ? xnn_status_unsupported_hardware : xnn_status_success);
      assert_true(refused || n > 3);
    }
  }
}

/* ---- */

static int make_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.weights = weights_path(), shared.model = model_path(), shared.model_i8 = model_i8_path();
  shared.halves = path_in(shared.folder, "f16");
  shared.crops = synthetic_crops(HB_CALIBRATION_LEAST, 3);
  shared.f32 = open_model();
  assert_ok(hb_model_open(model_i8_path(), &shared.i8, &failure));
  hb_model *halves;
  assert_ok(hb_model_to_f16(shared.f32, &halves, &failure));
  assert_ok(hb_model_write(halves, shared.halves, &failure));
  hb_model_free(halves);
  make_pictures();
  build_bundle();
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) blob_free(&pictures[i].bytes);
  bundle_free(shared.pieces);
  hb_model_free(shared.f32);
  hb_model_free(shared.i8);
  free(shared.crops);
  return remove_folder(&shared.folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(models),
      cmocka_unit_test(networks),
      cmocka_unit_test(a_model_survives_networks_that_were_not_made),
      cmocka_unit_test(crops),
      cmocka_unit_test(bundles),
  };
  const struct CMUnitTest first[] = {cmocka_unit_test(xnnpack_starts_or_says_that_it_does_not)};
  const int failed = cmocka_run_group_tests(first, NULL, NULL);
  return failed + cmocka_run_group_tests(tests, make_shared, free_shared);
}
