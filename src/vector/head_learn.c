#include "vector/head_learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vector/linear_algebra.h"

#define N ((size_t)HB_FEATURES_DIM)
#define ROTATION_SEED 768 /* an arbitrary number; a different one would change all learned heads */

/* Chosen by measurement, as the figures in head_learn.h. Covariances within labels are drawn towards a multiple of the
 * identity by these shares, as they are known badly where there are few pictures. */
#define SHRINKAGE_LDA 0.03
#define SHRINKAGE_DISCRIMINANT 0.1
#define TAU 0.1

#define PCA_LAYER3 0.5 /* the weight of layer3, which alone finds less than layer4 */
#define PCA_PRIOR                                                                                                    \
  64.0                 /* the mean counts as if so many pictures of zeros had been seen, too: that of a few pictures \
                          says most about these */
#define PCA_FLOOR 0.01 /* the least variance of a direction, as a share of the mean variance */
#define LEAST_VARIANCE 1e-9 /* within labels; rounding errors leave less */

/* Matrices [N][N] of a head that is being learned, of which `matrix` becomes `vectors`. */
typedef struct {
  const hb_moments *moments;
  double *mean;    /* [N] */
  double *values;  /* [N] eigenvalues */
  double *matrix;  /* what the eigenvectors are taken of */
  double *vectors; /* the eigenvectors, then the head's rows */
  double *within;  /* the covariance within labels, then its Cholesky factor */
  double *spare;
} work;

static double trace(const double *a) {
  double sum = 0;
  for (size_t i = 0; i < N; i++) sum += a[i * N + i];
  return sum;
}

static void scale_rows(double *row, double factor) {
  for (size_t i = 0; i < N; i++) row[i] *= factor;
}

static void set_mean(work *w, double count) {
  for (size_t i = 0; i < N; i++) w->mean[i] = w->moments->sum[i] / count;
}

/* ---- PCA ---- */

static double pca_weight(size_t i) { return i < HB_POOLED_DIM ? 1 : PCA_LAYER3; }

/* Sets `matrix` to the covariance about `mean`, which is not quite the pictures' own, of weighted features. */
static void set_covariance(work *w) {
  const hb_moments *m = w->moments;
  const double count = (double)m->count, *c = w->mean;
  for (size_t i = 0; i < N; i++)
    for (size_t j = i; j < N; j++) {
      const double cross = m->sum[i] * c[j] + c[i] * m->sum[j];
      const double covariance = (m->total[i * N + j] - cross) / count + c[i] * c[j];
      w->matrix[i * N + j] = pca_weight(i) * pca_weight(j) * covariance;
    }
}

/* Divides each direction by the eighth root of its variance, which is a quarter of a whitening. */
static hb_status learn_pca(work *w, hb_error *error) {
  set_mean(w, (double)w->moments->count + PCA_PRIOR);
  set_covariance(w);
  const double least = PCA_FLOOR * trace(w->matrix) / (double)N;
  hb_status status = hb_matrix_eigen(w->matrix, N, w->values, w->vectors, error);
  for (size_t r = 0; r < N && status == HB_OK && least > 0; r++)
    scale_rows(w->vectors + r * N, 1 / sqrt(sqrt(sqrt(fmax(w->values[r], least)))));
  for (size_t i = 0; i < N * N && status == HB_OK; i++) w->vectors[i] *= pca_weight(i % N);
  return status;
}

/* ---- LDA and discriminant ---- */

static hb_status check_labels(const hb_moments *m, hb_error *error) {
  if (m->labels < 2)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "a head cannot be learned from labels, because the collection has %s; use the head pca:D",
                   m->labels == 0 ? "none" : "only one");
  if ((trace(m->total) - trace(m->between)) / (double)m->count > LEAST_VARIANCE) return HB_OK;
  return hb_fail(error, HB_INVALID_ARGUMENT,
                 "a head cannot be learned from labels, because no label has two pictures that differ; "
                 "use the head pca:D");
}

/* Sets `within` to the upper triangular R, so that R'R is the covariance within labels, shrunk. */
static void factor_within(work *w, double shrinkage) {
  const hb_moments *m = w->moments;
  const double count = (double)m->count;
  for (size_t i = 0; i < N; i++)
    for (size_t j = i; j < N; j++)
      w->within[i * N + j] = (1 - shrinkage) * (m->total[i * N + j] - m->between[i * N + j]) / count;
  const double ridge = shrinkage / (1 - shrinkage) * trace(w->within) / (double)N;
  for (size_t i = 0; i < N; i++) w->within[i * N + i] += ridge;
  hb_matrix_cholesky(w->within, N);
}

/* Sets `matrix` to the covariance of all pictures. */
static void set_total(work *w) {
  const hb_moments *m = w->moments;
  for (size_t i = 0; i < N; i++)
    for (size_t j = i; j < N; j++)
      w->matrix[i * N + j] = m->total[i * N + j] / (double)m->count - w->mean[i] * w->mean[j];
}

