/* weights_write.h: weights into the project's own file. Not in the browser. */
#ifndef HB_MODEL_WEIGHTS_WRITE_H
#define HB_MODEL_WEIGHTS_WRITE_H

#include "model/weights.h"

/* Writes a file that hb_weights_read takes. */
hb_status hb_weights_write(const hb_weights *weights, const char *path, hb_error *error);

#endif
