#include "vector/linear_algebra.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static double dot(const double *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* Computes sum += factor * row. */
static void add_scaled(double *restrict sum, double factor, const double *restrict row, size_t n) {
  for (size_t i = 0; i < n; i++) sum[i] += factor * row[i];
}

static void scale(double *row, double factor, size_t n) {
  for (size_t i = 0; i < n; i++) row[i] *= factor;
}

void hb_matrix_multiply(const double *a, const double *b, size_t rows, size_t inner, size_t columns, double *out) {
  memset(out, 0, rows * columns * sizeof *out);
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < inner; i++) add_scaled(out + r * columns, a[r * inner + i], b + i * columns, columns);
}

void hb_matrix_cholesky(double *g, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, g[i * n + i]);
  for (size_t i = 0; i < n; i++) {
    double *row = g + i * n;
    double pivot = row[i] > largest * 1e-14 ? sqrt(row[i]) : 0;
    for (size_t j = 0; j < n; j++) row[j] = j >= i && pivot > 0 ? row[j] / pivot : 0;
    for (size_t k = i + 1; k < n; k++) add_scaled(g + k * n + k, -row[k], row + k, n - k);
  }
}

void hb_matrix_solve_transposed(const double *r, size_t n, size_t columns, double *b) {
  for (size_t i = 0; i < n; i++) {
    scale(b + i * columns, 1 / r[i * n + i], columns);
    for (size_t k = i + 1; k < n; k++) add_scaled(b + k * columns, -r[i * n + k], b + i * columns, columns);
  }
}

void hb_matrix_solve_rows(const double *r, size_t n, size_t count, double *rows) {
  for (double *x = rows; x < rows + count * n; x += n)
    for (size_t i = n; i-- > 0;) x[i] = (x[i] - dot(r + i * n + i + 1, x + i + 1, n - i - 1)) / r[i * n + i];
}

/* Gram-Schmidt runs twice for each row, because once leaves rounding errors that grow from row to row. */
void hb_matrix_random_rotation(uint64_t seed, size_t n, double *out) {
  hb_random random = {seed};
  for (size_t i = 0; i < n; i++) {
    double *row = out + i * n;
    for (size_t j = 0; j < n; j++) row[j] = 2 * hb_random_unit(&random) - 1;
    for (int pass = 0; pass < 2; pass++) {
      for (size_t k = 0; k < i; k++) add_scaled(row, -dot(row, out + k * n, n), out + k * n, n);
      scale(row, 1 / sqrt(dot(row, row, n)), n);
    }
  }
}

/* ---- Eigenvectors: Householder's tridiagonal form, then QR steps with Wilkinson's shift (Golub and Van Loan, Matrix
 * Computations, sections 8.3.1 to 8.3.3). Eigenvectors are kept as rows, so that all inner loops run along rows. */

#define EPSILON 0x1p-53
#define VANISHING 1e-300 /* smaller sums of squares have lost digits; their roots are far below EPSILON */

typedef struct {
  size_t n;
  double *a;        /* [n][n] the whole matrix */
  double *vectors;  /* [n][n] the transformations so far: original = vectors' . now . vectors */
  double *diagonal; /* [n] */
  double *beside;   /* [n] the numbers beside the diagonal; the last is unused */
  double *v, *w;    /* [n] scratch */
} eigen;

/* Returns the largest magnitude, or NaN if a number is not finite. */
static double largest_of_upper(const double *a, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) {
      if (!isfinite(a[i * n + j])) return NAN;
      largest = fmax(largest, fabs(a[i * n + j]));
    }
  return largest;
}

/* Fills the lower triangle, and scales all numbers to at most 1, so that squares neither overflow nor vanish. */
static void start(eigen *s, double largest) {
  for (size_t i = 0; i < s->n; i++)
    for (size_t j = i; j < s->n; j++) s->a[i * s->n + j] = s->a[j * s->n + i] = s->a[i * s->n + j] / largest;
  memset(s->vectors, 0, s->n * s->n * sizeof *s->vectors);
  for (size_t i = 0; i < s->n; i++) s->vectors[i * s->n + i] = 1;
}

/* Reflects rows and columns from `from` on with I - beta v v'. */
static void reflect(eigen *s, size_t from, double beta) {
  const size_t n = s->n, rest = n - from;
  const double *v = s->v;
  double *w = s->w;
  memset(w, 0, n * sizeof *w);
  for (size_t i = 0; i < rest; i++) add_scaled(w, beta * v[i], s->a + (from + i) * n + from, rest);
  add_scaled(w, -beta / 2 * dot(v, w, rest), v, rest);
  for (size_t i = 0; i < rest; i++) {
    add_scaled(s->a + (from + i) * n + from, -v[i], w, rest);
    add_scaled(s->a + (from + i) * n + from, -w[i], v, rest);
  }
  memset(w, 0, n * sizeof *w);
  for (size_t i = 0; i < rest; i++) add_scaled(w, beta * v[i], s->vectors + (from + i) * n, n);
  for (size_t i = 0; i < rest; i++) add_scaled(s->vectors + (from + i) * n, -v[i], w, n);
}

