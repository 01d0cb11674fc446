#include "vector/head_make.h"

#include <stdlib.h>
#include <string.h>

#include "vector/linear_algebra.h"

#define N HB_EXACT_DIM
#define ROTATION_SEED 513 /* an arbitrary number; a different one would change all heads */

/* Writes row r of [W b] in double. */
static void row_of(const hb_head *head, size_t r, double *row) {
  for (size_t i = 0; i < HB_POOLED_DIM; i++) row[i] = head->matrix[r * HB_POOLED_DIM + i];
  row[HB_POOLED_DIM] = head->bias[r];
}

/* Adds x x' to the upper triangle of sum [N][N]. */
static void add_square(const double *x, double *sum) {
  for (size_t i = 0; i < N; i++)
    for (size_t j = i; j < N; j++) sum[i * N + j] += x[i] * x[j];
}

/* Creates a head from rows [W b], which are rounded to float only here. */
static hb_status head_of_rows(hb_head_kind kind, uint32_t dim, const double *rows, hb_head **out, hb_error *error) {
  hb_head *head;
  hb_status status = hb_head_create(kind, HB_FEATURES_LAYER4, dim, &head, error);
  if (status != HB_OK) return status;
  for (size_t r = 0; r < dim; r++) {
    for (size_t i = 0; i < HB_POOLED_DIM; i++) head->matrix[r * HB_POOLED_DIM + i] = (float)rows[r * N + i];
    head->bias[r] = (float)rows[r * N + HB_POOLED_DIM];
  }
  *out = head;
  return HB_OK;
}

hb_status hb_head_make_exact(const hb_head *logits, hb_head **out, hb_error *error) {
  double *memory = calloc(3 * N * N, sizeof *memory);
  if (memory == NULL) return hb_fail_memory(error);
  double *r = memory, *rotation = r + N * N, *rows = rotation + N * N, row[N];
  for (size_t i = 0; i < logits->dim; i++) {
    row_of(logits, i, row);
    add_square(row, r);
  }
  hb_matrix_cholesky(r, N);
  hb_matrix_random_rotation(ROTATION_SEED, N, rotation);
  hb_matrix_multiply(rotation, r, N, N, N, rows);
  hb_status status = head_of_rows(HB_HEAD_EXACT, N, rows, out, error);
  free(memory);
  return status;
}

void hb_head_add_moment(const float *embedding, double *moment) {
  double row[N];
  for (size_t i = 0; i < N; i++) row[i] = embedding[i];
  add_square(row, moment);
}

static hb_status check_svd(const double *moment, uint32_t dim, hb_error *error) {
  if (dim < 1 || dim > N)
    return hb_fail(error, HB_INVALID_ARGUMENT, "there is no head svd:%u; use svd:1 to svd:%d", dim, N);
  double energy = 0;
  for (size_t i = 0; i < N; i++) energy += moment[i * N + i];
  if (energy > 0) return HB_OK;
  return hb_fail(error, HB_INVALID_ARGUMENT,
                 "cannot make an svd head: the collection's embeddings are all zero or not finite; "
                 "use another collection or the head exact");
}

/* Computes rotation [dim][dim] . directions [dim][N] . exact [N][N]. `memory` has room for three matrices [N][N]. */
static void multiply_svd(const hb_head *exact, const double *directions, uint32_t dim, double *memory, double *rows) {
  double *rotation = memory, *rotated = rotation + N * N, *whole = rotated + N * N;
  hb_matrix_random_rotation(ROTATION_SEED, dim, rotation);
  hb_matrix_multiply(rotation, directions, dim, dim, N, rotated);
  for (size_t i = 0; i < N; i++) row_of(exact, i, whole + i * N);
  hb_matrix_multiply(rotated, whole, dim, N, N, rows);
}

hb_status hb_head_make_svd(const hb_head *exact, const double *moment, uint32_t dim, hb_head **out, hb_error *error) {
  hb_status status = check_svd(moment, dim, error);
  if (status != HB_OK) return status;
  double *memory = malloc(5 * N * N * sizeof *memory), values[N];
  if (memory == NULL) return hb_fail_memory(error);
  double *directions = memory + 3 * N * N, *rows = directions + N * N;
  memcpy(memory, moment, N * N * sizeof *moment);
  status = hb_matrix_eigen(memory, N, values, directions, error);
  if (status == HB_OK) {
    multiply_svd(exact, directions, dim, memory, rows);
    status = head_of_rows(HB_HEAD_SVD, dim, rows, out, error);
  }
  free(memory);
  return status;
}
