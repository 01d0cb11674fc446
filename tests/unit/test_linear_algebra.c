/* linear_algebra.h: products, Cholesky, eigenvectors and rotations of dense matrices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/linear_algebra.h"

static double *matrix(size_t n) {
  double *a = must_allocate(n * n * sizeof *a);
  memset(a, 0, n * n * sizeof *a);
  return a;
}

static double *random_matrix(size_t n, uint64_t seed) {
  hb_random random = {seed};
  double *a = matrix(n);
  for (size_t i = 0; i < n * n; i++) a[i] = 2 * hb_random_unit(&random) - 1;
  return a;
}

static double *random_symmetric(size_t n, uint64_t seed) {
  double *a = random_matrix(n, seed);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
  return a;
}

/* The largest |row i . row j - (i == j)|. */
static double departure_from_orthogonal(const double *a, size_t n) {
  double worst = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) sum += a[i * n + k] * a[j * n + k];
      worst = fmax(worst, fabs(sum - (i == j)));
    }
  return worst;
}

/* The largest component of A v - l v over all eigenvectors. */
static double residual(const double *a, size_t n, const double *values, const double *vectors) {
  double worst = 0;
  for (size_t e = 0; e < n; e++)
    for (size_t i = 0; i < n; i++) {
      double sum = -values[e] * vectors[e * n + i];
      for (size_t j = 0; j < n; j++) sum += a[i * n + j] * vectors[e * n + j];
      worst = fmax(worst, fabs(sum));
    }
  return worst;
}

static double largest_magnitude(const double *a, size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(a[i]));
  return largest;
}

/* Takes the symmetric matrix `a` and frees it; the eigenvalues go to `values`. */
static void check_eigen(double *a, size_t n, double *values) {
  double *work = matrix(n), *vectors = matrix(n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) work[i * n + j] = j < i ? NAN : a[i * n + j]; /* only the upper half is read */
  assert_ok(hb_matrix_eigen(work, n, values, vectors, &failure));
  assert_true(residual(a, n, values, vectors) <= 1e-14 * (double)n * largest_magnitude(a, n * n));
  assert_true(departure_from_orthogonal(vectors, n) < 1e-12);
  for (size_t i = 0; i < n; i++) {
    assert_true(i == 0 || values[i] <= values[i - 1]);
    double largest = largest_magnitude(vectors + i * n, n);
    bool positive = false;
    for (size_t j = 0; j < n; j++) positive = positive || vectors[i * n + j] == largest;
    assert_true(positive);
  }
  free(a);
  free(work);
  free(vectors);
}

static void a_product_is_rows_times_columns(void **state) {
  (void)state;
  static const double a[2 * 3] = {1, 2, 3, 4, 5, 6}, b[3 * 4] = {1, 0, 2, -1, 0, 1, 3, 1, 1, 1, 0, 2};
  static const double expected[2 * 4] = {4, 5, 8, 7, 10, 11, 23, 13};
  double out[2 * 4];
  memset(out, 0xff, sizeof out);
  hb_matrix_multiply(a, b, 2, 3, 4, out);
  for (int i = 0; i < 8; i++) assert_true(out[i] == expected[i]);
}

/* R'R = g for the upper triangle of g; R has zeros below. */
static void check_cholesky(const double *g, size_t n, double tolerance) {
  double *r = matrix(n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) r[i * n + j] = j < i ? NAN : g[i * n + j];
  hb_matrix_cholesky(r, n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t k = 0; k < n; k++) sum += r[k * n + i] * r[k * n + j];
      assert_true(fabs(sum - g[i * n + j]) <= tolerance);
      if (j < i) assert_true(r[i * n + j] == 0);
    }
  free(r);
}

/* a'a, of a random a with `rows` rows. */
static double *gram(size_t rows, size_t n, uint64_t seed) {
  double *a = random_matrix(n, seed), *g = matrix(n);
  for (size_t k = 0; k < rows; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++) g[i * n + j] += a[k * n + i] * a[k * n + j];
  free(a);
  return g;
}

