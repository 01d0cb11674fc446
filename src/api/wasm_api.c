/* Exports the engine to the browser and does nothing else; web/engine/wasm-engine.js calls the functions. A context
 * holds model, index, engine and the last text. Functions that return an hb_status can fail; hb_wasm_error is the
 * sentence of the last failure. */
#ifdef __EMSCRIPTEN__
#include <emscripten/emscripten.h>
#else /* natively, in tests */
#define EMSCRIPTEN_KEEPALIVE
#endif
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/worker_team.h"
#include "model/model.h"

#define EXPORT EMSCRIPTEN_KEEPALIVE

typedef struct {
  hb_worker_team *team;
  hb_model *model;
  hb_index *index;
  hb_engine *engine;
  float *embedding; /* the last one */
  hb_crops crops;   /* the last ones */
  hb_timings timings;
  hb_text answer;
  hb_error error;
} context;

/* Makes a context. `members` is the number of threads that will share the work on a picture, with the caller. NULL
 * without memory. */
EXPORT context *hb_wasm_new(uint32_t members) {
  context *c = calloc(1, sizeof(context));
  if (c == NULL || hb_worker_team_create(members, &c->team, &c->error) == HB_OK) return c;
  return free(c), NULL;
}

/* Adds a helper thread, which has an instance of its own that shares the memory, and a stack of its own. Returns its
 * number, or 0 if all members have joined. */
EXPORT uint32_t hb_wasm_join(context *c) { return hb_worker_team_join(c->team); }
/* Runs the helper thread's loop; never returns. */
EXPORT void hb_wasm_help(context *c, uint32_t member) { hb_worker_team_help(c->team, member); }

EXPORT void hb_wasm_free(context *c) {
  if (c == NULL) return;
  hb_engine_free(c->engine);
  hb_index_free(c->index);
  hb_model_free(c->model);
  hb_worker_team_free(c->team);
  free(c->embedding);
  free(c->crops.pixels);
  hb_text_free(&c->answer);
  free(c);
}

EXPORT const char *hb_wasm_status_text(hb_status status) { return hb_status_text(status); }
EXPORT const char *hb_wasm_error(const context *c) { return c->error.text; }
/* Returns whether no other decoder should be asked for the picture that was refused last. */
EXPORT bool hb_wasm_is_incomplete(const context *c) { return c->error.is_incomplete; }

/* Takes the model that the index, which must be there, was built with, and no other. Takes ownership of `bytes`, which
 * come from malloc, also on failure. After a failure another file may be given. */
EXPORT hb_status hb_wasm_model(context *c, void *bytes, size_t size) {
  if (c->model != NULL || c->index == NULL)
    return free(bytes), hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is a model already, or there is no index yet");
  hb_model *model;
  hb_status status = hb_model_from_memory(bytes, size, &model, &c->error);
  if (status != HB_OK) return status;
  status = hb_model_verify(model, hb_index_model_id(c->index), &c->error);
  if (status != HB_OK) return hb_model_free(model), status;
  c->model = model;
  return HB_OK;
}

EXPORT hb_status hb_wasm_manifest(context *c, const char *bytes, size_t size) {
  if (c->index != NULL) return hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is an index already");
  return hb_index_parse(bytes, size, &c->index, &c->error);
}

EXPORT uint32_t hb_wasm_file_count(const context *c) { return c->index != NULL ? hb_index_file_count(c->index) : 0; }
/* The next functions return "", 0 and false for a file that the index does not have. */
static bool has_file(const context *c, uint32_t file) { return file < hb_wasm_file_count(c); }
EXPORT const char *hb_wasm_file_name(const context *c, uint32_t file) {
  return has_file(c, file) ? hb_index_file_name(c->index, file) : "";
}
EXPORT uint32_t hb_wasm_file_bytes(const context *c, uint32_t file) {
  return has_file(c, file) ? (uint32_t)hb_index_file_bytes(c->index, file) : 0;
}

/* Provides a file. Takes ownership of `bytes`, as hb_wasm_model does. */
EXPORT hb_status hb_wasm_file(context *c, uint32_t file, void *bytes, size_t size) {
  if (c->index == NULL) return free(bytes), hb_fail(&c->error, HB_INVALID_ARGUMENT, "there is no index yet");
  return hb_index_provide(c->index, file, bytes, size, &c->error);
}

/* Returns true for head, centroids and table, which must be provided before the start; false for files of lists. The
 * table adds files to hb_wasm_file_count. */
EXPORT bool hb_wasm_file_is_needed(const context *c, uint32_t file) {
  return has_file(c, file) && hb_index_file_is_needed(c->index, file);
}
/* Frees a file of lists. */
EXPORT void hb_wasm_release(context *c, uint32_t file) {
  if (has_file(c, file)) hb_index_release(c->index, file);
}