static void make_tridiagonal(eigen *s) {
  const size_t n = s->n;
  for (size_t k = 0; k + 1 < n; k++) {
    const double *x = s->a + k * n + k + 1; /* becomes (length, 0, ..., 0) */
    const size_t rest = n - k - 1;
    s->diagonal[k] = s->a[k * n + k];
    s->beside[k] = x[0];
    if (dot(x + 1, x + 1, rest - 1) < VANISHING) continue;
    s->beside[k] = x[0] > 0 ? -sqrt(dot(x, x, rest)) : sqrt(dot(x, x, rest)); /* the sign that does not cancel */
    memcpy(s->v, x, rest * sizeof *x);
    s->v[0] -= s->beside[k];
    reflect(s, k + 1, 2 / dot(s->v, s->v, rest));
  }
  s->diagonal[n - 1] = s->a[n * n - 1];
}

/* Turns rows k and k + 1 of the eigenvectors. */
static void turn(eigen *s, size_t k, double c, double sine) {
  double *restrict a = s->vectors + k * s->n, *restrict b = a + s->n;
  for (size_t i = 0; i < s->n; i++) {
    const double x = a[i], y = b[i];
    a[i] = c * x + sine * y;
    b[i] = c * y - sine * x;
  }
}

/* Returns the eigenvalue of the block's last 2 x 2 corner that is nearer to the corner's last number. */
static double shift(const eigen *s, size_t last) {
  const double b = s->beside[last - 1], half = (s->diagonal[last - 1] - s->diagonal[last]) / 2;
  const double root = sqrt(half * half + b * b);
  return s->diagonal[last] - b * b / (half > 0 ? half + root : half - root);
}

/* Does one QR step on the block from `first` to `last`. The first rotation adds a number outside the three diagonals,
 * and the others chase it down and out. x and z are never both near zero, because no number beside the block's diagonal
 * is. */
static void step(eigen *s, size_t first, size_t last) {
  double *d = s->diagonal, *e = s->beside;
  double x = d[first] - shift(s, last), z = e[first];
  for (size_t k = first; k < last; k++) {
    const double r = sqrt(x * x + z * z), c = x / r, sine = z / r;
    if (k > first) e[k - 1] = r;
    const double upper = d[k], lower = d[k + 1], b = e[k], cross = 2 * c * sine * b;
    d[k] = c * c * upper + cross + sine * sine * lower;
    d[k + 1] = sine * sine * upper - cross + c * c * lower;
    e[k] = x = c * sine * (lower - upper) + (c * c - sine * sine) * b;
    z = sine * e[k + 1];
    e[k + 1] *= c;
    turn(s, k, c, sine);
  }
}

/* Cuts the matrix in two behind `k` if only rounding errors hold it together there. */
static bool split(eigen *s, size_t k) {
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): there are such numbers, as n is at least 1 */
  if (!(fabs(s->beside[k]) <= EPSILON * (1 + fabs(s->diagonal[k]) + fabs(s->diagonal[k + 1])))) return false;
  s->beside[k] = 0;
  return true;
}

/* Makes the tridiagonal matrix diagonal. Returns false if that takes more than LAPACK's limit of 30 steps an
 * eigenvalue; two or three are usual. */
static bool make_diagonal(eigen *s) {
  size_t last = s->n - 1, left = 30 * s->n;
  while (last > 0) {
    size_t first = last;
    while (first > 0 && !split(s, first - 1)) first--;
    if (first == last)
      last--;
    else if (left-- == 0)
      return false;
    else
      step(s, first, last);
  }
  return true;
}

static void swap_rows(double *restrict a, double *restrict b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double x = a[i];
    a[i] = b[i];
    b[i] = x;
  }
}

static void fix_sign(double *vector, size_t n) {
  size_t largest = 0;
  for (size_t i = 1; i < n; i++)
    if (fabs(vector[i]) > fabs(vector[largest])) largest = i;
  if (vector[largest] < 0) scale(vector, -1, n);
}

static void sort(eigen *s) {
  for (size_t i = 0; i < s->n; i++) {
    size_t best = i;
    for (size_t j = i + 1; j < s->n; j++)
      if (s->diagonal[j] > s->diagonal[best]) best = j;
    if (best != i) {
      swap_rows(s->diagonal + i, s->diagonal + best, 1);
      swap_rows(s->vectors + i * s->n, s->vectors + best * s->n, s->n);
    }
    fix_sign(s->vectors + i * s->n, s->n);
  }
}

hb_status hb_matrix_eigen(double *a, size_t n, double *values, double *vectors, hb_error *error) {
  const double largest = largest_of_upper(a, n);
  if (isnan(largest)) return hb_fail(error, HB_INVALID_ARGUMENT, "the matrix has a number that is not finite");
  double *scratch = calloc(3 * n, sizeof *scratch);
  if (scratch == NULL) return hb_fail_memory(error);
  eigen s = {n, a, vectors, values, scratch, scratch + n, scratch + 2 * n};
  start(&s, largest > 0 ? largest : 1);
  make_tridiagonal(&s);
  const bool converged = make_diagonal(&s);
  if (converged) sort(&s);
  scale(values, largest, n);
  free(scratch);
  return converged ? HB_OK : hb_fail(error, HB_INTERNAL, "the search for a matrix's eigenvectors did not converge");
}