static void cholesky_s_factor_gives_the_matrix_back(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 3, 40}, ranks[] = {1, 2, 2, 17};
  for (int i = 0; i < 4; i++) {
    double *whole = gram(sizes[i], sizes[i], 1), *singular = gram(ranks[i], sizes[i], 2);
    check_cholesky(whole, sizes[i], 1e-13);
    check_cholesky(singular, sizes[i], 1e-6); /* the square root of the pivots that count as zero */
    free(whole);
    free(singular);
  }
  static const double zeros[9] = {0};
  check_cholesky(zeros, 3, 0);
  static const double noise[9] = {1, 0, 0, 0, 1e-30, 1e-14, 0, 1e-14, 1}; /* rounding errors for a pivot */
  check_cholesky(noise, 3, 1e-13);
}

static void substitution_solves_with_a_triangular_matrix(void **state) {
  (void)state;
  enum { n = 30, columns = 7 };
  double *r = random_matrix(n, 11), *x = random_matrix(n, 12), *solved = matrix(n), *rows = matrix(n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) r[i * n + j] = j < i ? 0 : 3 + r[i * n + j];
  for (size_t i = 0; i < n; i++) /* solved = R' x, with 7 columns; rows = R x, for 7 rows */
    for (size_t c = 0; c < columns; c++)
      for (size_t k = 0; k < n; k++) {
        solved[i * columns + c] += r[k * n + i] * x[k * columns + c];
        rows[c * n + i] += r[i * n + k] * x[c * n + k];
      }
  hb_matrix_solve_transposed(r, n, columns, solved);
  hb_matrix_solve_rows(r, n, columns, rows);
  for (size_t i = 0; i < n * columns; i++) assert_true(fabs(solved[i] - x[i]) < 1e-12 && fabs(rows[i] - x[i]) < 1e-12);
  free(r), free(x), free(solved), free(rows);
}

static void a_small_matrix_has_the_eigenvalues_that_paper_gives(void **state) {
  (void)state;
  double values[3];
  double *two = matrix(2), *three = matrix(3);
  memcpy(two, (double[]){2, 1, 1, 2}, 4 * sizeof(double));
  check_eigen(two, 2, values);
  assert_true(fabs(values[0] - 3) < 1e-14 && fabs(values[1] - 1) < 1e-14);
  memcpy(three, (double[]){0, 1, 0, 1, 0, 1, 0, 1, 0}, 9 * sizeof(double));
  check_eigen(three, 3, values);
  assert_true(fabs(values[0] - sqrt(2)) < 1e-14 && fabs(values[1]) < 1e-14 && fabs(values[2] + sqrt(2)) < 1e-14);
}

static void random_matrices_have_eigenvectors(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 3, 40, 513};
  static double values[513];
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    check_eigen(random_symmetric(sizes[i], i), sizes[i], values);
}

static void a_diagonal_matrix_has_its_own_numbers(void **state) {
  (void)state;
  static const double diagonal[6] = {3, -1, 0, 7, 3, 1e-9}, expected[6] = {7, 3, 3, 1e-9, 0, -1};
  double *a = matrix(6), values[6];
  for (int i = 0; i < 6; i++) a[i * 7] = diagonal[i];
  check_eigen(a, 6, values);
  for (int i = 0; i < 6; i++) assert_true(fabs(values[i] - expected[i]) <= 1e-15 * fabs(expected[i]));
}

/* Zeros, ones (rank 1), the identity, and few eigenvalues that come often, whose eigenvectors are not determined. */
static void degenerate_matrices_have_orthogonal_eigenvectors(void **state) {
  (void)state;
  enum { n = 60 };
  double values[n];
  check_eigen(matrix(n), n, values);
  assert_true(values[0] == 0 && values[n - 1] == 0);

  double *ones = matrix(n), *identity = matrix(n), *often = matrix(n), *rotation = matrix(n);
  for (size_t i = 0; i < n * n; i++) ones[i] = 1;
  check_eigen(ones, n, values);
  assert_true(fabs(values[0] - 60) < 1e-12 && fabs(values[1]) < 1e-12);

  for (size_t i = 0; i < n; i++) identity[i * (n + 1)] = 1;
  check_eigen(identity, n, values);
  assert_true(values[0] == 1 && values[n - 1] == 1);

  hb_matrix_random_rotation(5, n, rotation);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++)
        often[i * n + j] += ((double)(k % 3) - 1) * rotation[k * n + i] * rotation[k * n + j];
  check_eigen(often, n, values);
  for (size_t i = 0; i < n; i++) assert_true(fabs(values[i] - (1 - (double)(i / 20))) < 1e-13);
  free(rotation);
}

