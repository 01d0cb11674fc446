#include "model/head_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/model.h"
#include "vector/head_make.h"

static hb_status check_weight(const hb_tensor *weight, hb_error *error) {
  if (weight != NULL && weight->dtype == HB_F32 && weight->rank == 2 && weight->shape[0] >= 1 &&
      weight->shape[0] <= HB_DIM_MAX && (weight->shape[1] == HB_POOLED_DIM || weight->shape[1] == HB_FEATURES_DIM))
    return HB_OK;
  return hb_fail(error, HB_BAD_MODEL,
                 "the head's tensor 'weight' %s; it must be f32 of shape d x %d or d x %d, with d from 1 to %d",
                 weight == NULL ? "is missing" : "has another type or shape", HB_POOLED_DIM, HB_FEATURES_DIM,
                 HB_DIM_MAX);
}

/* The shape says which features the head takes; the file may say it, too, and must not say otherwise. */
static hb_status choose_features(const hb_safetensors *file, const hb_tensor *weight, hb_head_features *out,
                                 hb_error *error) {
  char name[80];
  *out = weight->shape[1] == HB_POOLED_DIM ? HB_FEATURES_LAYER4 : HB_FEATURES_SQRT;
  hb_head_features said;
  if (!hb_safetensors_metadata(file, "features", name, sizeof name)) return HB_OK;
  if (hb_head_features_parse(name, &said) && said == *out) return HB_OK;
  return hb_fail(error, HB_BAD_MODEL,
                 "the head's metadata 'features' must be '%s', because its 'weight' has %u columns",
                 hb_head_features_name(*out), (uint32_t)weight->shape[1]);
}

static hb_status check_bias(const hb_tensor *bias, uint32_t dim, hb_error *error) {
  if (bias == NULL || (bias->dtype == HB_F32 && bias->rank == 1 && bias->shape[0] == dim)) return HB_OK;
  return hb_fail(error, HB_BAD_MODEL,
                 "the head's tensor 'bias' should be f32 of shape %u, because its 'weight' has %u rows", dim, dim);
}

/* Copies a tensor, which may lie at any address. */
static hb_status copy_finite(const hb_tensor *tensor, float *out, hb_error *error) {
  memcpy(out, tensor->data, tensor->bytes);
  for (size_t i = 0; i < tensor->bytes / sizeof *out; i++)
    if (!isfinite(out[i]))
      return hb_fail(error, HB_BAD_MODEL, "the head's tensor '%.80s' has a number that is not finite (element %zu)",
                     tensor->name, i);
  return HB_OK;
}

hb_status hb_head_from_file(const hb_safetensors *file, hb_head **out, hb_error *error) {
  const hb_tensor *weight = hb_safetensors_find(file, "weight"), *bias = hb_safetensors_find(file, "bias");
  hb_status status = check_weight(weight, error);
  if (status == HB_OK) status = check_bias(bias, (uint32_t)weight->shape[0], error);
  if (status != HB_OK) return status;
  hb_head *head;
  hb_head_features features;
  status = choose_features(file, weight, &features, error);
  if (status == HB_OK) status = hb_head_create(HB_HEAD_FILE, features, (uint32_t)weight->shape[0], &head, error);
  if (status != HB_OK) return status;
  status = copy_finite(weight, head->matrix, error);
  if (status == HB_OK && bias != NULL) status = copy_finite(bias, head->bias, error);
  if (status != HB_OK) return hb_head_free(head), status;
  *out = head;
  return HB_OK;
}

static hb_status read_bytes(hb_mapping mapping, hb_head **out, hb_error *error) {
  hb_safetensors *file;
  hb_status status = hb_safetensors_parse(mapping.bytes, mapping.size, &file, error);
  if (status != HB_OK) return status;
  status = hb_head_from_file(file, out, error);
  hb_safetensors_free(file);
  return status;
}

static hb_status read_file(const char *path, hb_head **out, hb_error *error) {
  hb_error inner;
  hb_mapping mapping;
  hb_status status = hb_file_map(path, &mapping, &inner);
  if (status == HB_OK) {
    status = read_bytes(mapping, out, &inner);
    hb_file_unmap(mapping);
  }
  if (status == HB_OK) return HB_OK;
  return hb_fail(error, status, "the head '%.100s' is neither logits nor exact nor a usable safetensors file: %.250s",
                 path, inner.text);
}

hb_status hb_head_open(const hb_model *model, const char *name, hb_head **out, hb_error *error) {
  const bool is_logits = strcmp(name, hb_head_name(HB_HEAD_LOGITS)) == 0;
  if (is_logits || strcmp(name, hb_head_name(HB_HEAD_EXACT)) == 0) {
    if (model == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "the head '%s' needs a model", name);
    hb_status status = hb_model_need_logits(model, name, error);
    if (status != HB_OK) return status;
    return is_logits ? hb_head_copy(hb_model_logits(model), out, error)
                     : hb_head_make_exact(hb_model_logits(model), out, error);
  }
  hb_head_kind kind;
  uint32_t dim;
  if (!hb_head_choose(name, &kind, &dim) || kind != HB_HEAD_FILE)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "the head '%.20s' is made by 'build' from a collection's images, and only its bundle has it; "
                   "use the bundle",
                   name);
  return read_file(name, out, error);
}
