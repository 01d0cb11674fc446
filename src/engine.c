/* Photo to embedding to answer: the one place that ties decoding, network, head and index together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "clock.h"
#include "model.h"
#include "preprocess.h"

struct hb_engine {
  hb_model *model;       /* may be NULL */
  const hb_index *index; /* may be NULL */
  hb_resnet18 *network;
  hb_head head;
  hb_ivf_scratch scratch;
  hb_hit *hits; /* room for hits_capacity */
  uint32_t hits_capacity;
  uint64_t *allowed; /* a bit an image, for searches by label */
  uint8_t crop[HB_INPUT_BYTES];
};

static hb_status attach_model(hb_engine *engine, hb_error *error) {
  const hb_index *index = engine->index;
  if (index != NULL && strcmp(hb_model_id(engine->model), hb_index_model_id(index)) != 0)
    return hb_fail(error, HB_MODEL_MISMATCH,
                   "the index was built with another model (%.12s, and this one is %.12s); use that model or build the "
                   "index again",
                   hb_index_model_id(index), hb_model_id(engine->model));
  hb_status status = HB_OK;
  if (index == NULL || !hb_index_own_head(index, &engine->head))
    status = hb_model_head(engine->model, HB_HEAD_LOGITS, &engine->head, error);
  return status == HB_OK ? hb_model_network(engine->model, &engine->network, error) : status;
}

static hb_status attach_index(hb_engine *engine, hb_error *error) {
  const hb_index *index = engine->index;
  hb_status status = hb_index_check_complete(index, error);
  if (status == HB_OK) status = hb_ivf_scratch_create(hb_index_ivf(index), &engine->scratch, error);
  if (status != HB_OK) return status;
  engine->allowed = malloc(((size_t)hb_index_count(index) / 64 + 1) * sizeof *engine->allowed);
  return engine->allowed != NULL ? HB_OK : hb_fail_memory(error);
}

hb_status hb_engine_create(hb_model *model, const hb_index *index, hb_engine **out, hb_error *error) {
  hb_engine *engine = calloc(1, sizeof *engine);
  if (engine == NULL) return hb_fail_memory(error);
  engine->model = model;
  engine->index = index;
  hb_status status = index != NULL ? attach_index(engine, error) : HB_OK;
  if (status == HB_OK && model != NULL) status = attach_model(engine, error);
  if (status != HB_OK) return hb_engine_free(engine), status;
  *out = engine;
  return HB_OK;
}

hb_status hb_engine_use_head(hb_engine *engine, hb_head_kind head, hb_error *error) {
  if (engine->model == NULL || engine->index != NULL)
    return hb_fail(error, HB_INVALID_ARGUMENT, "an index chooses the head itself");
  return hb_model_head(engine->model, head, &engine->head, error);
}

uint32_t hb_engine_dim(const hb_engine *engine) {
  return engine->index != NULL ? hb_index_dim(engine->index) : engine->head.dim;
}

void hb_engine_free(hb_engine *engine) {
  if (engine == NULL) return;
  hb_resnet18_free(engine->network);
  hb_ivf_scratch_free(&engine->scratch);
  free(engine->hits);
  free(engine->allowed);
  free(engine);
}

/* ---- Embedding ---- */

/* From pixels on. `started` is when decoding began. */
static hb_status embed_image(hb_engine *engine, const hb_image *image, double started, float *embedding,
                             hb_timings *timings, hb_error *error) {
  double decoded = hb_now();
  hb_status status = hb_preprocess_crop(image, engine->crop, error);
  if (status != HB_OK) return status;
  hb_preprocess_normalize(engine->crop, hb_resnet18_input(engine->network));
  double preprocessed = hb_now();
  const float *pooled = hb_resnet18_run(engine->network);
  if (pooled == NULL) return hb_fail(error, HB_INTERNAL, "the network failed to run; please report this");
  double ran = hb_now();
  hb_head_apply(&engine->head, pooled, embedding);
  if (timings != NULL)
    *timings = (hb_timings){decoded - started, preprocessed - decoded, ran - preprocessed, hb_now() - ran};
  return HB_OK;
}

static hb_status check_model(const hb_engine *engine, hb_error *error) {
  return engine->model != NULL ? HB_OK : hb_fail(error, HB_INVALID_ARGUMENT, "this engine has no model to embed with");
}

hb_status hb_engine_embed(hb_engine *engine, const void *bytes, size_t size, float *embedding, hb_timings *timings,
                          hb_error *error) {
  double started = hb_now();
  hb_image image;
  hb_status status = check_model(engine, error);
  if (status == HB_OK) status = hb_image_decode(bytes, size, &image, error);
  if (status != HB_OK) return status;
  status = embed_image(engine, &image, started, embedding, timings, error);
  hb_image_free(&image);
  return status;
}