/* Squares of these numbers are infinite or zero. */
static void very_large_and_very_small_numbers_are_fine(void **state) {
  (void)state;
  static const double scales[] = {1e300, 1e-300};
  double values[20];
  for (int s = 0; s < 2; s++) {
    double *a = random_symmetric(20, 8);
    for (size_t i = 0; i < 400; i++) a[i] *= scales[s];
    check_eigen(a, 20, values);
  }
  double *graded = matrix(20); /* from 1 down to 1e-190 */
  for (int i = 0; i < 20; i++)
    for (int j = 0; j < 20; j++) graded[i * 20 + j] = pow(10, -5.0 * (i + j)) * (i == j ? 2 : 1);
  check_eigen(graded, 20, values);
}

static void the_same_matrix_gives_the_same_bits(void **state) {
  (void)state;
  enum { n = 40 };
  double *a = random_symmetric(n, 3), *b = random_symmetric(n, 3), *v = matrix(n), *w = matrix(n);
  double x[n], y[n];
  assert_ok(hb_matrix_eigen(a, n, x, v, &failure));
  assert_ok(hb_matrix_eigen(b, n, y, w, &failure));
  assert_memory_equal(x, y, sizeof x);
  assert_memory_equal(v, w, n * n * sizeof *v);
  free(a);
  free(b);
  free(v);
  free(w);
}

static void numbers_that_are_not_finite_are_refused(void **state) {
  (void)state;
  static const double strangers[] = {NAN, INFINITY, -INFINITY};
  static const size_t places[] = {0, 1, 5, 15};
  double values[4], vectors[16];
  for (int s = 0; s < 3; s++)
    for (int p = 0; p < 4; p++) {
      double *a = random_symmetric(4, 1);
      a[places[p]] = strangers[s];
      assert_fails(hb_matrix_eigen(a, 4, values, vectors, &failure), HB_INVALID_ARGUMENT, "not finite");
      free(a);
    }
}

static void without_memory_there_are_no_eigenvectors(void **state) {
  (void)state;
  double a[4] = {2, 1, 1, 2}, values[2], vectors[4];
  allocations_fail_from(0);
  hb_status status = hb_matrix_eigen(a, 2, values, vectors, &failure);
  allocations_work();
  assert_int_equal(status, HB_OUT_OF_MEMORY);
}

static void a_rotation_is_orthogonal_and_mixes_all_directions(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 40, 513};
  for (int s = 0; s < 4; s++) {
    size_t n = sizes[s];
    double *rotation = matrix(n);
    hb_matrix_random_rotation(7, n, rotation);
    assert_true(departure_from_orthogonal(rotation, n) < 1e-14);
    if (n >= 40) assert_true(largest_magnitude(rotation, n * n) < 0.7);
    free(rotation);
  }
}

static void a_rotation_depends_on_its_seed_alone(void **state) {
  (void)state;
  double first[400], again[400], other[400];
  hb_matrix_random_rotation(1, 20, first);
  hb_matrix_random_rotation(1, 20, again);
  hb_matrix_random_rotation(2, 20, other);
  assert_memory_equal(first, again, sizeof first);
  assert_memory_not_equal(first, other, sizeof first);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_product_is_rows_times_columns),
      cmocka_unit_test(cholesky_s_factor_gives_the_matrix_back),
      cmocka_unit_test(substitution_solves_with_a_triangular_matrix),
      cmocka_unit_test(a_small_matrix_has_the_eigenvalues_that_paper_gives),
      cmocka_unit_test(random_matrices_have_eigenvectors),
      cmocka_unit_test(a_diagonal_matrix_has_its_own_numbers),
      cmocka_unit_test(degenerate_matrices_have_orthogonal_eigenvectors),
      cmocka_unit_test(very_large_and_very_small_numbers_are_fine),
      cmocka_unit_test(the_same_matrix_gives_the_same_bits),
      cmocka_unit_test(numbers_that_are_not_finite_are_refused),
      cmocka_unit_test(without_memory_there_are_no_eigenvectors),
      cmocka_unit_test(a_rotation_is_orthogonal_and_mixes_all_directions),
      cmocka_unit_test(a_rotation_depends_on_its_seed_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