/* Sets `matrix` to that of the labels' means, each counted once, about the pictures' mean. */
static void set_between(work *w) {
  const hb_moments *m = w->moments;
  const double labels = (double)m->labels, *c = w->mean;
  for (size_t i = 0; i < N; i++)
    for (size_t j = i; j < N; j++) {
      const double cross = m->mean_sum[i] * c[j] + c[i] * m->mean_sum[j];
      w->matrix[i * N + j] = m->means[i * N + j] - cross + labels * c[i] * c[j];
    }
}

static void transpose(const double *a, double *out) {
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) out[j * N + i] = a[i * N + j];
}

/* Finds the eigenvectors of R'^-1 matrix R^-1, that is, in coordinates in which the covariance within labels is the
 * identity. */
static hb_status find_directions(work *w, hb_error *error) {
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < i; j++) w->matrix[i * N + j] = w->matrix[j * N + i];
  hb_matrix_solve_transposed(w->within, N, N, w->matrix);
  transpose(w->matrix, w->spare);
  hb_matrix_solve_transposed(w->within, N, N, w->spare);
  return hb_matrix_eigen(w->spare, N, w->values, w->vectors, error);
}

static hb_status learn_lda(work *w, uint32_t *dim, hb_error *error) {
  set_mean(w, (double)w->moments->count);
  factor_within(w, SHRINKAGE_LDA);
  set_between(w);
  hb_status status = find_directions(w, error);
  if (status != HB_OK) return status;
  if (*dim > w->moments->labels - 1) *dim = (uint32_t)w->moments->labels - 1;
  hb_matrix_solve_rows(w->within, N, *dim, w->vectors);
  return HB_OK;
}

static hb_status learn_discriminant(work *w, uint32_t *dim, hb_error *error) {
  set_mean(w, (double)w->moments->count);
  factor_within(w, SHRINKAGE_DISCRIMINANT);
  set_total(w);
  hb_status status = find_directions(w, error);
  if (status != HB_OK) return status;
  while (*dim > 1 && w->values[*dim - 1] <= 1) --*dim;
  for (size_t r = 0; r < *dim; r++) {
    const double between = fmax(w->values[r] - 1, 0);
    scale_rows(w->vectors + r * N, sqrt((between + 1e-9) / (between + TAU)));
  }
  hb_matrix_solve_rows(w->within, N, *dim, w->vectors);
  return HB_OK;
}

/* ---- The head ---- */

/* Rotates the rows among themselves at random, so that an embedding's numbers are about as large as each other, which
 * suits rows in int8, and scales them so that the largest number of the head is 1, whatever it is stored in. */
static hb_status finish(const work *w, uint32_t dim, hb_learned_head *out, hb_error *error) {
  double *rotation = malloc((size_t)dim * (dim + N) * sizeof *rotation), *rows = malloc(dim * (N + 1) * sizeof *rows);
  if (rotation == NULL || rows == NULL) return free(rotation), free(rows), hb_fail_memory(error);
  double *rotated = rotation + (size_t)dim * dim, largest = 0;
  hb_matrix_random_rotation(ROTATION_SEED, dim, rotation);
  hb_matrix_multiply(rotation, w->vectors, dim, dim, N, rotated);
  for (size_t r = 0; r < dim; r++) {
    double *row = rows + r * (N + 1);
    memcpy(row, rotated + r * N, N * sizeof *row);
    row[N] = 0;
    for (size_t i = 0; i < N; i++) row[N] -= row[i] * w->mean[i];
    for (size_t i = 0; i <= N; i++) largest = fmax(largest, fabs(row[i]));
  }
  for (size_t i = 0; i < dim * (N + 1); i++) rows[i] /= largest;
  free(rotation);
  *out = (hb_learned_head){dim, rows};
  return HB_OK;
}

static hb_status learn(work *w, hb_head_kind kind, uint32_t dim, hb_learned_head *out, hb_error *error) {
  hb_status status = kind == HB_HEAD_PCA   ? learn_pca(w, error)
                     : kind == HB_HEAD_LDA ? learn_lda(w, &dim, error)
                                           : learn_discriminant(w, &dim, error);
  return status == HB_OK ? finish(w, dim, out, error) : status;
}

hb_status hb_head_learn(hb_head_kind kind, uint32_t dim, const hb_moments *m, hb_learned_head *out, hb_error *error) {
  if (!isfinite(trace(m->total)))
    return hb_fail(error, HB_INVALID_ARGUMENT, "a head cannot be learned from features that are not finite");
  hb_status status = kind != HB_HEAD_PCA ? check_labels(m, error)
                     : m->count > 0      ? HB_OK
                                    : hb_fail(error, HB_INVALID_ARGUMENT, "there are no images to learn a head from");
  if (status != HB_OK) return status;
  double *memory = malloc((2 * N + 4 * N * N) * sizeof *memory);
  if (memory == NULL) return hb_fail_memory(error);
  double *matrices = memory + 2 * N;
  work w = {m, memory, memory + N, matrices, matrices + N * N, matrices + 2 * N * N, matrices + 3 * N * N};
  status = learn(&w, kind, dim > 0 && dim < N ? dim : N, out, error);
  free(memory);
  return status;
}
