#include "vector/head_moments.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_dispatch.h"

#define N ((size_t)HB_FEATURES_DIM)

hb_status hb_moments_create(hb_moments *m, hb_error *error) {
  *m = (hb_moments){0};
  double *memory = calloc(3 * N + 3 * N * N + HB_MOMENTS_BLOCK * N, sizeof *memory);
  if (memory == NULL) return hb_fail_memory(error);
  m->sum = memory, m->mean_sum = m->sum + N, m->label_sum = m->mean_sum + N;
  m->total = m->label_sum + N, m->between = m->total + N * N, m->means = m->between + N * N;
  m->block = m->means + N * N;
  return HB_OK;
}

void hb_moments_free(hb_moments *m) {
  free(m->sum);
  *m = (hb_moments){0};
}

/* Adds x x' of `count` vectors to the upper triangle of `matrix`, for each number in the order of the vectors. */
HB_CPU_DISPATCH static void add_squares(const double *vectors, size_t count, double *matrix) {
  for (size_t i = 0; i < N; i++) {
    double *restrict row = matrix + i * N;
    size_t v = 0;
    for (; v + 4 <= count; v += 4) {
      const double *restrict a = vectors + v * N, *restrict b = a + N, *restrict c = b + N, *restrict d = c + N;
      for (size_t j = i; j < N; j++) row[j] = row[j] + a[i] * a[j] + b[i] * b[j] + c[i] * c[j] + d[i] * d[j];
    }
    for (; v < count; v++) {
      const double *restrict a = vectors + v * N;
      for (size_t j = i; j < N; j++) row[j] += a[i] * a[j];
    }
  }
}

void hb_moments_finish(hb_moments *m) {
  add_squares(m->block, m->waiting, m->total);
  m->waiting = 0;
}

void hb_moments_add(hb_moments *m, const float *prepared) {
  double *x = m->block + m->waiting++ * N;
  for (size_t i = 0; i < N; i++) {
    x[i] = prepared[i];
    m->sum[i] += x[i];
    m->label_sum[i] += x[i];
  }
  m->count++;
  m->label_count++;
  if (m->waiting == HB_MOMENTS_BLOCK) hb_moments_finish(m);
}

/* Adds factor x x' to the upper triangle of `matrix`. */
static void add_square(double factor, const double *restrict x, double *restrict matrix) {
  for (size_t i = 0; i < N; i++) {
    const double own = factor * x[i];
    for (size_t j = i; j < N; j++) matrix[i * N + j] += own * x[j];
  }
}

void hb_moments_end_label(hb_moments *m) {
  if (m->label_count == 0) return;
  const double count = (double)m->label_count;
  for (size_t i = 0; i < N; i++) {
    m->label_sum[i] /= count;
    m->mean_sum[i] += m->label_sum[i];
  }
  add_square(count, m->label_sum, m->between);
  add_square(1, m->label_sum, m->means);
  memset(m->label_sum, 0, N * sizeof *m->label_sum);
  m->label_count = 0;
  m->labels++;
}
