/* allocations.h: for tests that are linked with malloc, calloc and realloc wrapped (watch_allocations in CMake). */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* The largest request since the last reset. */
void allocations_reset(void);
size_t allocations_largest(void);

/* From the n-th call on (0 is the next one) there is no memory, until allocations_work. */
void allocations_fail_from(size_t n);
void allocations_work(void);
/* True if a call was refused since allocations_fail_from. */
bool allocations_were_refused(void);

#endif
