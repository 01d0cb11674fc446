/* head_file.h: reads a head from a file, or makes it by its name from a model (hb_head_open). The browser does not have
 * it. */
#ifndef HB_MODEL_HEAD_FILE_H
#define HB_MODEL_HEAD_FILE_H

#include "model/safetensors.h"
#include "vector/head.h"

/* Reads a head from a safetensors file. It has a tensor "weight" [d][512], for the features of layer4, or [d][768], for
 * prepared ones of layer4 and layer3, and may have a tensor "bias" [d], both in f32. d is from 1 to HB_DIM_MAX. Its
 * metadata may name the features, as index.json does. */
hb_status hb_head_from_file(const hb_safetensors *file, hb_head **out, hb_error *error);

#endif
