/* bench-scan DIRECTORY BUNDLE NPROBE...: searches of the bundle that was built from what vectors.py wrote to DIRECTORY,
 * one query a call, one thread, all files of lists in memory. A JSON line for each NPROBE: queries a second of
 * processor time, by the median and the fastest of five passes; the passes of the NPROBEs alternate, so that noise of
 * the machine hits them alike. */
#include <heybagh.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

typedef struct {
  uint32_t nprobe;
  double recall, scanned, seconds[BENCH_PASSES];
} measurement;

static int complain(const hb_error *error) {
  fprintf(stderr, "bench-scan: %s\n", error->text);
  exit(1);
}

/* The row's number, in which each path ends. */
static int64_t row_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? strtoll(slash + 1, NULL, 10) : -1;
}

/* Searches all queries; writes the rows that were found, unless `answers` is NULL. Returns the vectors compared. */
static uint64_t search_all(hb_engine *engine, const bench_data *data, uint32_t nprobe, int64_t *answers) {
  hb_search_options options = {.k = BENCH_K, .nprobe = nprobe};
  hb_search_report report;
  const hb_result *results;
  hb_error error;
  uint64_t scanned = 0;
  for (size_t q = 0; q < data->queries; q++) {
    const float *query = data->query_vectors + q * data->dim;
    if (hb_engine_search(engine, query, &options, &results, &report, &error)) complain(&error);
    scanned += report.scanned;
    for (uint32_t i = 0; answers != NULL && i < BENCH_K; i++)
      answers[q * BENCH_K + i] = i < report.found ? row_of(results[i].path) : -1;
  }
  return scanned;
}

static void judge(hb_engine *engine, const bench_data *data, measurement *m) {
  int64_t *answers = malloc(data->queries * BENCH_K * sizeof *answers);
  if (answers == NULL) exit(1);
  m->scanned = (double)search_all(engine, data, m->nprobe, answers) / data->queries;
  m->recall = bench_recall(data, answers);
  free(answers);
}

static void print(const bench_data *data, const hb_index *index, measurement *m) {
  double median = bench_median(m->seconds, BENCH_PASSES);
  printf(
      "{\"side\":\"heybagh\",\"count\":%u,\"nlist\":%u,\"nprobe\":%u,\"recall\":%.5f,\"scanned\":%.1f,"
      "\"qps\":%.1f,\"qps_best\":%.1f,\"peak_mb\":%.0f}\n",
      data->count, hb_index_nlist(index), m->nprobe, m->recall, m->scanned, data->queries / median,
      data->queries / m->seconds[0], bench_peak_mb());
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: bench-scan DIRECTORY BUNDLE NPROBE...\n"), 2;
  hb_error error;
  hb_index *index;
  hb_engine *engine;
  bench_data data = bench_data_open(argv[1]);
  if (hb_index_open(argv[2], &index, &error) || hb_engine_create(NULL, index, &engine, &error)) complain(&error);
  if (hb_index_count(index) != data.count || hb_index_dim(index) != data.dim)
    return fprintf(stderr, "bench-scan: '%s' was not built from '%s'\n", argv[2], argv[1]), 1;

  int count = argc - 3;
  measurement *measurements = calloc((size_t)count, sizeof *measurements);
  if (measurements == NULL) return 1;
  for (int i = 0; i < count; i++) {
    measurements[i].nprobe = bench_number(argv[3 + i], hb_index_nlist(index));
    judge(engine, &data, &measurements[i]);
  }
  for (int pass = 0; pass < BENCH_PASSES; pass++)
    for (int i = 0; i < count; i++) {
      double started = bench_seconds();
      search_all(engine, &data, measurements[i].nprobe, NULL);
      measurements[i].seconds[pass] = bench_seconds() - started;
    }
  for (int i = 0; i < count; i++) print(&data, index, &measurements[i]);
  free(measurements);
  hb_engine_free(engine);
  hb_index_free(index);
  return 0;
}
