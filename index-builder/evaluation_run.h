/* evaluation_run.h: computes an evaluation, on several threads. */
#ifndef EVALUATION_RUN_H
#define EVALUATION_RUN_H

#include "evaluation.h"

/* Fills in the answer. `queries` must be from 1 to the number of images. Free with evaluation_free, also after a
 * failure. */
hb_status evaluation_run(evaluation *e, hb_error *error);

#endif
