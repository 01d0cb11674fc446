/* wasm_api.c, compiled natively: calls that come too early, twice, or with numbers of nothing. */
#include <stdlib.h>
#include <string.h>

#include "bundle_memory.h"
#include "collections.h"
#include "wasm_api.h"

#define DIM 6

static uint8_t crop[HB_CROP_BYTES];

static bundle *small;

static int make_bundle(void **state) {
  make_folder(state);
  collection c = collection_make(20, DIM, 3, 1);
  hb_build_options options = collection_options(&c, HB_ENCODING_I8);
  collection_write(&c, &options, NULL, path_in(*state, "bundle"), NULL);
  small = bundle_load(path_in(*state, "bundle"));
  collection_free(&c);
  return 0;
}

static int free_bundle(void **state) {
  bundle_free(small);
  return remove_folder(state);
}

static int make_context(void **state) {
  *state = hb_wasm_new(1);
  return *state == NULL;
}

static int free_context(void **state) {
  hb_wasm_free(*state);
  return 0;
}

static hb_status give_file(context *c, uint32_t file) {
  blob copy = blob_of(small->files[file].bytes, small->files[file].size);
  return hb_wasm_file(c, file, copy.bytes, copy.size);
}

static void give_index(context *c) {
  assert_int_equal(hb_wasm_manifest(c, (const char *)small->manifest.bytes, small->manifest.size), HB_OK);
}

static void assert_no_file(context *c, uint32_t file) {
  assert_string_equal(hb_wasm_file_name(c, file), "");
  assert_int_equal(hb_wasm_file_bytes(c, file), 0);
  assert_false(hb_wasm_file_is_needed(c, file));
  hb_wasm_release(c, file);
}

static void files_that_there_are_not_have_no_name(void **state) {
  context *c = *state;
  assert_no_file(c, 0);
  assert_no_file(c, UINT32_MAX);
  give_index(c);
  uint32_t count = hb_wasm_file_count(c);
  assert_int_equal(count, small->count);
  for (uint32_t f = 0; f < count; f++) {
    assert_string_equal(hb_wasm_file_name(c, f), small->names[f]);
    assert_int_equal(hb_wasm_file_bytes(c, f), small->files[f].size);
  }
  assert_no_file(c, count);
  assert_no_file(c, UINT32_MAX);
}

static void what_comes_too_early_is_refused(void **state) {
  context *c = *state;
  assert_int_equal(give_file(c, 0), HB_INVALID_ARGUMENT);
  assert_non_null(strstr(hb_wasm_error(c), "no index yet"));
  assert_int_equal(hb_wasm_model(c, calloc(1, 8), 8), HB_INVALID_ARGUMENT);
  assert_int_equal(hb_wasm_start(c), HB_INVALID_ARGUMENT);
  assert_int_equal(hb_wasm_embed(c, crop, 1), HB_INVALID_ARGUMENT);
  assert_null(hb_wasm_search_new(c));
  assert_null(hb_wasm_info(c));
  assert_null(hb_wasm_vector(c));
  give_index(c);
  assert_int_equal(hb_wasm_start(c), HB_BAD_INDEX); /* no centroids */
  assert_int_equal(hb_wasm_dim(c), 0);
}

/* Pictures that are refused: whether the browser's decoder should be asked. */
static void too_little_of_a_picture_is_told_from_damage(void **state) {
  context *c = *state;
  static const char cut[] = "P5 1 4 255\nab", odd[] = "P5 1 4 0\nabcd", other[] = "RIFF\4\0\0\0WEBP";
  assert_int_equal(hb_wasm_crop_file(c, cut, sizeof cut - 1, 0, 0, 1, 1), HB_CORRUPT_IMAGE);
  assert_true(hb_wasm_is_incomplete(c));
  assert_int_equal(hb_wasm_crop_file(c, odd, sizeof odd - 1, 0, 0, 1, 1), HB_CORRUPT_IMAGE);
  assert_false(hb_wasm_is_incomplete(c));
  assert_int_equal(hb_wasm_crop_file(c, other, sizeof other - 1, 0, 0, 1, 1), HB_UNSUPPORTED_IMAGE);
  assert_false(hb_wasm_is_incomplete(c));
}

