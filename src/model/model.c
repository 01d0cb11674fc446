#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/safetensors.h"
#include "model/weights_read.h"
#ifndef __wasm__
#include "base/file.h"
#include "model/weights_write.h"
#endif

struct hb_model {
  hb_weights weights;
  hb_packed_weights *packed;
  void *bytes; /* the weight file if it came from memory */
#ifndef __wasm__
  hb_mapping mapping; /* the weight file if it came from a path */
#endif
  bool has_source;
  hb_head *logits;      /* a copy of fc, which is small and needed after the source is dropped; NULL without fc */
  hb_worker_team *team; /* may be NULL */
};

static hb_status copy_fc(hb_model *model, hb_error *error) {
  if (model->weights.fc_kernel == NULL) return HB_OK;
  hb_status status = hb_head_create(HB_HEAD_LOGITS, HB_FEATURES_LAYER4, HB_LOGITS_DIM, &model->logits, error);
  if (status != HB_OK) return status;
  memcpy(model->logits->matrix, model->weights.fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM * sizeof(float));
  memcpy(model->logits->bias, model->weights.fc_bias, HB_LOGITS_DIM * sizeof(float));
  return HB_OK;
}

/* Frees the weight file. */
static void drop_file(hb_model *model) {
  free(model->bytes);
  model->bytes = NULL;
#ifndef __wasm__
  hb_file_unmap(model->mapping);
  model->mapping = (hb_mapping){0};
#endif
}

/* Reads the weights from the file's bytes, which the model owns already. */
static hb_status read_weights(hb_model *model, const void *bytes, size_t size, hb_error *error) {
  hb_safetensors *file;
  hb_status status = hb_safetensors_parse(bytes, size, &file, error);
  if (status != HB_OK) return status;
  status = hb_weights_read(file, &model->weights, error);
  hb_safetensors_free(file);
  if (status != HB_OK) return status;
  if (model->weights.compact) drop_file(model); /* nothing points into it */
  model->has_source = true;
  return copy_fc(model, error);
}

hb_status hb_model_from_memory(void *bytes, size_t size, hb_model **out, hb_error *error) {
  hb_model *model = calloc(1, sizeof *model);
  if (model == NULL) return free(bytes), hb_fail_memory(error);
  model->bytes = bytes;
  hb_status status = read_weights(model, bytes, size, error);
  if (status != HB_OK) return hb_model_free(model), status;
  *out = model;
  return HB_OK;
}

hb_status hb_model_from_weights(hb_weights *weights, hb_model **out, hb_error *error) {
  hb_model *model = calloc(1, sizeof *model);
  if (model == NULL) return hb_weights_free(weights), hb_fail_memory(error);
  model->weights = *weights;
  model->has_source = true;
  hb_status status = copy_fc(model, error);
  if (status != HB_OK) return hb_model_free(model), status;
  *out = model;
  return HB_OK;
}

void hb_model_drop_source(hb_model *model) {
  model->has_source = false;
  free(model->weights.owned);
  model->weights.owned = NULL;
  drop_file(model);
}

const char *hb_model_id(const hb_model *model) { return model->weights.id; }
hb_precision hb_model_precision(const hb_model *model) { return model->weights.precision; }
hb_view hb_model_view(const hb_model *model) { return model->weights.view; }

const hb_head *hb_model_logits(const hb_model *model) { return model->logits; }

hb_status hb_model_need_logits(const hb_model *model, const char *head, hb_error *error) {
  if (model->logits != NULL) return HB_OK;
  return hb_fail(error, HB_INVALID_ARGUMENT,
                 "the head '%.40s' needs fc, which this model was made without; use the model as it was before "
                 "--no-fc, or another head",
                 head);
}

void hb_model_free(hb_model *model) {
  if (model == NULL) return;
  hb_model_drop_source(model);
  hb_packed_weights_free(model->packed);
  hb_head_free(model->logits);
  free(model);
}

static hb_status check_source(const hb_model *model, hb_error *error) {
  if (model->has_source) return HB_OK;
  return hb_fail(error, HB_INVALID_ARGUMENT, "the model's weights were already freed; load the model again");
}

hb_status hb_model_weights(const hb_model *model, const hb_weights **out, hb_error *error) {
  hb_status status = check_source(model, error);
  if (status == HB_OK) *out = &model->weights;
  return status;
}

void hb_model_use_team(hb_model *model, hb_worker_team *team) { model->team = team; }

hb_status hb_model_create_network(hb_model *model, hb_network **out, hb_error *error) {
  hb_status status = check_source(model, error);
  return status == HB_OK ? hb_network_create(&model->weights, &model->packed, model->team, out, error) : status;
}

hb_status hb_model_verify(const hb_model *model, const char *id, hb_error *error) {
  hb_status status = check_source(model, error);
  if (status != HB_OK) return status;
  if (strcmp(hb_model_id(model), id) != 0)
    return hb_fail(error, HB_MODEL_MISMATCH, "the index was built with another model (%.12s, and this one is %.12s)",
                   id, hb_model_id(model));
  hb_weights weights = model->weights;
  hb_weights_identify(&weights);
  if (strcmp(weights.id, id) == 0) return HB_OK;
  return hb_fail(error, HB_BAD_MODEL, "the model's weights are not those of %.12s; the file is damaged", id);
}

#ifndef __wasm__
hb_status hb_model_open(const char *path, hb_model **out, hb_error *error) {
  hb_model *model = calloc(1, sizeof *model);
  if (model == NULL) return hb_fail_memory(error);
  hb_status status = hb_file_map(path, &model->mapping, error);
  if (status == HB_OK) status = read_weights(model, model->mapping.bytes, model->mapping.size, error);
  if (status != HB_OK) return hb_model_free(model), status;
  *out = model;
  return HB_OK;
}

hb_status hb_model_set_view(hb_model *model, hb_view view, hb_error *error) {
  hb_status status = check_source(model, error);
  if (status == HB_OK && view > HB_VIEW_BOTH)
    status = hb_fail(error, HB_INVALID_ARGUMENT, "a model's view is crop, whole or both");
  if (status != HB_OK || view == model->weights.view) return status;
  model->weights.view = view;
  hb_weights_identify(&model->weights);
  return HB_OK;
}

hb_status hb_model_write(const hb_model *model, const char *path, hb_error *error) {
  hb_status status = check_source(model, error);
  return status == HB_OK ? hb_weights_write(&model->weights, path, error) : status;
}

hb_status hb_model_write_without_fc(const hb_model *model, const char *path, hb_error *error) {
  hb_status status = check_source(model, error);
  if (status != HB_OK) return status;
  if (!model->weights.compact)
    return hb_fail(error, HB_INVALID_ARGUMENT, "only an i8 model of fewer than %d levels can be written without fc",
                   HB_LEVELS_MOST);
  hb_weights weights = model->weights;
  weights.fc_kernel = weights.fc_bias = NULL;
  return hb_weights_write(&weights, path, error);
}
#endif
