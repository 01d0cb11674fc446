/* eval_output.h: prints an evaluation as text, as JSON and as a page. */
#ifndef EVAL_OUTPUT_H
#define EVAL_OUTPUT_H

#include "base/text.h"
#include "evaluation.h"

void eval_print_text(const evaluation *e);
/* With `images`, also prints a line for each query. */
void eval_print_json(const evaluation *e, bool images);

/* Writes an HTML file that needs no other files but the pictures. `picture_url` is their address, with {path} in it;
 * NULL stands for the address that the bundle has. */
hb_status eval_write_html(const evaluation *e, const char *file, const char *picture_url, hb_error *error);

/* Adds to the page the `most` queries with the worst answers, as pictures. */
hb_status eval_add_worst(hb_text *t, const evaluation *e, const char *picture_url, uint32_t most, hb_error *error);

#endif
