/* progress.h: shows count, rate and time left in a line on stderr, if that is a terminal. */
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
/* Counts one more as done. Any thread may call this. */
void progress_step(progress *p);
/* Shows what is done now, without a count, until progress_end(NULL). `context` is not used. */
void progress_stage(void *context, const char *what);
/* Clears the line. */
void progress_end(progress *p);

#endif
