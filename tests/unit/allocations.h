/* allocations.h: for tests that are linked with all that allocates wrapped (watch_allocations in CMake): malloc and the
 * like, mappings, and functions of the system that need memory. At the end the program tells how many calls failed. */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* The largest request since the last reset. */
void allocations_reset(void);
size_t allocations_largest(void);

/* From the n-th call on (0 is the next one) there is no memory, until allocations_work. */
void allocations_fail_from(size_t n);
/* The same for the n-th call alone. */
void allocations_fail_one(size_t n);
void allocations_work(void);
/* True if a call was refused since allocations_fail_from or allocations_fail_one. */
bool allocations_were_refused(void);

/* Calls that were refused so far. */
size_t allocations_failed(void);
/* Bytes that are mapped now. */
size_t allocations_mapped(void);

#endif
