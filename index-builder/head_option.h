/* head_option.h: the heads as --head names them. */
#ifndef HEAD_OPTION_H
#define HEAD_OPTION_H

#include <heybagh.h>

/* "logits", "exact", "svd:D" with D 1..513, or a file that is there; false for everything else. *dim is 0 for a file,
 * which must be opened to know. */
bool head_option_parse(const char *name, hb_head_kind *kind, uint32_t *dim);

#endif
