/* Turns a photo into an embedding, and an embedding into results. Only here decoding, network, head and index meet. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bundle/index.h"
#include "model/model.h"

struct hb_engine {
  hb_model *model; /* may be NULL */
  hb_index *index; /* may be NULL */
  hb_network *network;
  const hb_head *head; /* NULL: embeddings are features as they are */
  uint32_t plain;      /* so many of them */
  hb_search *search;
};

static hb_status attach_index(hb_engine *engine, hb_error *error) {
  const hb_index *index = engine->index;
  if (strcmp(hb_model_id(engine->model), hb_index_model_id(index)) != 0)
    return hb_fail(
        error, HB_MODEL_MISMATCH,
        "the index was built with another model (%.12s, and this one is %.12s); use that model or rebuild the "
        "bundle",
        index->head_kind == HB_HEAD_NONE ? "unknown" : hb_index_model_id(index), hb_model_id(engine->model));
  if (hb_model_view(engine->model) != hb_index_view(index)) /* as the page makes crops by the index's */
    return hb_fail(error, HB_BAD_INDEX,
                   "the index says that its model's view is '%s', but it is '%s'; rebuild the bundle",
                   hb_view_name(hb_index_view(index)), hb_view_name(hb_model_view(engine->model)));
  if (index->head != NULL) return engine->head = index->head, HB_OK;
  return hb_model_need_logits(engine->model, hb_head_name(HB_HEAD_LOGITS), error);
}

hb_status hb_engine_create(hb_model *model, hb_index *index, hb_engine **out, hb_error *error) {
  hb_engine *engine = calloc(1, sizeof *engine);
  if (engine == NULL) return hb_fail_memory(error);
  engine->model = model;
  engine->index = index;
  engine->head = model != NULL ? hb_model_logits(model) : NULL;
  engine->plain = HB_POOLED_DIM; /* without fc there is no head */
  hb_status status = index != NULL ? hb_search_create(index, &engine->search, error) : HB_OK;
  if (status == HB_OK && model != NULL && index != NULL) status = attach_index(engine, error);
  if (status == HB_OK && model != NULL) status = hb_model_create_network(model, &engine->network, error);
  if (status != HB_OK) return hb_engine_free(engine), status;
  *out = engine;
  return HB_OK;
}

hb_status hb_engine_use_head(hb_engine *engine, const hb_head *head, hb_error *error) {
  if (engine->model == NULL || engine->index != NULL)
    return hb_fail(error, HB_INVALID_ARGUMENT, "an engine with an index takes the head from it");
  engine->head = head;
  engine->plain = HB_POOLED_DIM;
  return HB_OK;
}

hb_status hb_engine_use_features(hb_engine *engine, hb_error *error) {
  hb_status status = hb_engine_use_head(engine, NULL, error);
  if (status == HB_OK) engine->plain = HB_FEATURES_DIM;
  return status;
}

uint32_t hb_engine_dim(const hb_engine *engine) {
  if (engine->index != NULL) return hb_index_dim(engine->index);
  return engine->head != NULL ? engine->head->dim : engine->plain;
}

hb_view hb_engine_view(const hb_engine *engine) {
  return engine->model != NULL ? hb_model_view(engine->model) : HB_VIEW_CROP;
}

uint32_t hb_engine_threads(const hb_engine *engine) {
  return engine->network != NULL ? hb_network_threads(engine->network) : 1;
}

void hb_engine_free(hb_engine *engine) {
  if (engine == NULL) return;
  hb_network_free(engine->network);
  hb_search_free(engine->search);
  free(engine);
}

/* ---- Embedding ---- */

static hb_status check_model(const hb_engine *engine, hb_error *error) {
  return engine->model != NULL ? HB_OK : hb_fail(error, HB_INVALID_ARGUMENT, "this engine has no model to embed with");
}

static void apply_head(const hb_engine *engine, const float *features, float *embedding) {
  if (engine->head != NULL)
    hb_head_apply(engine->head, features, embedding);
  else
    memcpy(embedding, features, engine->plain * sizeof *embedding);
}

hb_status hb_engine_embed_features(hb_engine *engine, const float *features, float *embedding, hb_error *error) {
  hb_status status = check_model(engine, error);
  if (status == HB_OK) apply_head(engine, features, embedding);
  return status;
}

/* Takes the features of one more crop into those of the picture. Two crops are averaged as they come from the network:
 * measured, that is as good as averaging what heads make of them (square roots, unit length a layer), or better. Of
 * tiles the largest count: means find half as much. */
