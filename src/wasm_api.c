/* The browser's exports, nothing else. One context holds the model, the index, the engine and the last answer;
 * web/wasm.js is the only caller. Functions return an hb_status; the sentence of the last failure is hb_wasm_error. */
#include <emscripten/emscripten.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

#define EXPORT EMSCRIPTEN_KEEPALIVE

typedef struct {
  hb_model *model;
  hb_index *index;
  hb_engine *engine;
  float *embedding; /* of the last picture */
  bool embedded;
  hb_timings timings;
  hb_result *results; /* room for capacity */
  uint32_t capacity;
  hb_text answer;
  hb_error error;
} context;

EXPORT context *hb_wasm_new(void) { return calloc(1, sizeof(context)); }

EXPORT void hb_wasm_free(context *c) {
  if (c == NULL) return;
  hb_engine_free(c->engine);
  hb_index_free(c->index);
  hb_model_free(c->model);
  free(c->embedding);
  free(c->results);
  hb_text_free(&c->answer);
  free(c);
}

EXPORT const char *hb_wasm_status_text(hb_status status) { return hb_status_text(status); }
EXPORT const char *hb_wasm_error(const context *c) { return c->error.text; }

/* Takes ownership of bytes, which come from malloc, also on failure. */
EXPORT hb_status hb_wasm_model(context *c, void *bytes, size_t size) {
  if (c->model != NULL) return free(bytes), hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is a model already");
  return hb_model_from_memory(bytes, size, &c->model, &c->error);
}

EXPORT hb_status hb_wasm_manifest(context *c, const char *bytes, size_t size) {
  if (c->index != NULL) return hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is an index already");
  return hb_index_parse(bytes, size, &c->index, &c->error);
}

EXPORT uint32_t hb_wasm_file_count(const context *c) { return c->index != NULL ? hb_index_file_count(c->index) : 0; }
EXPORT const char *hb_wasm_file_name(const context *c, uint32_t file) { return hb_index_file_name(c->index, file); }
EXPORT uint32_t hb_wasm_file_bytes(const context *c, uint32_t file) {
  return (uint32_t)hb_index_file_bytes(c->index, file);
}

/* Takes ownership of bytes, as hb_wasm_model does. */
EXPORT hb_status hb_wasm_file(context *c, uint32_t file, void *bytes, size_t size) {
  if (c->index == NULL) return free(bytes), hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is no index yet");
  return hb_index_provide(c->index, file, bytes, size, &c->error);
}

/* Builds the engine, gives the weight file's memory back, and embeds one grey picture, so that the browser's compiler
 * has optimised the network before the visitor's photo comes. */
EXPORT hb_status hb_wasm_start(context *c) {
  if (c->model == NULL || c->index == NULL || c->engine != NULL)
    return hb_fail(&c->error, HB_INVALID_ARGUMENT, "the engine starts once, after its model and index");
  hb_status status = hb_engine_create(c->model, c->index, &c->engine, &c->error);
  if (status != HB_OK) return status;
  hb_model_drop_source(c->model);
  c->embedding = malloc(hb_engine_dim(c->engine) * sizeof *c->embedding);
  if (c->embedding == NULL) return hb_fail_memory(&c->error);
  const uint8_t grey[4] = {128, 128, 128, 255};
  return hb_engine_embed_rgba(c->engine, grey, 1, 1, c->embedding, NULL, &c->error);
}

static hb_status check_started(context *c) {
  return c->engine != NULL ? HB_OK : hb_fail(&c->error, HB_INVALID_ARGUMENT, "the engine is not started yet");
}

EXPORT uint32_t hb_wasm_dim(const context *c) { return c->engine != NULL ? hb_engine_dim(c->engine) : 0; }
EXPORT const float *hb_wasm_vector(const context *c) { return c->embedding; }

EXPORT hb_status hb_wasm_embed(context *c, const void *bytes, size_t size) {
  hb_status status = check_started(c);
  if (status == HB_OK) status = hb_engine_embed(c->engine, bytes, size, c->embedding, &c->timings, &c->error);
  c->embedded = status == HB_OK;
  return status;
}

