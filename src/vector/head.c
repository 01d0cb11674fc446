#include "vector/head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vector/dot.h"
#include "vector/vector.h"

static const char *const names[] = {
    [HB_HEAD_LOGITS] = "logits", [HB_HEAD_EXACT] = "exact", [HB_HEAD_SVD] = "svd",
    [HB_HEAD_FILE] = "file",     [HB_HEAD_NONE] = "none",
};

const char *hb_head_name(hb_head_kind kind) { return names[kind]; }

bool hb_head_parse(const char *name, hb_head_kind *out) {
  for (size_t kind = 0; kind < sizeof names / sizeof *names; kind++) {
    if (strcmp(name, names[kind]) != 0) continue;
    *out = (hb_head_kind)kind;
    return true;
  }
  return false;
}

hb_status hb_head_create(hb_head_kind kind, uint32_t dim, hb_head **out, hb_error *error) {
  size_t floats;
  if (!hb_size_mul(dim, HB_POOLED_DIM + 1, &floats)) return hb_fail_memory(error);
  hb_head *head = malloc(sizeof *head);
  float *matrix = calloc(floats, sizeof *matrix);
  if (head == NULL || matrix == NULL) return free(head), free(matrix), hb_fail_memory(error);
  *head = (hb_head){kind, dim, matrix, matrix + (size_t)dim * HB_POOLED_DIM};
  *out = head;
  return HB_OK;
}

uint32_t hb_head_dim(const hb_head *head) { return head->dim; }

void hb_head_free(hb_head *head) {
  if (head == NULL) return;
  free(head->matrix);
  free(head);
}

void hb_head_read_rows(hb_head *head, const hb_rows *rows) {
  for (uint32_t d = 0; d < head->dim; d++) {
    float row[HB_EXACT_DIM];
    hb_row_decode(rows, d, row);
    memcpy(head->matrix + (size_t)d * HB_POOLED_DIM, row, HB_POOLED_DIM * sizeof *row);
    head->bias[d] = row[HB_POOLED_DIM];
  }
}

void hb_head_apply(const hb_head *head, const float *pooled, float *embedding) {
  hb_dot_rows(pooled, head->matrix, head->dim, HB_POOLED_DIM, embedding);
  hb_vector_add(embedding, head->bias, head->dim);
  hb_vector_normalize(embedding, head->dim);
}

static hb_status check_weight(const hb_tensor *weight, hb_error *error) {
  if (weight != NULL && weight->dtype == HB_F32 && weight->rank == 2 && weight->shape[0] >= 1 &&
      weight->shape[0] <= HB_DIM_MAX && weight->shape[1] == HB_POOLED_DIM)
    return HB_OK;
  return hb_fail(error, HB_BAD_MODEL, "a head needs a tensor 'weight', f32 of shape d x %d with d from 1 to %d%s",
                 HB_POOLED_DIM, HB_DIM_MAX, weight == NULL ? ", which is missing" : "; this one is different");
}

static hb_status check_bias(const hb_tensor *bias, uint32_t dim, hb_error *error) {
  if (bias == NULL || (bias->dtype == HB_F32 && bias->rank == 1 && bias->shape[0] == dim)) return HB_OK;
  return hb_fail(error, HB_BAD_MODEL, "the head's tensor 'bias' should be f32 of shape %u, as its 'weight' has %u rows",
                 dim, dim);
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
  status = hb_head_create(HB_HEAD_FILE, (uint32_t)weight->shape[0], &head, error);
  if (status != HB_OK) return status;
  status = copy_finite(weight, head->matrix, error);
  if (status == HB_OK && bias != NULL) status = copy_finite(bias, head->bias, error);
  if (status != HB_OK) return hb_head_free(head), status;
  *out = head;
  return HB_OK;
}
