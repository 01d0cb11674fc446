#include "vector/gram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu_dispatch.h"
#include "base/inline.h"

#define SIDE 64   /* of the square tiles that threads share out */
#define DEPTH 128 /* rows at a time; two tiles of them fit into a core's second cache */
#define ROWS 4    /* of g, computed at once in registers, with */
#define LANES 4   /* columns in a vector, and */
#define VECTORS 2 /* vectors of columns */
#define PANEL 64  /* rows of the factor that are made before the rest is updated */

typedef double vector __attribute__((vector_size(LANES * sizeof(double))));

/* g += sign X'X, for columns from `first` on. */
typedef struct {
  double *g;
  size_t n, first;
  const double *rows;
  size_t count;
  double sign;
  double *packed; /* [threads][2][DEPTH][SIDE] */
} update;

/* Copies columns from `column` on, `count` rows of them; beyond the last column there are zeros. */
static void pack(const update *u, size_t row, size_t count, size_t column, double *out) {
  const size_t width = u->n - column < SIDE ? u->n - column : SIDE;
  for (size_t k = 0; k < count; k++, out += SIDE) {
    memcpy(out, u->rows + (row + k) * u->n + column, width * sizeof *out);
    memset(out + width, 0, (SIDE - width) * sizeof *out);
  }
}

/* Computes `sums` [ROWS][VECTORS * LANES] of products over `count` packed rows. */
HB_INLINE void multiply(const double *a, const double *b, size_t count, double *sums) {
  vector sum[ROWS][VECTORS] = {0};
  for (size_t k = 0; k < count; k++, a += SIDE, b += SIDE) {
    vector columns[VECTORS];
    memcpy(columns, b, sizeof columns);
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < VECTORS; v++) sum[r][v] += a[r] * columns[v];
  }
  memcpy(sums, sum, sizeof sum);
}

/* Adds the products of two packed tiles to the tile of g at (row, column). */
HB_CPU_DISPATCH
static void add_tile(const update *u, const double *a, const double *b, size_t count, size_t row, size_t column) {
  double sums[ROWS][VECTORS * LANES];
  for (size_t i = 0; i < SIDE; i += ROWS)
    for (size_t j = 0; j < SIDE; j += VECTORS * LANES) {
      if (row + i >= u->n || column + j >= u->n || column + j + VECTORS * LANES <= row + i) continue;
      multiply(a + i, b + j, count, sums[0]);
      for (size_t r = 0; r < ROWS && row + i + r < u->n; r++)
        for (size_t c = 0; c < VECTORS * LANES && column + j + c < u->n; c++)
          if (column + j + c >= row + i + r) u->g[(row + i + r) * u->n + column + j + c] += u->sign * sums[r][c];
    }
}

/* Updates the tile in row `down` and column `across` of the tiles. */
static void update_tile(void *context, size_t thread, size_t down, size_t across) {
  const update *u = context;
  if (across < down) return;
  const size_t row = u->first + down * SIDE, column = u->first + across * SIDE;
  double *a = u->packed + thread * 2 * DEPTH * SIDE, *b = a + DEPTH * SIDE;
  for (size_t k = 0; k < u->count; k += DEPTH) {
    const size_t count = u->count - k < DEPTH ? u->count - k : DEPTH;
    pack(u, k, count, row, a);
    if (across != down) pack(u, k, count, column, b);
    add_tile(u, a, across != down ? b : a, count, row, column);
  }
}

static double *allocate_packed(pthreadpool_t threads) {
  return malloc(pthreadpool_get_threads_count(threads) * 2 * DEPTH * SIDE * sizeof(double));
}

static void run(update *u, pthreadpool_t threads) {
  const size_t tiles = (u->n - u->first + SIDE - 1) / SIDE;
  pthreadpool_parallelize_2d_with_thread(threads, update_tile, u, tiles, tiles, 0);
}

hb_status hb_gram_add(double *g, size_t n, const double *rows, size_t count, pthreadpool_t threads, hb_error *error) {
  update u = {g, n, 0, rows, count, 1, allocate_packed(threads)};
  if (u.packed == NULL) return hb_fail_memory(error);
  run(&u, threads);
  free(u.packed);
  return HB_OK;
}

HB_CPU_DISPATCH
static void subtract_scaled(double *restrict from, double factor, const double *restrict row, size_t n) {
  for (size_t i = 0; i < n; i++) from[i] -= factor * row[i];
}

/* Makes rows `first` to `end` - 1 of the factor, from which all rows above are subtracted already. */
static bool factor_panel(double *g, size_t n, size_t first, size_t end) {
  for (size_t i = first; i < end; i++) {
    double *row = g + i * n;
    if (!(row[i] > 0 && row[i] < INFINITY)) return false;
    const double pivot = sqrt(row[i]);
    for (size_t j = i; j < n; j++) row[j] /= pivot;
    for (size_t k = i + 1; k < end; k++) subtract_scaled(g + k * n + k, row[k], row + k, n - k);
  }
  return true;
}

hb_status hb_gram_factor(double *g, size_t n, pthreadpool_t threads, hb_error *error) {
  update u = {.g = g, .n = n, .sign = -1, .packed = allocate_packed(threads)};
  if (u.packed == NULL) return hb_fail_memory(error);
  bool definite = true;
  for (size_t first = 0; first < n && definite; first = u.first) {
    u.first = n - first < PANEL ? n : first + PANEL;
    definite = factor_panel(g, n, first, u.first);
    u.rows = g + first * n, u.count = u.first - first;
    if (definite && u.first < n) run(&u, threads);
  }
  free(u.packed);
  return definite ? HB_OK : hb_fail(error, HB_INTERNAL, "a matrix that should be positive definite is not");
}
