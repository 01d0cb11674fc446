/* weights_import.h: reads torchvision's own weight file, and folds batch norm into the convolutions. */
#ifndef HB_MODEL_WEIGHTS_IMPORT_H
#define HB_MODEL_WEIGHTS_IMPORT_H

#include "model/weights.h"

/* Reads a file with torchvision's 122 tensors (num_batches_tracked is of no use after training). The pointers may lead
 * into the file's bytes, which must outlive the result. */
hb_status hb_weights_import(const hb_safetensors *file, hb_weights *out, hb_error *error);

#endif
