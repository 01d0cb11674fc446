/* The engine of heybagh.h: photo to embedding. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "pictures.h"
#include "synthetic.h"

#define DIM HB_LOGITS_DIM
#define PHOTOS 4

static struct {
  hb_model *model;
  hb_engine *engine; /* with the model's own head */
  blob photos[PHOTOS];
} shared;

static int set_up_shared(void **state) {
  (void)state;
  shared.model = open_model();
  assert_ok(hb_engine_create(shared.model, NULL, &shared.engine, &failure));
  assert_int_equal(hb_engine_dim(shared.engine), DIM);
  for (uint32_t i = 0; i < PHOTOS; i++) {
    picture p = picture_make(300 + 50 * i, 260, 3 + i % 2, 50 + i);
    shared.photos[i] = png_encode(&p);
    picture_free(&p);
  }
  return 0;
}

static int tear_down_shared(void **state) {
  (void)state;
  hb_engine_free(shared.engine);
  hb_model_free(shared.model);
  for (int i = 0; i < PHOTOS; i++) blob_free(&shared.photos[i]);
  return 0;
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
    assert_ok(hb_engine_embed(shared.engine, png.bytes, png.size, NULL, from_file, NULL, &failure));
    assert_ok(hb_engine_embed_rgba(shared.engine, rgba.pixels, 271, 333, NULL, from_pixels, NULL, &failure));
    assert_same_bits(from_file, from_pixels, DIM);
    assert_memory_equal(before.pixels, rgba.pixels, 4 * 271 * 333); /* the caller's pixels are not touched */
    blob_free(&png);
    picture_free(&p);
    picture_free(&rgba);
    picture_free(&before);
  }
}

static void crop_and_embedding_can_be_apart(void **state) {
  (void)state;
  static uint8_t crops[PHOTOS][HB_CROP_BYTES];
  float whole[DIM], halves[DIM];
  for (int i = 0; i < PHOTOS; i++) {
    hb_timings timings = {-1, -1, -1, -1};
    assert_ok(hb_crop_file(shared.photos[i].bytes, shared.photos[i].size, NULL, crops[i], &timings, &failure));
    assert_true(timings.decode >= 0 && timings.preprocess >= 0 && timings.network == -1 && timings.head == -1);
  }
  for (int i = 0; i < PHOTOS; i++) {
    hb_timings timings = {-1, -1, -1, -1};
    assert_ok(hb_engine_embed_crop(shared.engine, crops[i], halves, &timings, &failure));
    assert_true(timings.decode == -1 && timings.preprocess == -1 && timings.network >= 0 && timings.head >= 0);
    assert_ok(
        hb_engine_embed(shared.engine, shared.photos[i].bytes, shared.photos[i].size, NULL, whole, NULL, &failure));
    assert_same_bits(halves, whole, DIM);
  }
  picture pixels = picture_make(271, 333, 4, 5);
  assert_ok(hb_crop_rgba(pixels.pixels, 271, 333, NULL, crops[0], NULL, &failure));
  assert_ok(hb_engine_embed_crop(shared.engine, crops[0], halves, NULL, &failure));
  assert_ok(hb_engine_embed_rgba(shared.engine, pixels.pixels, 271, 333, NULL, whole, NULL, &failure));
  assert_same_bits(halves, whole, DIM);
  picture_free(&pixels);
}

