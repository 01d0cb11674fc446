/* progress.h: a line on a terminal that tells count, rate and time left; silent when stderr is not a terminal. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *what; /* "embedding" */
  uint32_t total;
  bool visible;
  double started;
  atomic_uint done;
  _Atomic double shown;
} progress;

void progress_start(progress *p, const char *what, uint32_t total);
/* One more is done; any thread may say so. */
void progress_step(progress *p);
/* A line that tells what is done now, without a count; `context` is not used. progress_end clears it, NULL will do. */
void progress_stage(void *context, const char *what);
/* Clears the line. */
void progress_end(progress *p);

#endif
