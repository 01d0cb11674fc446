#include "vector/head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vector/dot.h"
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

hb_status hb_head_encode(const hb_head *head, hb_encoding encoding, hb_rows *out, void **codes, float **scales,
                         hb_error *error) {
  size_t bytes = hb_row_bytes(encoding, HB_EXACT_DIM);
  *codes = malloc(head->dim * bytes);
  *scales = malloc(head->dim * sizeof **scales);
  if (*codes == NULL || *scales == NULL) return hb_fail_memory(error);
  for (uint32_t d = 0; d < head->dim; d++) {
    float row[HB_EXACT_DIM];
    memcpy(row, head->matrix + (size_t)d * HB_POOLED_DIM, HB_POOLED_DIM * sizeof *row);
    row[HB_POOLED_DIM] = head->bias[d];
    hb_row_encode(encoding, HB_EXACT_DIM, row, false, (uint8_t *)*codes + d * bytes, *scales + d);
  }
  *out = (hb_rows){encoding, HB_EXACT_DIM, head->dim, *codes, encoding == HB_ENCODING_I8 ? *scales : NULL};
  return HB_OK;
}

void hb_head_apply(const hb_head *head, const float *pooled, float *embedding) {
  hb_dot_rows(pooled, head->matrix, head->dim, HB_POOLED_DIM, embedding);
  hb_vector_add(embedding, head->bias, head->dim);
  hb_vector_normalize(embedding, head->dim);
}
