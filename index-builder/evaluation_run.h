/* evaluation_run.h: asks a bundle all questions of an evaluation, on several threads. */
#ifndef EVALUATION_RUN_H
#define EVALUATION_RUN_H

#include "evaluation.h"

/* Answers the question, of which 1 <= queries <= count. Free with evaluation_free, also after a failure. */
hb_status evaluation_run(evaluation *e, hb_error *error);

#endif