EXPORT hb_status hb_wasm_embed_rgba(context *c, const uint8_t *pixels, uint32_t width, uint32_t height) {
  hb_status status = check_started(c);
  if (status == HB_OK)
    status = hb_engine_embed_rgba(c->engine, pixels, width, height, c->embedding, &c->timings, &c->error);
  c->embedded = status == HB_OK;
  return status;
}

/* Facts about model and index, as JSON; NULL before the start. */
EXPORT const char *hb_wasm_info(context *c) {
  if (c->engine == NULL) return NULL;
  hb_text *t = &c->answer;
  hb_text_clear(t);
  hb_text_add(t, "{\"model_id\":\"%s\",\"head\":\"%s\"", hb_model_id(c->model), hb_head_name(hb_index_head(c->index)));
  hb_text_add(t, ",\"dim\":%u,\"count\":%u,\"nlist\":%u,\"nprobe\":%u,\"image_url\":", hb_index_dim(c->index),
              hb_index_count(c->index), hb_index_nlist(c->index), hb_index_nprobe(c->index));
  hb_text_add_json(t, hb_index_image_url(c->index));
  hb_text_add(t, "}");
  return t->failed ? NULL : t->bytes;
}

static void write_answer(context *c, const hb_search_report *report) {
  hb_text *t = &c->answer;
  hb_text_clear(t);
  hb_text_add(t, "{\"results\":[");
  for (uint32_t i = 0; i < report->found; i++) {
    const hb_result *r = &c->results[i];
    hb_text_add(t, "%s{\"id\":%u,\"score\":%.9g,\"path\":", i > 0 ? "," : "", r->id, (double)r->score);
    hb_text_add_json(t, r->path);
    hb_text_add(t, ",\"label\":");
    hb_text_add_json(t, r->label);
    hb_text_add(t, "}");
  }
  hb_text_add(t, "],\"nprobe\":%u,\"scanned\":%u,\"timings\":{\"decode\":%.3f,\"preprocess\":%.3f,\"network\":%.3f",
              report->nprobe, report->scanned, c->timings.decode, c->timings.preprocess, c->timings.network);
  hb_text_add(t, ",\"head\":%.3f,\"scan\":%.3f}}", c->timings.head, report->scan);
}

static hb_status reserve_results(context *c, uint32_t k) {
  if (k <= c->capacity || k > HB_K_MAX) return HB_OK; /* the engine refuses a k that is too large */
  hb_result *results = realloc(c->results, k * sizeof *results);
  if (results == NULL) return hb_fail_memory(&c->error);
  c->results = results;
  c->capacity = k;
  return HB_OK;
}

/* Searches what was embedded last. `labels` is labels_size bytes of NUL-terminated labels. */
EXPORT hb_status hb_wasm_search(context *c, uint32_t k, uint32_t nprobe, bool exact, const char *labels,
                                size_t labels_size, bool has_min_score, float min_score) {
  hb_status status = check_started(c);
  if (status == HB_OK && !c->embedded) status = hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is no picture yet");
  if (status == HB_OK) status = reserve_results(c, k);
  if (status != HB_OK) return status;
  if (labels_size > 0 && labels[labels_size - 1] != '\0')
    return hb_fail(&c->error, HB_INVALID_ARGUMENT, "the labels do not end");

  size_t label_count = 0;
  for (size_t i = 0; i < labels_size; i++) label_count += labels[i] == '\0';
  const char **list = malloc((label_count + 1) * sizeof *list);
  if (list == NULL) return hb_fail_memory(&c->error);
  for (size_t l = 0; l < label_count; labels += strlen(labels) + 1) list[l++] = labels;
  const hb_search_options options = {k, nprobe, exact, list, label_count, has_min_score, min_score};
  hb_search_report report;
  status = hb_engine_search(c->engine, c->embedding, &options, c->results, &report, &c->error);
  free(list);
  if (status != HB_OK) return status;
  write_answer(c, &report);
  return c->answer.failed ? hb_fail_memory(&c->error) : HB_OK;
}

/* The last search's answer as JSON. */
EXPORT const char *hb_wasm_answer(const context *c) { return c->answer.bytes; }
