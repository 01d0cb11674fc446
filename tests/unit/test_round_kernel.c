/* round_kernel.h: against Optimal Brain Quantization as its paper has it, with an inverse that shrinks from tap to
 * tap. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/round_kernel.h"
#include "support.h"

#define OUT 37
#define TAPS 20
#define SAMPLES 200

typedef struct {
  float kernel[OUT * TAPS];
  double inputs[SAMPLES * TAPS], hessian[TAPS * TAPS]; /* the lower triangle is not a number: nobody may read it */
} layer;

typedef struct {
  float kernel[OUT * TAPS], step[OUT];
} result;

/* A layer whose inputs are correlated, of different strength, and never negative, as behind a ReLU. */
static layer *make_layer(uint64_t seed) {
  hb_random random = {seed};
  layer *l = must_allocate(sizeof *l);
  for (int i = 0; i < OUT * TAPS; i++) l->kernel[i] = (float)(hb_random_unit(&random) + hb_random_unit(&random) - 1);
  for (int s = 0; s < SAMPLES; s++) {
    const double common = 2 * hb_random_unit(&random) - 1;
    for (int t = 0; t < TAPS; t++)
      l->inputs[s * TAPS + t] = fmax(0, common + (hb_random_unit(&random) - 0.5) * (1 + t % 7));
  }
  for (int i = 0; i < TAPS; i++)
    for (int j = 0; j < TAPS; j++) {
      double sum = 0;
      for (int s = 0; s < SAMPLES; s++) sum += l->inputs[s * TAPS + i] * l->inputs[s * TAPS + j];
      l->hessian[i * TAPS + j] = j >= i ? sum : NAN;
    }
  return l;
}

static result *round_layer(const layer *l, uint32_t levels, pthreadpool_t threads) {
  result *r = must_allocate(sizeof *r);
  hb_rounded_kernel rounded = {r->kernel, r->step};
  assert_ok(hb_round_kernel(l->kernel, OUT, TAPS, l->hessian, levels, threads, &rounded, &failure));
  return r;
}

static double nearest(double weight, double step, int levels) {
  return fmin((levels - 1) / 2, fmax(-(levels / 2), rint(weight / step)));
}

/* Inverts a symmetric positive definite matrix [n][n] by Gauss and Jordan. */
static void invert(double *a, size_t n) {
  for (size_t p = 0; p < n; p++) {
    const double pivot = a[p * n + p];
    a[p * n + p] = 1;
    for (size_t j = 0; j < n; j++) a[p * n + j] /= pivot;
    for (size_t i = 0; i < n; i++) {
      if (i == p) continue;
      const double factor = a[i * n + p];
      a[i * n + p] = 0;
      for (size_t j = 0; j < n; j++) a[i * n + j] -= factor * a[p * n + j];
    }
  }
}

/* Rounds one row, and writes its codes: the tap with the largest diagonal first; those that are left move by -error /
 * inverse[t][t] times its row of the inverse, and the inverse loses the tap. */
static void brain_surgery(const layer *l, const float *row, double step, int levels, double codes[TAPS]) {
  double inverse[TAPS * TAPS], weights[TAPS], mean = 0;
  bool done[TAPS] = {false};
  for (int t = 0; t < TAPS; t++) mean += l->hessian[t * TAPS + t] / TAPS, weights[t] = row[t];
  for (int i = 0; i < TAPS; i++)
    for (int j = 0; j < TAPS; j++)
      inverse[i * TAPS + j] = l->hessian[i < j ? i * TAPS + j : j * TAPS + i] + (i == j ? 0.01 * mean : 0);
  invert(inverse, TAPS);
  for (int turn = 0; turn < TAPS; turn++) {
    int tap = -1;
    for (int t = 0; t < TAPS; t++)
      if (!done[t] && (tap < 0 || l->hessian[t * TAPS + t] > l->hessian[tap * TAPS + tap])) tap = t;
    done[tap] = true;
    codes[tap] = nearest(weights[tap], step, levels);
    const double *from = inverse + tap * TAPS, error = (weights[tap] - codes[tap] * step) / from[tap];
    double gone[TAPS];
    memcpy(gone, from, sizeof gone);
    for (int t = 0; t < TAPS; t++) weights[t] -= error * gone[t];
    for (int i = 0; i < TAPS; i++)
      for (int j = 0; j < TAPS; j++) inverse[i * TAPS + j] -= gone[i] * gone[j] / gone[tap];
  }
}

