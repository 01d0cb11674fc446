#include "model/round_kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu_dispatch.h"
#include "vector/gram.h"

#define DAMPING 0.01 /* of the mean of the diagonal, as in GPTQ's own code */
#define TOGETHER 16  /* rows of the kernel that share what is read of the factor */
#define STEPS 31     /* that are tried, from */
#define LEAST 0.25   /* of the step with which the largest weight fits, to that step */
#define TINY 1e-12f  /* the step of a row of zeros */

typedef struct {
  const float *kernel;
  size_t out, taps;
  int least, most;    /* codes */
  double *importance; /* [taps], the Hessian's diagonal */
  uint32_t *order;    /* [taps], the least important first */
  double *factor;     /* [taps][taps], in that order */
  double *errors;     /* [threads][taps][TOGETHER] */
  hb_rounded_kernel *rounded;
} rounding;

/* ---- Steps ---- */

static double code_of(const rounding *r, double weight, double step) {
  return fmin(r->most, fmax(r->least, rint(weight / step)));
}

static double error_of(const rounding *r, const float *row, double step) {
  double sum = 0;
  for (size_t t = 0; t < r->taps; t++) {
    const double error = row[t] - code_of(r, row[t], step) * step;
    sum += error * error * r->importance[t];
  }
  return sum;
}

/* Chooses the step with the least error if each weight is rounded by itself. */
static void choose_step(void *context, size_t o) {
  rounding *r = context;
  const float *row = r->kernel + o * r->taps;
  float largest = 0;
  for (size_t t = 0; t < r->taps; t++) largest = fmaxf(largest, fabsf(row[t]));
  const float widest = fmaxf(TINY, largest / (float)r->most);
  double least = INFINITY;
  for (int s = 0; s < STEPS; s++) {
    const float step = widest * (float)(1 - s * (1 - LEAST) / (STEPS - 1));
    const double error = error_of(r, row, (double)step);
    if (error < least) least = error, r->rounded->step[o] = step;
  }
}

/* ---- The factor ---- */

static int compare(const void *a, const void *b, void *context) {
  const double *importance = context;
  const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  if (importance[i] != importance[j]) return importance[i] < importance[j] ? -1 : 1;
  return i < j ? -1 : 1;
}

/* Makes the factor of the damped Hessian in the order of importance: rounding goes from the last row to the first. */
static hb_status make_factor(rounding *r, const double *hessian, pthreadpool_t threads, hb_error *error) {
  const size_t n = r->taps;
  double mean = 0;
  for (size_t t = 0; t < n; t++) {
    r->importance[t] = hessian[t * n + t];
    r->order[t] = (uint32_t)t;
    mean += r->importance[t] / (double)n;
  }
  qsort_r(r->order, n, sizeof *r->order, compare, r->importance);
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) {
      const size_t a = r->order[i], b = r->order[j];
      r->factor[i * n + j] = a < b ? hessian[a * n + b] : hessian[b * n + a];
    }
  const double damping = mean > 0 ? DAMPING * mean : 1; /* inputs that are all zero */
  for (size_t i = 0; i < n; i++) r->factor[i * n + i] += damping;
  return hb_gram_factor(r->factor, n, threads, error);
}

/* ---- Rounding ---- */

/* Computes sums [TOGETHER] of what the errors of the taps behind `tap` add to its row of the factor. */
HB_CPU_DISPATCH
static void add_errors(const double *restrict factor, size_t tap, size_t taps, const double *restrict errors,
                       double *restrict sums) {
  double sum[TOGETHER] = {0};
  for (size_t t = tap + 1; t < taps; t++)
    for (int o = 0; o < TOGETHER; o++) sum[o] += factor[t] * errors[t * TOGETHER + o];
  memcpy(sums, sum, sizeof sum);
}

static void round_rows(void *context, size_t thread, size_t turn) {
  const rounding *r = context;
  const size_t n = r->taps, first = turn * TOGETHER;
  size_t count = r->out - first;
  if (count > TOGETHER) count = TOGETHER;
  double sums[TOGETHER], *errors = r->errors + thread * n * TOGETHER;
  memset(errors, 0, n * TOGETHER * sizeof *errors);
  for (size_t p = n; p-- > 0;) {
    const double *row = r->factor + p * n;
    add_errors(row, p, n, errors, sums);
    for (size_t o = 0; o < count; o++) {
      const size_t at = (first + o) * n + r->order[p];
      const float step = r->rounded->step[first + o];
      const double weight = r->kernel[at], code = code_of(r, weight + sums[o] / row[p], (double)step);
      r->rounded->kernel[at] = (float)code * step;
      errors[p * TOGETHER + o] = weight - (double)r->rounded->kernel[at];
    }
  }
}

hb_status hb_round_kernel(const float *kernel, size_t out, size_t taps, const double *hessian, uint32_t levels,
                          pthreadpool_t threads, hb_rounded_kernel *rounded, hb_error *error) {
  rounding r = {.kernel = kernel, .out = out, .taps = taps, .rounded = rounded};
  r.least = -(int)(levels / 2), r.most = (int)(levels - 1) / 2;
  r.importance = malloc(taps * sizeof *r.importance);
  r.order = malloc(taps * sizeof *r.order);
  r.factor = malloc(taps * taps * sizeof *r.factor);
  r.errors = malloc(pthreadpool_get_threads_count(threads) * taps * TOGETHER * sizeof *r.errors);
  hb_status status = HB_OK;
  if (r.importance == NULL || r.order == NULL || r.factor == NULL || r.errors == NULL) status = hb_fail_memory(error);
  if (status == HB_OK) status = make_factor(&r, hessian, threads, error);
  if (status == HB_OK) {
    pthreadpool_parallelize_1d(threads, choose_step, &r, out, 0);
    pthreadpool_parallelize_1d_with_thread(threads, round_rows, &r, (out + TOGETHER - 1) / TOGETHER, 0);
  }
  free(r.importance);
  free(r.order);
  free(r.factor);
  free(r.errors);
  return status;
}