/* Of a file and of pixels. */
static void a_region_is_a_picture_of_its_own(void **state) {
  (void)state;
  float expected[DIM], actual[DIM];
  const hb_region region = {0.25, 0.5, 0.5, 0.4};
  picture p = picture_make(300, 200, 4, 5);
  for (size_t i = 3; i < (size_t)300 * 200 * 4; i += 4) p.pixels[i] = 255;
  picture cut = picture_cut(&p, 75, 100, 150, 80);
  blob whole = png_encode(&p), part = png_encode(&cut);
  assert_ok(hb_engine_embed(shared.engine, part.bytes, part.size, NULL, expected, NULL, &failure));
  assert_ok(hb_engine_embed(shared.engine, whole.bytes, whole.size, &region, actual, NULL, &failure));
  assert_same_bits(actual, expected, DIM);
  assert_ok(hb_engine_embed_rgba(shared.engine, p.pixels, 300, 200, &region, actual, NULL, &failure));
  assert_same_bits(actual, expected, DIM);
  const hb_region outside = {0.5, 0.5, 1, 1};
  assert_fails(hb_engine_embed(shared.engine, whole.bytes, whole.size, &outside, actual, NULL, &failure),
               HB_INVALID_ARGUMENT, "region");
  assert_same_bits(actual, expected, DIM);
  blob_free(&whole);
  blob_free(&part);
  picture_free(&p);
  picture_free(&cut);
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
  assert_ok(hb_engine_embed(shared.engine, jpeg.bytes, jpeg.size, NULL, turned, NULL, &failure));
  assert_ok(hb_engine_embed(shared.engine, jpeg_baseline, sizeof jpeg_baseline, NULL, stored, NULL, &failure));
  assert_ok(hb_engine_embed_rgba(shared.engine, shown.pixels, JPEG_HEIGHT, JPEG_WIDTH, NULL, expected, NULL, &failure));
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
  assert_fails(hb_engine_embed(shared.engine, "text", 4, NULL, embedding, &timings, &failure), HB_UNSUPPORTED_IMAGE,
               "picture");
  assert_fails(hb_engine_embed(shared.engine, jpeg_baseline, 200, NULL, embedding, &timings, &failure),
               HB_CORRUPT_IMAGE, "");
  assert_fails(hb_engine_embed_rgba(shared.engine, pixel, 0, 1, NULL, embedding, &timings, &failure), HB_CORRUPT_IMAGE,
               "no pixels");
  assert_fails(hb_engine_embed_rgba(shared.engine, pixel, UINT32_MAX, UINT32_MAX, NULL, embedding, &timings, &failure),
               HB_IMAGE_TOO_LARGE, "megapixels");
  for (size_t i = 0; i < sizeof embedding; i++) assert_int_equal(((uint8_t *)embedding)[i], 0x55);
  assert_true(timings.network == -5);
  assert_int_equal(hb_engine_embed(shared.engine, "text", 4, NULL, embedding, NULL, NULL), HB_UNSUPPORTED_IMAGE);
}

/* The network that does not run: what was measured before that is told no more than an embedding. */
static bool network_fails;

const float *__real_hb_network_run(hb_network *network, const uint8_t crop[HB_CROP_BYTES]);
const float *__wrap_hb_network_run(hb_network *network, const uint8_t crop[HB_CROP_BYTES]);
const float *__wrap_hb_network_run(hb_network *network, const uint8_t crop[HB_CROP_BYTES]) {
  return network_fails ? NULL : __real_hb_network_run(network, crop);
}

static void a_network_that_fails_leaves_the_outputs_alone(void **state) {
  (void)state;
  static uint8_t crop[HB_CROP_BYTES];
  const uint8_t pixel[4] = {1, 2, 3, 255};
  float embedding[DIM];
  const hb_timings before = {-1, -2, -3, -4};
  hb_timings timings = before;
  memset(embedding, 0x55, sizeof embedding);
  network_fails = true;
  assert_fails(hb_engine_embed(shared.engine, shared.photos[0].bytes, shared.photos[0].size, NULL, embedding, &timings,
                               &failure),
               HB_INTERNAL, "network");
  assert_fails(hb_engine_embed_rgba(shared.engine, pixel, 1, 1, NULL, embedding, &timings, &failure), HB_INTERNAL,
               "network");
  assert_fails(hb_engine_embed_crop(shared.engine, crop, embedding, &timings, &failure), HB_INTERNAL, "network");
  network_fails = false;
  assert_memory_equal(&timings, &before, sizeof timings);
  for (size_t i = 0; i < sizeof embedding; i++) assert_int_equal(((uint8_t *)embedding)[i], 0x55);
  assert_ok(hb_engine_embed(shared.engine, shared.photos[0].bytes, shared.photos[0].size, NULL, embedding, &timings,
                            &failure));
  assert_true(timings.decode >= 0 && timings.preprocess >= 0 && timings.network >= 0 && timings.head >= 0);
}

