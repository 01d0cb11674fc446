#include "vector/head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vector/dot.h"
#include "vector/prepared_features.h"
#include "vector/vector.h"

static const char *const names[] = {
    [HB_HEAD_LOGITS] = "logits", [HB_HEAD_EXACT] = "exact",
    [HB_HEAD_SVD] = "svd",       [HB_HEAD_FILE] = "file",
    [HB_HEAD_NONE] = "none",     [HB_HEAD_PCA] = "pca",
    [HB_HEAD_LDA] = "lda",       [HB_HEAD_DISCRIMINANT] = "discriminant",
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

static const char *const features_names[] = {
    [HB_FEATURES_LAYER4] = "layer4",
    [HB_FEATURES_SQRT] = "sqrt-layer4-layer3",
};

const char *hb_head_features_name(hb_head_features features) { return features_names[features]; }

bool hb_head_features_parse(const char *name, hb_head_features *out) {
  for (size_t f = 0; f < sizeof features_names / sizeof *features_names; f++) {
    if (strcmp(name, features_names[f]) != 0) continue;
    *out = (hb_head_features)f;
    return true;
  }
  return false;
}

uint32_t hb_head_inputs(hb_head_features features) {
  return features == HB_FEATURES_LAYER4 ? HB_POOLED_DIM : HB_FEATURES_DIM;
}

hb_status hb_head_create(hb_head_kind kind, hb_head_features features, uint32_t dim, hb_head **out, hb_error *error) {
  const uint32_t inputs = hb_head_inputs(features);
  size_t floats;
  if (!hb_size_mul(dim, inputs + 1, &floats)) return hb_fail_memory(error);
  hb_head *head = malloc(sizeof *head);
  float *matrix = calloc(floats, sizeof *matrix);
  if (head == NULL || matrix == NULL) return free(head), free(matrix), hb_fail_memory(error);
  *head = (hb_head){kind, features, dim, inputs, matrix, matrix + (size_t)dim * inputs};
  *out = head;
  return HB_OK;
}

static size_t bytes_of(const hb_head *head) { return (size_t)head->dim * (head->inputs + 1) * sizeof *head->matrix; }

hb_status hb_head_copy(const hb_head *head, hb_head **out, hb_error *error) {
  hb_status status = hb_head_create(head->kind, head->features, head->dim, out, error);
  if (status == HB_OK) memcpy((*out)->matrix, head->matrix, bytes_of(head));
  return status;
}

bool hb_head_equal(const hb_head *a, const hb_head *b) {
  return a->kind == b->kind && a->features == b->features && a->dim == b->dim &&
         memcmp(a->matrix, b->matrix, bytes_of(a)) == 0;
}

uint32_t hb_head_dim(const hb_head *head) { return head->dim; }

void hb_head_free(hb_head *head) {
  if (head == NULL) return;
  free(head->matrix);
  free(head);
}

void hb_head_read_rows(hb_head *head, const hb_rows *rows) {
  for (uint32_t d = 0; d < head->dim; d++) {
    float row[HB_HEAD_ROW_MAX];
    hb_row_decode(rows, d, row);
    memcpy(head->matrix + (size_t)d * head->inputs, row, head->inputs * sizeof *row);
    head->bias[d] = row[head->inputs];
  }
}

hb_status hb_head_encode(const hb_head *head, hb_encoding encoding, hb_rows *out, void **codes, float **scales,
                         hb_error *error) {
  const uint32_t numbers = head->inputs + 1;
  size_t bytes = hb_row_bytes(encoding, numbers);
  *codes = malloc(head->dim * bytes);
  *scales = malloc(head->dim * sizeof **scales);
  if (*codes == NULL || *scales == NULL) return hb_fail_memory(error);
  for (uint32_t d = 0; d < head->dim; d++) {
    float row[HB_HEAD_ROW_MAX];
    memcpy(row, head->matrix + (size_t)d * head->inputs, head->inputs * sizeof *row);
    row[head->inputs] = head->bias[d];
    hb_row_encode(encoding, numbers, row, false, (uint8_t *)*codes + d * bytes, *scales + d);
  }
  *out = (hb_rows){encoding, numbers, head->dim, *codes, encoding == HB_ENCODING_I8 ? *scales : NULL};
  return HB_OK;
}

void hb_head_apply(const hb_head *head, const float *features, float *embedding) {
  float prepared[HB_FEATURES_DIM];
  if (head->features == HB_FEATURES_SQRT) hb_features_prepare(features, prepared);
  hb_dot_rows(head->features == HB_FEATURES_SQRT ? prepared : features, head->matrix, head->dim, head->inputs,
              embedding);
  hb_vector_add(embedding, head->bias, head->dim);
  hb_vector_normalize(embedding, head->dim);
}
