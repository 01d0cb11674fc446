/* synthetic.h: a ResNet-18 of random weights, as torchvision's file has them. */
#ifndef SYNTHETIC_H
#define SYNTHETIC_H

#include "support.h"

/* A safetensors file with torchvision's 122 tensors. The convolutions keep the size of what flows through them, and
 * the batch norms have statistics that matter. As in the published file, the tensors lie at 2 mod 4 bytes. */
blob synthetic_weights(uint64_t seed);

/* The two files that make_weights has written: torchvision's layout, and the project's own made of it. */
const char *weights_path(void);
const char *model_path(void);
/* Opens the second; the test fails if that is not possible. The caller frees. */
hb_model *open_model(void);

#endif