static void without_an_index_the_head_is_chosen(void **state) {
  (void)state;
  hb_engine *engine;
  hb_head *head;
  float logits[2][1000], exact[2][513];
  assert_ok(hb_engine_create(shared.model, NULL, &engine, &failure));
  assert_int_equal(hb_engine_dim(engine), 1000);
  for (int i = 0; i < 2; i++)
    assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, NULL, logits[i], NULL, &failure));
  assert_ok(hb_head_open(shared.model, "exact", &head, &failure));
  assert_ok(hb_engine_use_head(engine, head, &failure));
  assert_int_equal(hb_engine_dim(engine), 513);
  for (int i = 0; i < 2; i++)
    assert_ok(hb_engine_embed(engine, shared.photos[i].bytes, shared.photos[i].size, NULL, exact[i], NULL, &failure));
  assert_float_equal(dot_double(logits[0], logits[1], 1000), dot_double(exact[0], exact[1], 513), 1e-5);
  const hb_result *results;
  hb_search_report report;
  const hb_search_options options = {.k = 1};
  assert_fails(hb_engine_search(engine, exact[0], &options, &results, &report, &failure), HB_INVALID_ARGUMENT,
               "no index");
  hb_engine_free(engine);
  hb_head_free(head);
}

/* What a head is applied to: of 768 features the first 512. */
static void without_a_head_an_embedding_is_the_features(void **state) {
  (void)state;
  hb_engine *engine;
  float pooled[HB_POOLED_DIM], features[HB_FEATURES_DIM + 1], embedding[1000], expected[1000];
  assert_ok(hb_engine_create(shared.model, NULL, &engine, &failure));
  assert_ok(hb_engine_embed(engine, shared.photos[0].bytes, shared.photos[0].size, NULL, embedding, NULL, &failure));
  assert_ok(hb_engine_use_head(engine, NULL, &failure));
  assert_int_equal(hb_engine_dim(engine), HB_POOLED_DIM);
  assert_ok(hb_engine_embed(engine, shared.photos[0].bytes, shared.photos[0].size, NULL, pooled, NULL, &failure));
  hb_head_apply(hb_model_logits(shared.model), pooled, expected);
  assert_same_bits(embedding, expected, 1000);
  assert_ok(hb_engine_use_features(engine, &failure));
  assert_int_equal(hb_engine_dim(engine), HB_FEATURES_DIM);
  features[HB_FEATURES_DIM] = -7; /* what is behind them stays */
  assert_ok(hb_engine_embed(engine, shared.photos[0].bytes, shared.photos[0].size, NULL, features, NULL, &failure));
  assert_same_bits(features, pooled, HB_POOLED_DIM);
  float least = 1, most = 0;
  for (int i = HB_POOLED_DIM; i < HB_FEATURES_DIM; i++)
    least = fminf(least, features[i]), most = fmaxf(most, features[i]);
  assert_true(least >= 0 && most > 0);
  assert_true(features[HB_FEATURES_DIM] == -7);
  hb_engine_free(engine);
}

/* The features of a crop. */
static void features_of(hb_engine *engine, const uint8_t *crop, float features[HB_FEATURES_DIM]) {
  assert_ok(hb_engine_embed_crop(engine, crop, features, NULL, &failure));
}

