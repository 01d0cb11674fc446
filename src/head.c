#include "head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vector.h"

#define EXACT_DIM (HB_POOLED_DIM + 1)

uint32_t hb_head_dim(hb_head_kind kind) { return kind == HB_HEAD_LOGITS ? HB_LOGITS_DIM : EXACT_DIM; }

const char *hb_head_name(hb_head_kind kind) { return kind == HB_HEAD_LOGITS ? "logits" : "exact"; }

bool hb_head_parse(const char *name, hb_head_kind *out) {
  for (int kind = HB_HEAD_LOGITS; kind <= HB_HEAD_EXACT; kind++) {
    if (strcmp(name, hb_head_name((hb_head_kind)kind)) != 0) continue;
    *out = (hb_head_kind)kind;
    return true;
  }
  return false;
}

void hb_head_apply(const hb_head *head, const float *pooled, float *embedding) {
  hb_dot_rows(pooled, head->matrix, head->dim, HB_POOLED_DIM, embedding);
  hb_add(embedding, head->bias, head->dim);
  hb_normalize(embedding, head->dim);
}

/* The upper triangle of [W b]'[W b], in double. */
static void gram(const float *kernel, const float *bias, double *g) {
  double row[EXACT_DIM];
  for (uint32_t r = 0; r < HB_LOGITS_DIM; r++) {
    for (uint32_t i = 0; i < HB_POOLED_DIM; i++) row[i] = kernel[(size_t)r * HB_POOLED_DIM + i];
    row[HB_POOLED_DIM] = bias[r];
    for (uint32_t i = 0; i < EXACT_DIM; i++)
      for (uint32_t j = i; j < EXACT_DIM; j++) g[i * EXACT_DIM + j] += row[i] * row[j];
  }
}

/* g = R'R in place, R upper triangular, a row at a time. A direction without energy gives a row of zeros. */
static void cholesky(double *g) {
  double largest = 0;
  for (uint32_t i = 0; i < EXACT_DIM; i++) largest = fmax(largest, g[i * EXACT_DIM + i]);
  for (uint32_t i = 0; i < EXACT_DIM; i++) {
    double *row = g + (size_t)i * EXACT_DIM;
    double pivot = row[i] > largest * 1e-14 ? sqrt(row[i]) : 0;
    for (uint32_t j = i; j < EXACT_DIM; j++) row[j] = pivot > 0 ? row[j] / pivot : 0;
    for (uint32_t k = i + 1; k < EXACT_DIM; k++)
      for (uint32_t j = k; j < EXACT_DIM; j++) g[(size_t)k * EXACT_DIM + j] -= row[k] * row[j];
  }
}

hb_status hb_head_make_exact(const float *fc_kernel, const float *fc_bias, float *matrix, float *bias,
                             hb_error *error) {
  double *r = calloc((size_t)EXACT_DIM * EXACT_DIM, sizeof *r);
  if (r == NULL) return hb_fail_memory(error);
  gram(fc_kernel, fc_bias, r);
  cholesky(r);
  for (uint32_t i = 0; i < EXACT_DIM; i++) {
    const double *row = r + (size_t)i * EXACT_DIM;
    for (uint32_t j = 0; j < HB_POOLED_DIM; j++) matrix[(size_t)i * HB_POOLED_DIM + j] = j < i ? 0 : (float)row[j];
    bias[i] = (float)row[HB_POOLED_DIM];
  }
  free(r);
  return HB_OK;
}