/* Creates the engine and frees the memory of the weight file. */
EXPORT hb_status hb_wasm_start(context *c) {
  if (c->index == NULL || c->engine != NULL)
    return hb_fail(&c->error, HB_INVALID_ARGUMENT, "the engine can be started once, after model and index are there");
  if (c->model != NULL) hb_model_use_team(c->model, c->team);
  hb_status status = hb_engine_create(c->model, c->index, &c->engine, &c->error);
  if (status != HB_OK) return status;
  c->embedding = malloc(hb_engine_dim(c->engine) * sizeof *c->embedding);
  if (c->embedding == NULL) {
    hb_engine_free(c->engine);
    c->engine = NULL; /* it is not started, so nothing can be embedded */
    return hb_fail_memory(&c->error);
  }
  if (c->model != NULL) hb_model_drop_source(c->model); /* an index of ready-made vectors has no model */
  return HB_OK;
}

/* Returns the number of threads that have joined and share the work on a picture. */
EXPORT uint32_t hb_wasm_threads(const context *c) { return c->engine != NULL ? hb_engine_threads(c->engine) : 1; }

static hb_status check_started(context *c) {
  return c->engine != NULL ? HB_OK : hb_fail(&c->error, HB_INVALID_ARGUMENT, "the engine is not started yet");
}

EXPORT uint32_t hb_wasm_dim(const context *c) { return c->engine != NULL ? hb_engine_dim(c->engine) : 0; }
EXPORT const float *hb_wasm_vector(const context *c) { return c->embedding; }

static void drop_crops(context *c) {
  free(c->crops.pixels);
  c->crops = (hb_crops){0};
}

static hb_view view_of(const context *c) { return c->index != NULL ? hb_index_view(c->index) : HB_VIEW_EVERY; }

/* Make the crops of the region x, y, w, h of a file or of pixels, by the view of the index's model, or those of every
 * view before there is an index; 0, 0, 1, 1 is the whole picture. The engine need not be started. After a failure there
 * are no crops. */
EXPORT hb_status hb_wasm_crop_file(context *c, const void *bytes, size_t size, double x, double y, double w, double h) {
  const hb_region region = {x, y, w, h};
  drop_crops(c);
  return hb_crops_file(bytes, size, &region, view_of(c), &c->crops, &c->timings, &c->error);
}

EXPORT hb_status hb_wasm_crop_rgba(context *c, const uint8_t *pixels, uint32_t width, uint32_t height, double x,
                                   double y, double w, double h) {
  const hb_region region = {x, y, w, h};
  drop_crops(c);
  return hb_crops_rgba(pixels, width, height, &region, view_of(c), &c->crops, &c->timings, &c->error);
}

/* Returns the last crops, which stay until the next ones are made, and their number. */
EXPORT const uint8_t *hb_wasm_crops(const context *c) { return c->crops.pixels; }
EXPORT uint32_t hb_wasm_crop_count(const context *c) { return c->crops.count; }
EXPORT uint32_t hb_wasm_crop_bytes(void) { return HB_CROP_BYTES; } /* of one */

/* Embeds `count` crops of one picture. */
EXPORT hb_status hb_wasm_embed(context *c, uint8_t *crops, uint32_t count) {
  hb_status status = check_started(c);
  if (status == HB_OK)
    status = hb_engine_embed_crops(c->engine, &(hb_crops){crops, count}, c->embedding, &c->timings, &c->error);
  return status;
}

static const char *text_or_null(const hb_text *text) { return text->failed ? NULL : text->bytes; }

/* Returns the timings of the last crop and the last embedding as JSON; NULL without memory. */
EXPORT const char *hb_wasm_timings(context *c) {
  hb_text_clear(&c->answer);
  hb_text_add(&c->answer, "{\"decode\":%.3f,\"preprocess\":%.3f,\"network\":%.3f,\"head\":%.3f}", c->timings.decode,
              c->timings.preprocess, c->timings.network, c->timings.head);
  return text_or_null(&c->answer);
}

/* Returns facts about model and index as JSON; NULL before the start and without memory. */
EXPORT const char *hb_wasm_info(context *c) {
  if (c->engine == NULL) return NULL;
  const hb_index *index = c->index;
  hb_text *t = &c->answer;
  hb_text_clear(t);
  hb_text_add(t, "{\"model_id\":\"%s\",\"head\":\"%s\"", hb_index_model_id(index), hb_head_name(hb_index_head(index)));
  hb_text_add(t, ",\"view\":\"%s\"", hb_view_name(hb_index_view(index)));
  hb_text_add(t, ",\"precision\":\"%s\"", c->model != NULL ? hb_precision_name(hb_model_precision(c->model)) : "");
  hb_text_add(t, ",\"storage\":\"%s\",\"dim\":%u", hb_encoding_name(hb_index_encoding(index)), hb_index_dim(index));
  hb_text_add(t, ",\"count\":%u,\"nlist\":%u,\"nprobe\":%u,\"image_url\":", hb_index_count(index),
              hb_index_nlist(index), hb_index_nprobe(index));
  hb_text_add_json(t, hb_index_image_url(index));
  hb_text_add(t, ",\"thumb_url\":");
  hb_text_add_json(t, hb_index_thumb_url(index));
  hb_text_add(t, ",\"labels\":[");
  for (uint32_t l = 0; l < hb_index_label_count(index); l++) {
    hb_text_add(t, l > 0 ? "," : "");
    hb_text_add_json(t, hb_index_label(index, l));
  }
  hb_text_add(t, "]}");
  return text_or_null(t);
}

