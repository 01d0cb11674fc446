/* The browser's exports, compiled natively, while every allocation fails in turn. */
#include <stdlib.h>
#include <string.h>

#include "api/wasm_api.c" /* NOLINT(bugprone-suspicious-include): its context is looked into */
#include "bundle_memory.h"
#include "collections.h"
#include "failing_allocations.h"
#include "synthetic.h"

static struct {
  void *folder;
  blob model;
  bundle *bundle;
  uint8_t crop[HB_CROP_BYTES];
} shared;

/* An index of five images with the head of the model's own logits. */
static int make_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  hb_model *model;
  hb_builder *builder;
  hb_build_report report;
  float features[HB_FEATURES_DIM];
  assert_ok(hb_model_open(model_i8_path(), &model, &failure));
  const char *path = path_in(shared.folder, "bundle");
  const hb_build_options options = {
      .model = model, .head = "logits", .encoding = HB_ENCODING_I8, .model_url = "m", .image_url = "i/{path}"};
  assert_ok(hb_builder_create(path, &options, &builder, &failure));
  for (int i = 0; i < 5; i++) {
    for (int f = 0; f < HB_FEATURES_DIM; f++) features[f] = (float)((f * 7 + i * 13) % 11);
    assert_ok(hb_builder_add(builder, features, (const char *[]){"a", "b", "c", "d", "e"}[i], i < 3 ? "x" : "y",
                             (uint64_t)i, &failure));
  }
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  hb_model_free(model);
  shared.model = file_read(model_i8_path());
  shared.bundle = bundle_load(path);
  memset(shared.crop, 90, sizeof shared.crop);
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  blob_free(&shared.model);
  bundle_free(shared.bundle);
  return remove_folder(&shared.folder);
}

static void *copy_of(const blob *file) {
  void *copy = malloc(file->size);
  if (copy != NULL) memcpy(copy, file->bytes, file->size);
  return copy;
}

/* As web/engine/wasm-engine.js goes about it. */
static hb_status start_engine(context *c) {
  hb_status status = hb_wasm_manifest(c, (const char *)shared.bundle->manifest.bytes, shared.bundle->manifest.size);
  for (uint32_t f = 0; status == HB_OK && f < hb_wasm_file_count(c); f++) {
    void *bytes = copy_of(&shared.bundle->files[f]);
    if (bytes == NULL) return hb_fail_memory(&c->error);
    status = hb_wasm_file(c, f, bytes, shared.bundle->files[f].size);
  }
  if (status != HB_OK) return status;
  void *bytes = copy_of(&shared.model);
  if (bytes == NULL) return hb_fail_memory(&c->error);
  status = hb_wasm_model(c, bytes, shared.model.size);
  if (status == HB_OK) status = hb_wasm_start(c);
  if (status == HB_OK) return HB_OK;
  const hb_error said = c->error;
  assert_int_equal(hb_wasm_embed(c, shared.crop, 1), HB_INVALID_ARGUMENT); /* and nothing worse */
  c->error = said;
  return status;
}

static hb_status note_answer(context *c, search *s, uint8_t answer[]) {
  const char *text = hb_wasm_search_answer(c, s);
  if (text == NULL) return hb_fail_memory(&c->error);
  memcpy(answer, text, (size_t)(strstr(text, "\"scan\"") - text)); /* the time follows */
  return HB_OK;
}

static hb_status search_once(context *c, uint8_t answer[]) {
  hb_status status = hb_wasm_embed(c, shared.crop, 1);
  if (status != HB_OK) return status;
  search *s = hb_wasm_search_new(c);
  if (s == NULL) return c->error.status;
  status = hb_wasm_search_start(c, s, hb_wasm_vector(c), 3, 0, true, "x\0y", 4, true, -1, true);
  if (status == HB_OK) status = hb_wasm_search_run(c, s);
  if (status == HB_OK) status = note_answer(c, s, answer);
  hb_wasm_search_free(s);
  return status;
}

static hb_status visit(uint8_t answer[], hb_error *error) {
  context *c = hb_wasm_new(2);
  if (c == NULL) return hb_fail_memory(error);
  hb_status status = start_engine(c);
  if (status == HB_OK && (hb_wasm_info(c) == NULL || hb_wasm_timings(c) == NULL)) status = hb_fail_memory(&c->error);
  if (status == HB_OK) status = search_once(c, answer);
  if (status != HB_OK) *error = c->error;
  hb_wasm_free(c);
  return status;
}

static void a_visit_without_memory_ends_in_a_sentence(void **state) {
  (void)state;
  lack_try("a visit, by the browser's exports", visit);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_visit_without_memory_ends_in_a_sentence)};
  return cmocka_run_group_tests(tests, make_shared, free_shared);
}
