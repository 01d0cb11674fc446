/* weights_write.h: writes weights to a file of the project's own kind. The browser does not have it. */
#ifndef HB_MODEL_WEIGHTS_WRITE_H
#define HB_MODEL_WEIGHTS_WRITE_H

#include "model/weights.h"

/* Writes a file that hb_weights_read can read. Compact weights may be without fc (NULL), and then the file is. */
hb_status hb_weights_write(const hb_weights *weights, const char *path, hb_error *error);

#endif
