/* activation_range.h: histograms of maps and the ranges chosen from them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/activation_range.h"
#include "support.h"

static hb_histogram a, b;

static int clear(void **state) {
  (void)state;
  hb_histogram_clear(&a);
  hb_histogram_clear(&b);
  return 0;
}

static void add(hb_histogram *h, float value) { assert_true(hb_histogram_add(h, &value, 1)); }

static void assert_same_histograms(void) {
  assert_true(a.range == b.range && a.least == b.least && a.most == b.most);
  assert_int_equal(a.total, b.total);
  assert_memory_equal(a.bins, b.bins, sizeof a.bins);
}

/* The code of a number, and what it stands for. */
static double code_of(hb_quantization q, double x) { return fmin(127, fmax(-128, rint(x / q.scale) + q.zero)); }
static double decoded(hb_quantization q, double x) { return q.scale * (code_of(q, x) - q.zero); }

static void assert_close(double got, double expected, double part) {
  if (fabs(got - expected) > part * fabs(expected)) fail_msg("%g is not close to %g", got, expected);
}

/* ---- Histograms ---- */

static void every_number_is_in_its_bin(void **state) {
  (void)state;
  static float values[5000];
  static uint64_t expected[HB_HISTOGRAM_BINS];
  hb_random random = {1};
  for (size_t i = 0; i < 5000; i++) {
    values[i] = 3 * random_float(&random);
    expected[(int)floor(values[i] / 4.0 * 2048) + 2048]++;
  }
  assert_true(hb_histogram_add(&a, values, 5000));
  assert_true(a.range == 4);
  assert_int_equal(a.total, 5000);
  assert_memory_equal(a.bins, expected, sizeof expected);
}

static void widening_loses_nothing(void **state) {
  (void)state;
  static float values[3000];
  hb_random random = {2};
  for (size_t i = 0; i < 3000; i++) values[i] = ldexpf(random_float(&random), (int)i / 100 - 15); /* ever larger */
  for (size_t i = 0; i < 3000; i++) add(&a, values[i]);
  for (size_t i = 3000; i-- > 0;) add(&b, values[i]); /* the widest first */
  assert_true(a.range > 8000);
  assert_same_histograms();
}

/* A float just below the range, times 2048, plus 2048 is no float: rounded it would be one bin too far. */
static void the_ends_of_the_range_have_their_bins(void **state) {
  (void)state;
  const float below = nextafterf(1, 0);
  add(&a, below);
  assert_true(a.range == 1);
  assert_int_equal(a.bins[HB_HISTOGRAM_BINS - 1], 1);
  add(&a, -below);
  assert_int_equal(a.bins[0], 1);
  add(&a, 1);
  assert_true(a.range == 2);
  assert_int_equal(a.bins[3 * HB_HISTOGRAM_BINS / 4], 1);
  assert_int_equal(a.bins[3 * HB_HISTOGRAM_BINS / 4 - 1], 1);
  assert_int_equal(a.bins[HB_HISTOGRAM_BINS / 4], 1);
  assert_int_equal(a.total, 3);
}

static void the_largest_floats_fit(void **state) {
  (void)state;
  add(&a, 0x1.fffffep127f);
  add(&a, -0x1.fffffep127f);
  add(&a, 1e-45f);
  assert_int_equal(a.bins[0] + a.bins[2048] + a.bins[4095], 3);
}

static void what_is_not_finite_is_not_added(void **state) {
  (void)state;
  const float numbers[][3] = {{1, NAN, 2}, {INFINITY, 1, 2}, {1, 5, -INFINITY}, {-NAN, -NAN, -NAN}};
  add(&a, 0.5f);
  add(&b, 0.5f);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    assert_false(hb_histogram_add(&a, numbers[i], 3));
    assert_same_histograms();
  }
}

/* ---- Ranges ---- */

/* `count` numbers spread evenly over [low, high]. */
static void add_uniform(hb_histogram *h, double low, double high, int count) {
  for (int i = 0; i < count; i++) add(h, (float)(low + (high - low) * i / (count - 1)));
}

static void max_takes_all_of_it(void **state) {
  (void)state;
  add_uniform(&a, -1, 3, 1001);
  hb_quantization q = hb_histogram_choose(&a, false, HB_RANGE_MAX);
  assert_close(q.scale, 4.0 / 255, 1e-6);
  assert_int_equal(q.zero, -64);
  assert_true(fabs(decoded(q, -1) + 1) <= q.scale / 2 * 1.001);
  assert_true(fabs(decoded(q, 3) - 3) <= q.scale / 2 * 1.001);
}

static void a_rectified_map_has_its_zero_at_the_end(void **state) {
  (void)state;
  add_uniform(&a, 0, 3, 100001);
  for (int method = 0; method < HB_RANGE_COUNT; method++) {
    hb_quantization q = hb_histogram_choose(&a, true, (hb_range_method)method);
    assert_int_equal(q.zero, -128);
    assert_close(q.scale, 3.0 / 255, 0.02);
  }
}

