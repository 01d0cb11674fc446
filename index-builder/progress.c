#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define INTERVAL 200.0 /* milliseconds between two updates of the line */
#define SILENCE 1000.0 /* milliseconds before the first one; short work shows no line */

void progress_start(progress *p, const char *what, uint32_t total) {
  p->what = what;
  p->total = total;
  p->visible = isatty(STDERR_FILENO) == 1;
  p->started = hb_clock_milliseconds();
  atomic_init(&p->done, 0);
  atomic_init(&p->shown, p->started + SILENCE - INTERVAL);
}

void progress_step(progress *p) {
  uint32_t done = atomic_fetch_add(&p->done, 1) + 1;
  if (!p->visible) return;
  double now = hb_clock_milliseconds(), shown = atomic_load(&p->shown);
  /* the thread that wins the exchange prints; the others continue */
  if (now - shown < INTERVAL || !atomic_compare_exchange_strong(&p->shown, &shown, now)) return;
  double rate = done / (now - p->started) * 1e3;
  fprintf(stderr, "\r%s: %u of %u, %.0f per second, %.0f s left \033[K", p->what, done, p->total, rate,
          (p->total - done) / rate);
}

void progress_stage(void *context, const char *what) {
  (void)context;
  if (isatty(STDERR_FILENO) == 1) fprintf(stderr, "\r%s ...\033[K", what);
}

void progress_end(progress *p) {
  if (p != NULL ? p->visible : isatty(STDERR_FILENO) == 1) fputs("\r\033[K", stderr);
}
