/* bench-slices MODEL THREADS PICTURE [TENSOR]: the network of one model in a process that waits for orders, so that a
 * driver can let several programs take turns. Writes the network's input, [224][224][3] floats, to TENSOR.
 *
 * An order is a line, and so is its answer, which is JSON:
 *   features   the picture's 512 pooled features, as {"features":[...]}
 *   run N      every thread runs the network N times: {"times":[...]}, milliseconds of each run
 * Threads run at the same time, each an image of its own: what one image takes, and how many images a second. */
#include <heybagh.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/resize.h"
#include "resnet18/input.h"

#define THREADS_MAX 64
#define RUNS_MAX 4096

typedef struct {
  hb_engine *engine;
  hb_mapping picture;
  pthread_barrier_t *start;
  int runs;
  float features[HB_POOLED_DIM];
  double times[RUNS_MAX];
  hb_error error;
} worker;

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "bench-slices: %s\n", what);
  exit(1);
}

static void write_tensor(const char *path, hb_mapping picture) {
  static uint8_t crop[HB_CROP_BYTES];
  static float tensor[HB_CROP_BYTES];
  hb_error error;
  hb_image image;
  if (hb_image_decode(picture.bytes, picture.size, &image, &error) || hb_image_center_crop(&image, crop, &error))
    fail(error.text);
  hb_image_free(&image);
  hb_input_normalize(crop, tensor);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(tensor, sizeof tensor, 1, file) != 1 || fclose(file) != 0) fail("cannot write the tensor");
}

static void *work(void *argument) {
  worker *w = argument;
  hb_timings timings;
  pthread_barrier_wait(w->start);
  for (int i = 0; i < w->runs; i++) {
    if (hb_engine_embed(w->engine, w->picture.bytes, w->picture.size, NULL, w->features, &timings, &w->error))
      fail(w->error.text);
    w->times[i] = timings.network;
  }
  return NULL;
}

/* All threads, the caller being one of them. */
static void run(worker *workers, int threads, int runs) {
  pthread_t ids[THREADS_MAX];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)threads);
  for (int t = 0; t < threads; t++) {
    workers[t].runs = runs;
    workers[t].start = &start;
    if (t > 0 && pthread_create(&ids[t], NULL, work, &workers[t]) != 0) fail("cannot start a thread");
  }
  work(&workers[0]);
  for (int t = 1; t < threads; t++) pthread_join(ids[t], NULL);
  pthread_barrier_destroy(&start);
}

static void print_times(const worker *workers, int threads, int runs) {
  printf("{\"times\":[");
  for (int t = 0; t < threads; t++)
    for (int i = 0; i < runs; i++) printf("%s%.4f", t + i > 0 ? "," : "", workers[t].times[i]);
  printf("]}\n");
}

static void print_features(const worker *w) {
  printf("{\"features\":[");
  for (int i = 0; i < HB_POOLED_DIM; i++) printf("%s%.9g", i > 0 ? "," : "", (double)w->features[i]);
  printf("]}\n");
}

int main(int argc, char **argv) {
  int threads = argc > 3 ? atoi(argv[2]) : 0;
  if (threads < 1 || threads > THREADS_MAX)
    return fprintf(stderr, "usage: bench-slices MODEL THREADS PICTURE [TENSOR]\n"), 2;
  hb_error error;
  hb_model *model;
  hb_mapping picture;
  if (hb_model_open(argv[1], &model, &error) || hb_file_map(argv[3], &picture, &error)) fail(error.text);
  if (argc > 4) write_tensor(argv[4], picture);
  static worker workers[THREADS_MAX];
  for (int t = 0; t < threads; t++) {
    workers[t].picture = picture;
    if (hb_engine_create(model, NULL, &workers[t].engine, &error) ||
        hb_engine_use_head(workers[t].engine, NULL, &error))
      fail(error.text);
  }

  char line[64];
  int runs;
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (strcmp(line, "features\n") == 0) {
      run(workers, 1, 1);
      print_features(&workers[0]);
    } else if (sscanf(line, "run %d", &runs) == 1 && runs >= 1 && runs <= RUNS_MAX) {
      run(workers, threads, runs);
      print_times(workers, threads, runs);
    } else {
      fail("an order is 'features' or 'run N'");
    }
    fflush(stdout);
  }
  for (int t = 0; t < threads; t++) hb_engine_free(workers[t].engine);
  hb_file_unmap(picture);
  hb_model_free(model);
  return 0;
}
