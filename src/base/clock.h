/* clock.h: the clock behind the timings that the engine reports. */
#ifndef HB_BASE_CLOCK_H
#define HB_BASE_CLOCK_H

#include <time.h>

/* Returns milliseconds since some point in the past. */
static inline double hb_clock_milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

#endif
