#include "data.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static void give_up(const char *path, const char *what) {
  fprintf(stderr, "bench: '%s' %s\n", path, what);
  exit(1);
}

/* A matrix of 4-byte numbers, as np.save writes it in format version 1. */
static const void *map_matrix(const char *directory, const char *name, uint32_t *rows, uint32_t *columns) {
  char path[4096];
  struct stat info;
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &info) != 0) give_up(path, "cannot be read; make it with tests/bench/vectors.py");
  const uint8_t *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (info.st_size < 128 || bytes == MAP_FAILED || memcmp(bytes, "\x93NUMPY\1", 7) != 0)
    give_up(path, "is not a NumPy file of version 1");
  size_t start = 10 + (size_t)(bytes[8] | bytes[9] << 8);
  const char *shape = memmem(bytes, start, "'shape': (", 10);
  if (shape == NULL || sscanf(shape, "'shape': (%u, %u)", rows, columns) != 2 ||
      start + (size_t)*rows * *columns * 4 != (size_t)info.st_size)
    give_up(path, "is not a matrix of 4-byte numbers");
  return bytes + start;
}

bench_data bench_data_open(const char *directory) {
  bench_data data;
  uint32_t dim, queries, k;
  data.vectors = map_matrix(directory, "vectors.npy", &data.count, &data.dim);
  data.query_vectors = map_matrix(directory, "queries.npy", &data.queries, &dim);
  data.truth = map_matrix(directory, "truth.npy", &queries, &k);
  if (dim != data.dim || queries != data.queries || k != BENCH_K)
    give_up(directory, "holds files that do not belong together");
  return data;
}

double bench_recall(const bench_data *data, const int64_t *answers) {
  uint64_t found = 0;
  for (size_t q = 0; q < data->queries; q++)
    for (size_t t = 0; t < BENCH_K; t++)
      for (size_t a = 0; a < BENCH_K; a++) found += answers[q * BENCH_K + a] == data->truth[q * BENCH_K + t];
  return (double)found / ((double)data->queries * BENCH_K);
}

double bench_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double bench_median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return values[count / 2];
}

uint32_t bench_number(const char *text, uint32_t limit) {
  char *end;
  unsigned long number = strtoul(text, &end, 10);
  if (*end != '\0' || number < 1 || number > limit) give_up(text, "is not a number, or too large");
  return (uint32_t)number;
}

double bench_peak_mb(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024;
}
