/* data.h: what vectors.py wrote, for the benchmarks in C and C++; and how they measure alike. */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_K 4
#define BENCH_PASSES 5

typedef struct {
  uint32_t count, dim, queries;
  const float *vectors;       /* [count][dim], mapped */
  const float *query_vectors; /* [queries][dim] */
  const int32_t *truth;       /* [queries][BENCH_K] rows, by exact search over f32 */
} bench_data;

/* Maps the files for as long as the program runs; ends it with a sentence if they are not there. */
bench_data bench_data_open(const char *directory);

/* The share of the true neighbours that is among the answers: [queries][BENCH_K] rows, -1 for none. */
double bench_recall(const bench_data *data, const int64_t *answers);

/* Seconds of processor time that this process has used, of all its threads: other programs do not disturb it, and who
 * uses a second thread gains nothing. */
double bench_seconds(void);

/* Sorts `values`, and gives the middle one. */
double bench_median(double *values, int count);

/* Ends the program if the text is not a whole number of 1..limit. */
uint32_t bench_number(const char *text, uint32_t limit);

/* The largest memory of this process so far, mapped files included, in MB. */
double bench_peak_mb(void);

#ifdef __cplusplus
}
#endif

#endif
