/* head_file.h: a head from a file, or by its name from a model (hb_head_open). Not in the browser. */
#ifndef HB_MODEL_HEAD_FILE_H
#define HB_MODEL_HEAD_FILE_H

#include "model/safetensors.h"
#include "vector/head.h"

/* A head from a safetensors file: tensor "weight" [d][512] and, optional, "bias" [d], both f32; d 1..HB_DIM_MAX. */
hb_status hb_head_from_file(const hb_safetensors *file, hb_head **out, hb_error *error);

#endif
