/* bench-score [COUNT] [DIM]: dot products of queries with rows (default 100000 rows of 256 numbers, more than caches
 * hold as f32) one query a call and QUERIES a call, for each kind of storage, one thread. A row counts for each query
 * that it meets; GB/s are of its bytes. The best of five passes by processor time; the passes of all kinds alternate.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "data.h"
#include "vector/row_encoding.h"

#define QUERIES 16
#define KINDS 3

typedef struct {
  hb_rows rows;
  hb_query *queries;
  float *scores; /* [QUERIES][count] */
  double single, many;
} measurement;

static void *need(void *memory) {
  if (memory == NULL) exit(1);
  return memory;
}

static float *random_vectors(uint32_t count, uint32_t dim) {
  hb_random random = {1};
  float *vectors = need(malloc((size_t)count * dim * sizeof *vectors));
  for (size_t i = 0; i < (size_t)count * dim; i++) vectors[i] = (float)hb_random_unit(&random) - 0.5f;
  return vectors;
}

static measurement prepare(hb_encoding encoding, uint32_t count, uint32_t dim, const float *vectors) {
  const size_t bytes = hb_row_bytes(encoding, dim);
  uint8_t *codes = need(malloc(count * bytes));
  float *scales = need(malloc(count * sizeof *scales));
  for (uint32_t r = 0; r < count; r++)
    hb_row_encode(encoding, dim, vectors + (size_t)r * dim, false, codes + r * bytes, &scales[r]);
  measurement m = {{encoding, dim, count, codes, scales}, .single = INFINITY, .many = INFINITY};
  m.scores = need(malloc((size_t)QUERIES * count * sizeof *m.scores));
  if (hb_queries_create(encoding, dim, QUERIES, &m.queries, NULL) != HB_OK) exit(1);
  for (uint32_t q = 0; q < QUERIES; q++) hb_query_set(&m.queries[q], vectors + (size_t)q * dim);
  return m;
}

static void measure(measurement *m) {
  const double started = bench_seconds();
  for (uint32_t q = 0; q < QUERIES; q++)
    hb_rows_score(&m->rows, 0, m->rows.count, &m->queries[q], m->scores + (size_t)q * m->rows.count);
  const double between = bench_seconds();
  hb_rows_score_many(&m->rows, m->queries, QUERIES, m->scores, m->rows.count);
  m->single = fmin(m->single, between - started);
  m->many = fmin(m->many, bench_seconds() - between);
}

static void print(const measurement *m) {
  const double rows = (double)QUERIES * m->rows.count,
               bytes = rows * (double)hb_row_bytes(m->rows.encoding, m->rows.dim);
  printf("%-4s %8.1f %8.1f %8.1f %8.1f\n", hb_encoding_name(m->rows.encoding), rows / m->single / 1e6,
         bytes / m->single / 1e9, rows / m->many / 1e6, bytes / m->many / 1e9);
}

int main(int argc, char **argv) {
  const uint32_t count = argc > 1 ? bench_number(argv[1], 10000000) : 100000;
  const uint32_t dim = argc > 2 ? bench_number(argv[2], HB_DIM_MAX) : 256;
  float *vectors = random_vectors(count, dim);
  measurement measurements[KINDS];
  for (int kind = 0; kind < KINDS; kind++) measurements[kind] = prepare((hb_encoding)kind, count, dim, vectors);
  for (int pass = 0; pass < BENCH_PASSES; pass++)
    for (int kind = 0; kind < KINDS; kind++) measure(&measurements[kind]);
  printf("%u rows of %u numbers; millions of rows a second and GB/s\n      one query a call  %d queries a call\n",
         count, dim, QUERIES);
  for (int kind = 0; kind < KINDS; kind++) print(&measurements[kind]);
  return 0;
}