static void it_is_optimal_brain_quantization(void **state) {
  (void)state;
  static const int levels[] = {3, 4, 12, 255};
  for (int i = 0; i < 4; i++) {
    layer *l = make_layer((uint64_t)i);
    result *r = round_layer(l, (uint32_t)levels[i], NULL);
    for (int o = 0; o < OUT; o++) {
      double codes[TAPS];
      brain_surgery(l, l->kernel + o * TAPS, (double)r->step[o], levels[i], codes);
      for (int t = 0; t < TAPS; t++) assert_true(r->kernel[o * TAPS + t] == (float)codes[t] * r->step[o]);
    }
    free(l);
    free(r);
  }
}

static double output_error(const layer *l, const float *row, const float *rounded) {
  double sum = 0;
  for (int s = 0; s < SAMPLES; s++) {
    double change = 0;
    for (int t = 0; t < TAPS; t++) change += l->inputs[s * TAPS + t] * ((double)row[t] - (double)rounded[t]);
    sum += change * change;
  }
  return sum;
}

/* With the same steps; a single channel may be unlucky. */
static void outputs_change_less_than_by_plain_rounding(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 5; seed++) {
    layer *l = make_layer(seed);
    result *r = round_layer(l, 8, NULL);
    double ours = 0, plain = 0;
    for (int o = 0; o < OUT; o++) {
      float rounded[TAPS];
      for (int t = 0; t < TAPS; t++)
        rounded[t] = (float)nearest((double)l->kernel[o * TAPS + t], (double)r->step[o], 8) * r->step[o];
      ours += output_error(l, l->kernel + o * TAPS, r->kernel + o * TAPS);
      plain += output_error(l, l->kernel + o * TAPS, rounded);
    }
    assert_true(ours < 0.75 * plain);
    free(l);
    free(r);
  }
}

static double weighted_error(const layer *l, const float *row, double step, int levels) {
  double sum = 0;
  for (int t = 0; t < TAPS; t++) {
    const double error = (double)row[t] - nearest((double)row[t], step, levels) * step;
    sum += error * error * l->hessian[t * TAPS + t];
  }
  return sum;
}

/* Steps from a quarter of the one that holds the largest weight to that itself. */
static void the_step_has_the_least_weighted_error(void **state) {
  (void)state;
  layer *l = make_layer(3);
  result *r = round_layer(l, 6, NULL);
  for (int o = 0; o < OUT; o++) {
    const float *row = l->kernel + o * TAPS;
    float largest = 0;
    for (int t = 0; t < TAPS; t++) largest = fmaxf(largest, fabsf(row[t]));
    const double chosen = weighted_error(l, row, (double)r->step[o], 6);
    for (int s = 0; s <= 30; s++) {
      const double step = (double)largest / 2 * (0.25 + 0.025 * s);
      assert_true(chosen <= weighted_error(l, row, step, 6) * 1.0001);
    }
  }
  free(l);
  free(r);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  layer *l = make_layer(4);
  pthreadpool_t threads = pthreadpool_create(3);
  result *one = round_layer(l, 12, NULL), *three = round_layer(l, 12, threads);
  assert_memory_equal(one, three, sizeof *one);
  pthreadpool_destroy(threads);
  free(l);
  free(one);
  free(three);
}

/* Rows of zeros, and inputs that are always zero: plain rounding, and no number that is not finite. */
static void nothing_is_rounded_to_nothing(void **state) {
  (void)state;
  layer *l = make_layer(5);
  memset(l->kernel, 0, TAPS * sizeof *l->kernel);
  memset(l->hessian, 0, sizeof l->hessian);
  result *r = round_layer(l, 12, NULL);
  for (int i = 0; i < OUT * TAPS; i++) {
    const float step = r->step[i / TAPS];
    assert_true(step > 0);
    assert_true(r->kernel[i] == (float)nearest((double)l->kernel[i], (double)step, 12) * step);
  }
  free(l);
  free(r);
}

static void without_memory_it_fails(void **state) {
  (void)state;
  layer *l = make_layer(6);
  result r;
  hb_rounded_kernel rounded = {r.kernel, r.step};
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    allocations_fail_one(n);
    hb_status status = hb_round_kernel(l->kernel, OUT, TAPS, l->hessian, 12, NULL, &rounded, &failure);
    allocations_work();
    refused = allocations_were_refused();
    if (!refused) assert_int_equal(status, HB_OK);
    if (n < 5) assert_int_equal(status, HB_OUT_OF_MEMORY);
  }
  free(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_optimal_brain_quantization),
      cmocka_unit_test(outputs_change_less_than_by_plain_rounding),
      cmocka_unit_test(the_step_has_the_least_weighted_error),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(nothing_is_rounded_to_nothing),
      cmocka_unit_test(without_memory_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
