/* evaluation_classes.h: the images of each label, and averages over them. */
#ifndef EVALUATION_CLASSES_H
#define EVALUATION_CLASSES_H

#include "evaluation.h"

/* Sets classes, class_of and class_count. */
hb_status evaluation_find_classes(evaluation *e, hb_error *error);
/* Averages `figures`, over queries and over classes, so that large classes do not weigh more. */
void evaluation_summarise(evaluation *e);

#endif
