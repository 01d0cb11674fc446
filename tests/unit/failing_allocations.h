/* failing_allocations.h: every allocation of a task fails in turn. */
#ifndef FAILING_ALLOCATIONS_H
#define FAILING_ALLOCATIONS_H

#include "support.h"

/* Does its work and frees all that it made, also when it fails. What it found is written to `answer`, which is all
 * zeros. The same every time. */
typedef hb_status lack_task(uint8_t answer[], hb_error *error);

#define LACK_ANSWER 160000

/* Runs the task until it finds all memory that it asks for: the n-th request is refused, n = 0, 1 ..., first with all
 * that follow and then alone. It must fail with HB_OUT_OF_MEMORY and a sentence, or answer as if nothing were missing;
 * memory, mappings and open files must be as many as before. Linked with allocations.c. */
void lack_try(const char *name, lack_task *task);

#endif