/* The mean of two crops, and the largest of tiles, by every way in. */
static void a_view_s_crops_make_one_embedding(void **state) {
  (void)state;
  static const uint32_t shapes[][2] = {{300, 200}, {1200, 240}};
  hb_model *model = open_model(); /* of its own, as its view changes */
  for (hb_view view = HB_VIEW_CROP; view <= HB_VIEW_BOTH; view++) {
    hb_engine *engine;
    assert_ok(hb_model_set_view(model, view, &failure));
    assert_ok(hb_engine_create(model, NULL, &engine, &failure));
    assert_ok(hb_engine_use_features(engine, &failure));
    assert_int_equal(hb_engine_view(engine), view);
    for (int s = 0; s < 2; s++) {
      picture p = picture_make(shapes[s][0], shapes[s][1], 3, 8);
      blob png = png_encode(&p);
      float wanted[HB_FEATURES_DIM], got[HB_FEATURES_DIM], more[HB_FEATURES_DIM];
      hb_crops crops;
      hb_timings timings;
      assert_ok(hb_crops_file(png.bytes, png.size, NULL, view, &crops, NULL, &failure));
      assert_int_equal(crops.count, view == HB_VIEW_CROP ? 1 : s == 1 ? 5 : view == HB_VIEW_BOTH ? 2 : 1);
      features_of(engine, crops.pixels, wanted);
      for (uint32_t c = 1; c < crops.count; c++) {
        features_of(engine, crops.pixels + (size_t)c * HB_CROP_BYTES, more);
        for (int i = 0; i < HB_FEATURES_DIM; i++)
          wanted[i] = s == 1 ? fmaxf(wanted[i], more[i]) : (wanted[i] + more[i]) / 2;
      }
      assert_ok(hb_engine_embed_crops(engine, &crops, got, NULL, &failure));
      assert_same_bits(got, wanted, HB_FEATURES_DIM);
      memset(got, 0, sizeof got);
      assert_ok(hb_engine_embed(engine, png.bytes, png.size, NULL, got, &timings, &failure));
      assert_same_bits(got, wanted, HB_FEATURES_DIM);
      free(crops.pixels);
      blob_free(&png);
      picture_free(&p);
    }
    hb_engine_free(engine);
  }
  hb_model_free(model);
}

static void numbers_of_crops_that_no_view_makes_are_refused(void **state) {
  (void)state;
  static uint8_t pixels[(HB_CROPS_MAX + 1) * HB_CROP_BYTES] = {0};
  float embedding[DIM] = {7};
  assert_fails(hb_engine_embed_crops(shared.engine, &(hb_crops){pixels, 0}, embedding, NULL, &failure),
               HB_INVALID_ARGUMENT, "1 to 8 crops, not 0");
  assert_fails(hb_engine_embed_crops(shared.engine, &(hb_crops){pixels, HB_CROPS_MAX + 1}, embedding, NULL, &failure),
               HB_INVALID_ARGUMENT, "1 to 8 crops, not 9");
  assert_true(embedding[0] == 7);
}

static void ten_photos_take_no_more_memory_than_two(void **state) {
  (void)state;
  float embedding[DIM];
  size_t after_two = 0;
  for (uint32_t n = 1; n <= 10; n++) {
    const blob *photo = &shared.photos[n % PHOTOS];
    assert_ok(hb_engine_embed(shared.engine, photo->bytes, photo->size, NULL, embedding, NULL, &failure));
    assert_int_equal(hb_engine_embed(shared.engine, photo->bytes, photo->size / 2, NULL, embedding, NULL, NULL),
                     HB_CORRUPT_IMAGE);
    if (n == 2) after_two = memory_in_use();
  }
  assert_int_equal(memory_in_use(), after_two);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(crop_and_embedding_can_be_apart),
      cmocka_unit_test(pixels_and_files_give_the_same_bits),
      cmocka_unit_test(a_region_is_a_picture_of_its_own),
      cmocka_unit_test(orientation_counts),
      cmocka_unit_test(a_refused_picture_leaves_the_embedding_alone),
      cmocka_unit_test(a_network_that_fails_leaves_the_outputs_alone),
      cmocka_unit_test(without_an_index_the_head_is_chosen),
      cmocka_unit_test(without_a_head_an_embedding_is_the_features),
      cmocka_unit_test(a_view_s_crops_make_one_embedding),
      cmocka_unit_test(numbers_of_crops_that_no_view_makes_are_refused),
      cmocka_unit_test(ten_photos_take_no_more_memory_than_two),
  };
  return cmocka_run_group_tests(tests, set_up_shared, tear_down_shared);
}
