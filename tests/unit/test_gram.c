/* gram.h: X'X and its factor, against plain loops. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/gram.h"

static const size_t sizes[] = {1, 5, 64, 65, 147, 200}; /* below, at and above the sides of tiles and panels */
#define SIZES (sizeof sizes / sizeof *sizes)

static double *random_rows(size_t count, size_t n, uint64_t seed) {
  hb_random random = {seed};
  double *rows = must_allocate(count * n * sizeof *rows);
  for (size_t i = 0; i < count * n; i++) rows[i] = 2 * hb_random_unit(&random) - 1;
  return rows;
}

/* A matrix of `value`. */
static double *filled(size_t n, double value) {
  double *g = must_allocate(n * n * sizeof *g);
  for (size_t i = 0; i < n * n; i++) g[i] = value;
  return g;
}

static double product(const double *rows, size_t count, size_t n, size_t i, size_t j) {
  double sum = 0;
  for (size_t k = 0; k < count; k++) sum += rows[k * n + i] * rows[k * n + j];
  return sum;
}

static void it_adds_all_products_to_the_upper_triangle(void **state) {
  (void)state;
  static const size_t counts[] = {1, 128, 300};
  for (size_t s = 0; s < SIZES; s++)
    for (size_t c = 0; c < 3; c++) {
      const size_t n = sizes[s];
      double *rows = random_rows(counts[c], n, s), *g = filled(n, 0.5);
      assert_ok(hb_gram_add(g, n, rows, counts[c], NULL, &failure));
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
          assert_true(fabs(g[i * n + j] - 0.5 - (j >= i ? product(rows, counts[c], n, i, j) : 0)) < 1e-11);
      free(rows);
      free(g);
    }
}

static void the_factor_gives_the_matrix_back(void **state) {
  (void)state;
  for (size_t s = 0; s < SIZES; s++) {
    const size_t n = sizes[s];
    double *rows = random_rows(n + 3, n, s), *g = filled(n, 0), *r = filled(n, NAN);
    assert_ok(hb_gram_add(g, n, rows, n + 3, NULL, &failure));
    for (size_t i = 0; i < n; i++) memcpy(r + i * n + i, g + i * n + i, (n - i) * sizeof *r);
    assert_ok(hb_gram_factor(r, n, NULL, &failure));
    for (size_t i = 0; i < n; i++)
      for (size_t j = i; j < n; j++) {
        double sum = 0;
        for (size_t k = 0; k <= i; k++) sum += r[k * n + i] * r[k * n + j];
        assert_true(fabs(sum - g[i * n + j]) < 1e-11 * (double)n);
      }
    for (size_t i = 1; i < n; i++) assert_true(isnan(r[i * n])); /* below the diagonal nothing is written */
    free(rows);
    free(g);
    free(r);
  }
}

static void a_matrix_without_a_factor_is_refused(void **state) {
  (void)state;
  double zeros[4] = {0}, indefinite[4] = {1, 2, 2, 1}, absurd[4] = {NAN, 0, 0, 1};
  assert_fails(hb_gram_factor(zeros, 2, NULL, &failure), HB_INTERNAL, "positive definite");
  assert_fails(hb_gram_factor(indefinite, 2, NULL, &failure), HB_INTERNAL, "positive definite");
  assert_fails(hb_gram_factor(absurd, 2, NULL, &failure), HB_INTERNAL, "positive definite");
}

static void threads_change_no_bit(void **state) {
  (void)state;
  const size_t n = 300, count = 310;
  double *rows = random_rows(count, n, 1), *one = filled(n, 0), *three = filled(n, 0);
  pthreadpool_t threads = pthreadpool_create(3);
  assert_ok(hb_gram_add(one, n, rows, count, NULL, &failure));
  assert_ok(hb_gram_add(three, n, rows, count, threads, &failure));
  assert_memory_equal(one, three, n * n * sizeof *one);
  assert_ok(hb_gram_factor(one, n, NULL, &failure));
  assert_ok(hb_gram_factor(three, n, threads, &failure));
  assert_memory_equal(one, three, n * n * sizeof *one);
  pthreadpool_destroy(threads);
  free(rows);
  free(one);
  free(three);
}

static void without_memory_it_fails(void **state) {
  (void)state;
  double g = 4, row = 1;
  allocations_fail_from(0);
  hb_status added = hb_gram_add(&g, 1, &row, 1, NULL, &failure), factored = hb_gram_factor(&g, 1, NULL, &failure);
  allocations_work();
  assert_int_equal(added, HB_OUT_OF_MEMORY);
  assert_int_equal(factored, HB_OUT_OF_MEMORY);
  assert_true(g == 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_adds_all_products_to_the_upper_triangle),
      cmocka_unit_test(the_factor_gives_the_matrix_back),
      cmocka_unit_test(a_matrix_without_a_factor_is_refused),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(without_memory_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
