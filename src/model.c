#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "safetensors.h"
#include "weights.h"
#ifndef __wasm__
#include "file.h"
#endif

struct hb_model {
  hb_weights weights;
  hb_packed_weights *packed;
  void *bytes; /* the weight file if it came from memory */
#ifndef __wasm__
  hb_mapping mapping; /* the weight file if it came from a path */
#endif
  bool has_source;
  float *fc;    /* a copy of fc's matrix and bias: small, and needed after the source is dropped */
  float *exact; /* the exact head's matrix and bias, once asked for */
};

static size_t fc_floats(uint32_t dim) { return (size_t)dim * (HB_POOLED_DIM + 1); }

/* Reads the weights from the file's bytes, which the model already holds. */
static hb_status read_weights(hb_model *model, const void *bytes, size_t size, hb_error *error) {
  hb_safetensors *file;
  hb_status status = hb_safetensors_parse(bytes, size, &file, error);
  if (status != HB_OK) return status;
  status = hb_weights_read(file, &model->weights, error);
  hb_safetensors_free(file);
  if (status != HB_OK) return status;
  model->has_source = true;
  model->fc = malloc(fc_floats(HB_LOGITS_DIM) * sizeof *model->fc);
  if (model->fc == NULL) return hb_fail_memory(error);
  size_t matrix = (size_t)HB_LOGITS_DIM * HB_POOLED_DIM;
  memcpy(model->fc, model->weights.fc_kernel, matrix * sizeof *model->fc);
  memcpy(model->fc + matrix, model->weights.fc_bias, HB_LOGITS_DIM * sizeof *model->fc);
  return HB_OK;
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

void hb_model_drop_source(hb_model *model) {
  model->has_source = false;
  free(model->weights.owned);
  model->weights.owned = NULL;
  free(model->bytes);
  model->bytes = NULL;
#ifndef __wasm__
  hb_file_unmap(model->mapping);
  model->mapping = (hb_mapping){0};
#endif
}

const char *hb_model_id(const hb_model *model) { return model->weights.id; }

void hb_model_free(hb_model *model) {
  if (model == NULL) return;
  hb_model_drop_source(model);
  hb_packed_weights_free(model->packed);
  free(model->fc);
  free(model->exact);
  free(model);
}

static hb_status check_source(const hb_model *model, hb_error *error) {
  if (model->has_source) return HB_OK;
  return hb_fail(error, HB_INVALID_ARGUMENT, "the model's weights were already given back; load it again");
}

hb_status hb_model_network(hb_model *model, hb_resnet18 **out, hb_error *error) {
  hb_status status = check_source(model, error);
  return status == HB_OK ? hb_resnet18_create(&model->weights, &model->packed, out, error) : status;
}

static hb_status make_exact(hb_model *model, hb_error *error) {
  uint32_t dim = hb_head_dim(HB_HEAD_EXACT);
  float *exact = malloc(fc_floats(dim) * sizeof *exact);
  if (exact == NULL) return hb_fail_memory(error);
  hb_status status = hb_head_make_exact(model->fc, model->fc + (size_t)HB_LOGITS_DIM * HB_POOLED_DIM, exact,
                                        exact + (size_t)dim * HB_POOLED_DIM, error);
  if (status != HB_OK) return free(exact), status;
  model->exact = exact;
  return HB_OK;
}

hb_status hb_model_head(hb_model *model, hb_head_kind kind, hb_head *out, hb_error *error) {
  if (kind == HB_HEAD_EXACT && model->exact == NULL) {
    hb_status status = make_exact(model, error);
    if (status != HB_OK) return status;
  }
  const float *matrix = kind == HB_HEAD_EXACT ? model->exact : model->fc;
  uint32_t dim = hb_head_dim(kind);
  *out = (hb_head){kind, dim, matrix, matrix + (size_t)dim * HB_POOLED_DIM};
  return HB_OK;
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

hb_status hb_model_write(const hb_model *model, const char *path, hb_error *error) {
  hb_status status = check_source(model, error);
  return status == HB_OK ? hb_weights_write(&model->weights, path, error) : status;
}
#endif