static void combine(float *restrict features, const float *restrict more, uint32_t crops) {
  for (int i = 0; i < HB_FEATURES_DIM; i++) {
    if (crops == 2)
      features[i] = (features[i] + more[i]) / 2;
    else
      features[i] = features[i] > more[i] ? features[i] : more[i];
  }
}

/* Returns the features of a picture, which are the network's or in `room`; NULL if the network fails. */
static const float *features_of(hb_engine *engine, const hb_crops *crops, float room[HB_FEATURES_DIM]) {
  const float *features = hb_network_run(engine->network, crops->pixels);
  if (features == NULL || crops->count == 1) return features;
  memcpy(room, features, HB_FEATURES_DIM * sizeof *room);
  for (uint32_t c = 1; c < crops->count; c++) {
    features = hb_network_run(engine->network, crops->pixels + (size_t)c * HB_CROP_BYTES);
    if (features == NULL) return NULL;
    combine(room, features, crops->count);
  }
  return room;
}

hb_status hb_engine_embed_crops(hb_engine *engine, const hb_crops *crops, float *embedding, hb_timings *timings,
                                hb_error *error) {
  hb_status status = check_model(engine, error);
  if (status != HB_OK) return status;
  if (crops->count < 1 || crops->count > HB_CROPS_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "a picture has 1 to %d crops, not %u", HB_CROPS_MAX, crops->count);
  float room[HB_FEATURES_DIM];
  const double started = hb_clock_milliseconds();
  const float *features = features_of(engine, crops, room);
  if (features == NULL) return hb_fail(error, HB_INTERNAL, "the network failed to run; please report this");
  const double ran = hb_clock_milliseconds();
  apply_head(engine, features, embedding);
  if (timings != NULL) timings->network = ran - started, timings->head = hb_clock_milliseconds() - ran;
  return HB_OK;
}

hb_status hb_engine_embed_crop(hb_engine *engine, const uint8_t crop[HB_CROP_BYTES], float *embedding,
                               hb_timings *timings, hb_error *error) {
  return hb_engine_embed_crops(engine, &(hb_crops){(uint8_t *)crop, 1}, embedding, timings, error);
}

/* Embeds crops and frees them. `made` has the timings of the crops. */
static hb_status embed_made(hb_engine *engine, hb_crops *crops, float *embedding, hb_timings *made, hb_timings *timings,
                            hb_error *error) {
  hb_status status = hb_engine_embed_crops(engine, crops, embedding, made, error);
  free(crops->pixels);
  if (status == HB_OK && timings != NULL) *timings = *made;
  return status;
}

hb_status hb_engine_embed(hb_engine *engine, const void *bytes, size_t size, const hb_region *region, float *embedding,
                          hb_timings *timings, hb_error *error) {
  hb_timings made;
  hb_crops crops;
  hb_status status = check_model(engine, error);
  if (status == HB_OK) status = hb_crops_file(bytes, size, region, hb_engine_view(engine), &crops, &made, error);
  return status == HB_OK ? embed_made(engine, &crops, embedding, &made, timings, error) : status;
}

hb_status hb_engine_embed_rgba(hb_engine *engine, const uint8_t *rgba, uint32_t width, uint32_t height,
                               const hb_region *region, float *embedding, hb_timings *timings, hb_error *error) {
  hb_timings made;
  hb_crops crops;
  hb_status status = check_model(engine, error);
  if (status == HB_OK)
    status = hb_crops_rgba(rgba, width, height, region, hb_engine_view(engine), &crops, &made, error);
  return status == HB_OK ? embed_made(engine, &crops, embedding, &made, timings, error) : status;
}

/* ---- Searching ---- */

hb_status hb_engine_search(hb_engine *engine, const float *query, const hb_search_options *options,
                           const hb_result **results, hb_search_report *report, hb_error *error) {
  if (engine->index == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "this engine has no index to search");
  uint32_t missing;
  hb_status status = hb_search_start(engine->search, query, options, error);
  if (status == HB_OK) status = hb_search_run(engine->search, NULL, 0, &missing, error);
  if (status != HB_OK) return status;
  if (missing > 0)
    return hb_fail(error, HB_INVALID_ARGUMENT, "the index lacks %u files that this search needs", missing);
  *results = hb_search_results(engine->search, report);
  return HB_OK;
}