hb_status hb_engine_embed_rgba(hb_engine *engine, const uint8_t *rgba, uint32_t width, uint32_t height,
                               float *embedding, hb_timings *timings, hb_error *error) {
  double started = hb_now();
  hb_status status = check_model(engine, error);
  if (status == HB_OK) status = hb_image_check_size(width, height, error);
  if (status != HB_OK) return status;
  size_t pixels = (size_t)width * height;
  uint8_t *copy = malloc(4 * pixels);
  if (copy == NULL) return hb_fail_memory(error);
  memcpy(copy, rgba, 4 * pixels);
  hb_flatten_alpha(copy, pixels);
  hb_image image = {copy, width, height, 4, HB_UPRIGHT};
  status = embed_image(engine, &image, started, embedding, timings, error);
  free(copy);
  return status;
}

/* ---- Searching ---- */

static hb_status check_options(const hb_engine *engine, const hb_search_options *options, hb_error *error) {
  if (engine->index == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "this engine has no index to search");
  uint32_t nlist = hb_index_nlist(engine->index);
  if (options->k < 1 || options->k > HB_K_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "k is %u, and must be 1 to %d", options->k, HB_K_MAX);
  if (!options->exact && options->nprobe > nlist)
    return hb_fail(error, HB_INVALID_ARGUMENT, "nprobe is %u, and must be 1 to %u, the lists of this index",
                   options->nprobe, nlist);
  if (options->has_min_score && !(options->min_score >= -1 && options->min_score <= 1))
    return hb_fail(error, HB_INVALID_ARGUMENT, "the minimum score is %g, and must be -1 to 1",
                   (double)options->min_score);
  return HB_OK;
}

static hb_status reserve_hits(hb_engine *engine, uint32_t k, hb_error *error) {
  if (k <= engine->hits_capacity) return HB_OK;
  hb_hit *hits = realloc(engine->hits, k * sizeof *hits);
  if (hits == NULL) return hb_fail_memory(error);
  engine->hits = hits;
  engine->hits_capacity = k;
  return HB_OK;
}

/* Marks the images that have one of the labels. */
static hb_status allow_labels(hb_engine *engine, const hb_search_options *options, hb_error *error) {
  uint32_t count = hb_index_count(engine->index);
  memset(engine->allowed, 0, ((size_t)count / 64 + 1) * sizeof *engine->allowed);
  for (size_t l = 0; l < options->label_count; l++) {
    uint32_t number = hb_index_find_label(engine->index, options->labels[l]);
    if (number == UINT32_MAX)
      return hb_fail(error, HB_INVALID_ARGUMENT, "the index has no label '%.100s'", options->labels[l]);
    for (uint32_t id = 0; id < count; id++)
      if (hb_index_label_number(engine->index, id) == number) engine->allowed[id / 64] |= (uint64_t)1 << id % 64;
  }
  return HB_OK;
}

hb_status hb_engine_search(hb_engine *engine, const float *query, const hb_search_options *options, hb_result *results,
                           hb_search_report *report, hb_error *error) {
  double started = hb_now();
  hb_status status = check_options(engine, options, error);
  if (status != HB_OK) return status;
  const hb_index *index = engine->index;
  uint32_t count = hb_index_count(index);
  hb_topk top = {NULL, options->k < count ? options->k : count, 0};
  status = reserve_hits(engine, top.k, error);
  if (status == HB_OK && options->label_count > 0) status = allow_labels(engine, options, error);
  if (status != HB_OK) return status;
  top.hits = engine->hits;
  const hb_ivf_query ivf_query = {
      .nprobe = options->nprobe > 0 ? options->nprobe : hb_index_nprobe(index),
      .exact = options->exact,
      .allowed = options->label_count > 0 ? engine->allowed : NULL,
      .min_score = options->has_min_score ? options->min_score : -INFINITY,
  };
  hb_ivf_work work = hb_ivf_search(hb_index_ivf(index), query, &ivf_query, &engine->scratch, &top);
  for (uint32_t i = 0; i < top.count; i++) {
    uint32_t id = top.hits[i].id;
    results[i] = (hb_result){id, top.hits[i].score, hb_index_path(index, id), hb_index_label(index, id)};
  }
  *report = (hb_search_report){top.count, work.nprobe, work.scanned, hb_now() - started};
  return HB_OK;
}

hb_status hb_engine_scores(hb_engine *engine, const float *query, float *scores, hb_error *error) {
  if (engine->index == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "this engine has no index to search");
  hb_ivf_scores(hb_index_ivf(engine->index), query, &engine->scratch, scores);
  return HB_OK;
}