static void a_percentile_leaves_out_the_outermost(void **state) {
  (void)state;
  add_uniform(&a, -1, 2, 1000000);
  for (int i = 0; i < 9; i++) add(&a, 50), add(&a, -20); /* nine of a million: less than a hundred thousandth */
  hb_quantization q = hb_histogram_choose(&a, false, HB_RANGE_PERCENTILE);
  assert_close(q.scale, 3.0 / 255, 0.03); /* a bin is 0.03 */
  assert_true(code_of(q, 0) == q.zero);
  assert_close(q.zero, -128 + 85, 0.05);
  assert_close(hb_histogram_choose(&a, false, HB_RANGE_MAX).scale, 70.0 / 255, 1e-6);
  for (int i = 0; i < 9; i++) add(&a, 50), add(&a, -20); /* now they count */
  assert_close(hb_histogram_choose(&a, false, HB_RANGE_PERCENTILE).scale, 70.0 / 255, 0.01);
}

static double squared_error(const float *values, size_t count, hb_quantization q) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += pow(values[i] - decoded(q, values[i]), 2);
  return sum;
}

/* A million even numbers up to 1, and a few on each side that are `far` out: their errors by each method. */
static void errors_of(int few, float far, bool rectified, double error[HB_RANGE_COUNT]) {
  enum { COUNT = 1000000 };
  float *values = must_allocate(COUNT * sizeof *values);
  hb_random random = {3};
  for (int i = 0; i < COUNT; i++) {
    values[i] = i < 2 * few ? (i % 2 == 0 ? far : -far) : random_float(&random);
    if (rectified) values[i] = fabsf(values[i]);
  }
  clear(NULL);
  assert_true(hb_histogram_add(&a, values, COUNT));
  for (int m = 0; m < HB_RANGE_COUNT; m++)
    error[m] = squared_error(values, COUNT, hb_histogram_choose(&a, rectified, (hb_range_method)m));
  free(values);
}

static void least_error_is_less_than_the_others(void **state) {
  (void)state;
  double error[HB_RANGE_COUNT];
  for (int rectified = 0; rectified < 2; rectified++) {
    errors_of(1, 1.5f, rectified, error); /* two numbers are better cut off than all the others rounded */
    assert_true(error[HB_RANGE_LEAST_ERROR] < 0.65 * error[HB_RANGE_MAX]);
    assert_true(error[HB_RANGE_LEAST_ERROR] < 1.05 * error[HB_RANGE_PERCENTILE]);
    errors_of(4, 20, rectified, error); /* these are not */
    assert_true(error[HB_RANGE_LEAST_ERROR] <= error[HB_RANGE_MAX]);
    assert_true(error[HB_RANGE_LEAST_ERROR] < 0.8 * error[HB_RANGE_PERCENTILE]);
  }
}

static void least_error_keeps_an_even_range(void **state) {
  (void)state;
  add_uniform(&a, -1, 1, 100000);
  hb_quantization q = hb_histogram_choose(&a, false, HB_RANGE_LEAST_ERROR);
  assert_close(q.scale, 2.0 / 255, 0.02);
}

/* ---- Zero ---- */

static void a_map_of_zeros_has_a_scale(void **state) {
  (void)state;
  for (int filled = 0; filled < 2; filled++) {
    if (filled) add_uniform(&a, 0, 0, 100);
    for (int m = 0; m < 2 * HB_RANGE_COUNT; m++) {
      hb_quantization q = hb_histogram_choose(&a, m % 2 == 1, (hb_range_method)(m / 2));
      assert_true(isnormal(q.scale) && q.scale > 0);
      assert_int_equal(q.zero, -128);
    }
  }
}

static void zero_is_a_code_of_every_range(void **state) {
  (void)state;
  hb_random random = {4};
  for (int round = 0; round < 60; round++) {
    float low = ldexpf(random_float(&random), round % 20 - 10), high = ldexpf(random_float(&random), round % 17 - 8);
    clear(NULL);
    add_uniform(&a, fminf(low, high), fmaxf(low, high), 100); /* some wholly below, some wholly above zero */
    for (int m = 0; m < HB_RANGE_COUNT; m++) {
      hb_quantization q = hb_histogram_choose(&a, false, (hb_range_method)m);
      assert_in_range(q.zero + 128, 0, 255);
      assert_true(decoded(q, 0) == 0);
      if (m != HB_RANGE_MAX) continue;
      assert_true(fabs(decoded(q, a.most) - a.most) <= q.scale * 1.001); /* the zero's own rounding takes a half */
      assert_true(fabs(decoded(q, a.least) - a.least) <= q.scale * 1.001);
    }
  }
}

static void the_methods_have_names(void **state) {
  (void)state;
  assert_int_equal(HB_RANGE_COUNT, HB_CALIBRATION_METHODS);
  assert_string_equal(hb_range_name(HB_RANGE_MAX), "max");
  assert_string_equal(hb_range_name(HB_RANGE_PERCENTILE), "percentile");
  assert_string_equal(hb_range_name(HB_RANGE_LEAST_ERROR), "least error");
}

#define test(name) cmocka_unit_test_setup(name, clear)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(every_number_is_in_its_bin),
      test(widening_loses_nothing),
      test(the_ends_of_the_range_have_their_bins),
      test(the_largest_floats_fit),
      test(what_is_not_finite_is_not_added),
      test(max_takes_all_of_it),
      test(a_rectified_map_has_its_zero_at_the_end),
      test(a_percentile_leaves_out_the_outermost),
      test(least_error_is_less_than_the_others),
      test(least_error_keeps_an_even_range),
      test(a_map_of_zeros_has_a_scale),
      test(zero_is_a_code_of_every_range),
      cmocka_unit_test(the_methods_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
