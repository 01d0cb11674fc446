/* weights_read.h: reads weights from a safetensors file, the project's own or torchvision's. */
#ifndef HB_MODEL_WEIGHTS_READ_H
#define HB_MODEL_WEIGHTS_READ_H

#include "model/weights.h"

/* Reads either of the two kinds of file (see hb_model_open). The pointers may lead into the file's bytes, which must
 * outlive the result. */
hb_status hb_weights_read(const hb_safetensors *file, hb_weights *out, hb_error *error);

#endif