/* ---- Searches, of which several may be under way ---- */

typedef struct {
  hb_search *search;
  uint32_t *missing; /* [hb_index_file_count] */
  uint32_t missing_count;
  bool distinct;
} search;

/* Creates a search; NULL on failure. */
EXPORT search *hb_wasm_search_new(context *c) {
  if (check_started(c) != HB_OK) return NULL;
  search *s = calloc(1, sizeof *s);
  uint32_t *missing = malloc(hb_index_file_count(c->index) * sizeof *missing);
  if (s == NULL || missing == NULL) {
    hb_fail_memory(&c->error);
    return free(s), free(missing), NULL;
  }
  s->missing = missing;
  if (hb_search_create(c->index, &s->search, &c->error) != HB_OK) return free(missing), free(s), NULL;
  return s;
}

EXPORT void hb_wasm_search_free(search *s) {
  if (s == NULL) return;
  hb_search_free(s->search);
  free(s->missing);
  free(s);
}

/* Begins a search. `query` has hb_wasm_dim floats; `labels` is labels_size bytes of NUL-terminated labels. Both are
 * copied. The other parameters are as in hb_search_options. With `distinct`, results have "copies". */
EXPORT hb_status hb_wasm_search_start(context *c, search *s, const float *query, uint32_t k, uint32_t nprobe,
                                      bool exact, const char *labels, size_t labels_size, bool has_min_score,
                                      float min_score, bool distinct) {
  if (labels_size > 0 && labels[labels_size - 1] != '\0')
    return hb_fail(&c->error, HB_INVALID_ARGUMENT, "the last label does not end in a zero byte");
  size_t label_count = 0;
  for (size_t i = 0; i < labels_size; i++) label_count += labels[i] == '\0';
  const char **list = malloc((label_count + 1) * sizeof *list);
  if (list == NULL) return hb_fail_memory(&c->error);
  for (size_t l = 0; l < label_count; labels += strlen(labels) + 1) list[l++] = labels;
  const hb_search_options options = {k, nprobe, exact, list, label_count, has_min_score, min_score, distinct};
  s->distinct = distinct;
  hb_status status = hb_search_start(s->search, query, &options, &c->error);
  free(list);
  return status;
}

EXPORT hb_status hb_wasm_search_run(context *c, search *s) {
  return hb_search_run(s->search, s->missing, hb_index_file_count(c->index), &s->missing_count, &c->error);
}

/* The files that the last run of the search found missing, the one with the nearest list first. */
EXPORT uint32_t hb_wasm_search_missing_count(const search *s) { return s->missing_count; }
EXPORT const uint32_t *hb_wasm_search_missing(const search *s) { return s->missing; }

/* Returns the file with the planned list at `place`, the nearest list first; UINT32_MAX beyond the plan. */
EXPORT uint32_t hb_wasm_search_file(const search *s, uint32_t place) { return hb_search_file(s->search, place); }

/* Returns the best results so far as JSON; NULL without memory. */
EXPORT const char *hb_wasm_search_answer(context *c, search *s) {
  hb_search_report report;
  const hb_result *results = hb_search_results(s->search, &report);
  hb_text *t = &c->answer;
  hb_text_clear(t);
  hb_text_add(t, "{\"results\":[");
  for (uint32_t i = 0; i < report.found; i++) {
    const hb_result *r = &results[i];
    hb_text_add(t, "%s{\"id\":%u,\"score\":%.9g,\"content\":\"%016" PRIx64 "\",\"path\":", i > 0 ? "," : "", r->id,
                (double)r->score, r->content);
    hb_text_add_json(t, r->path);
    hb_text_add(t, ",\"label\":");
    hb_text_add_json(t, r->label);
    if (s->distinct) hb_text_add(t, ",\"copies\":%u", r->copies);
    hb_text_add(t, "}");
  }
  hb_text_add(t, "],\"nprobe\":%u,\"planned\":%u,\"scanned\":%u,\"scan\":%.3f}", report.nprobe, report.planned,
              report.scanned, report.scan);
  return text_or_null(t);
}