/* The engine need not be started, nor an index be there: then they are those of every view. */
static void crops_stay_until_the_next(void **state) {
  context *c = *state;
  static const char grey[] = "P5 4 1 255\nabcd", cut[] = "P5 1 4 255\nab";
  hb_crops tiles;
  assert_int_equal(hb_wasm_crop_count(c), 0);
  assert_null(hb_wasm_crops(c));
  assert_int_equal(hb_wasm_crop_file(c, grey, sizeof grey - 1, 0, 0, 1, 1), HB_OK);
  assert_int_equal(hb_wasm_crop_count(c), 5);
  assert_ok(hb_crop_file(grey, sizeof grey - 1, NULL, crop, NULL, &failure));
  assert_memory_equal(hb_wasm_crops(c), crop, HB_CROP_BYTES);
  assert_ok(hb_crops_file(grey, sizeof grey - 1, NULL, HB_VIEW_WHOLE, &tiles, NULL, &failure));
  assert_int_equal(tiles.count, 4);
  assert_memory_equal(hb_wasm_crops(c) + HB_CROP_BYTES, tiles.pixels, 4 * HB_CROP_BYTES);
  free(tiles.pixels);
  assert_int_equal(hb_wasm_crop_rgba(c, crop, 30, 20, 0, 0, 1, 1), HB_OK);
  assert_int_equal(hb_wasm_crop_count(c), 2);
  give_index(c); /* of ready-made vectors */
  assert_int_equal(hb_wasm_crop_rgba(c, crop, 30, 20, 0, 0, 1, 1), HB_OK);
  assert_int_equal(hb_wasm_crop_count(c), 1);
  assert_memory_not_equal(hb_wasm_crops(c), crop, HB_CROP_BYTES);
  assert_int_equal(hb_wasm_crop_file(c, cut, sizeof cut - 1, 0, 0, 1, 1), HB_CORRUPT_IMAGE);
  assert_int_equal(hb_wasm_crop_count(c), 0);
}

static void a_search_answers_in_json_whenever_it_is_asked(void **state) {
  context *c = *state;
  give_index(c);
  for (uint32_t f = 0; f < small->count; f++) assert_int_equal(give_file(c, f), HB_OK);
  assert_int_equal(hb_wasm_start(c), HB_OK);
  assert_int_equal(hb_wasm_start(c), HB_INVALID_ARGUMENT);
  assert_int_equal(hb_wasm_embed(c, crop, 1), HB_INVALID_ARGUMENT); /* the vectors are of no model */
  search *s = hb_wasm_search_new(c);
  assert_non_null(s);
  assert_string_equal(hb_wasm_search_answer(c, s),
                      "{\"results\":[],\"nprobe\":0,\"planned\":0,\"scanned\":0,\"scan\":0.000}");
  assert_int_equal(hb_wasm_search_run(c, s), HB_OK);
  float *query = random_unit_vectors(1, DIM, 1);
  assert_int_equal(hb_wasm_search_start(c, s, query, 0, 1, false, NULL, 0, false, 0, false), HB_INVALID_ARGUMENT);
  assert_int_equal(hb_wasm_search_start(c, s, query, 2, 1, false, "open", 4, false, 0, false), HB_INVALID_ARGUMENT);
  assert_int_equal(hb_wasm_search_start(c, s, query, 2, 0, true, NULL, 0, false, 0, false), HB_OK);
  assert_int_equal(hb_wasm_search_run(c, s), HB_OK);
  assert_int_equal(hb_wasm_search_missing_count(s), 0);
  assert_non_null(strstr(hb_wasm_search_answer(c, s), "\"path\":\"kind-"));
  assert_null(strstr(hb_wasm_search_answer(c, s), "\"copies\""));
  assert_int_equal(hb_wasm_search_start(c, s, query, 2, 0, true, NULL, 0, false, 0, true), HB_OK);
  assert_int_equal(hb_wasm_search_run(c, s), HB_OK);
  assert_non_null(strstr(hb_wasm_search_answer(c, s), ",\"copies\":0}"));
  assert_int_equal(hb_wasm_search_file(s, UINT32_MAX), UINT32_MAX);
  free(query);
  hb_wasm_search_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(files_that_there_are_not_have_no_name, make_context, free_context),
      cmocka_unit_test_setup_teardown(what_comes_too_early_is_refused, make_context, free_context),
      cmocka_unit_test_setup_teardown(too_little_of_a_picture_is_told_from_damage, make_context, free_context),
      cmocka_unit_test_setup_teardown(crops_stay_until_the_next, make_context, free_context),
      cmocka_unit_test_setup_teardown(a_search_answers_in_json_whenever_it_is_asked, make_context, free_context),
  };
  return cmocka_run_group_tests(tests, make_bundle, free_bundle);
}
