/* synthetic.h: a ResNet-18 of random weights, as torchvision's file has them. */
#ifndef SYNTHETIC_H
#define SYNTHETIC_H

#include "model/weights.h"
#include "support.h"

/* A safetensors file with torchvision's 122 tensors. The convolutions keep the size of what flows through them, and
 * the batch norms have statistics that matter. As in the published file, the tensors lie at 2 mod 4 bytes. */
blob synthetic_weights(uint64_t seed);

/* Weights of i8 that are sound but of no use: codes up to the ends, scales that keep what flows through them within 8
 * bits, zeros and biases of all kinds. The caller frees. */
hb_weights synthetic_quantized(uint64_t seed);

/* Pictures as hb_image_center_crop makes them, one behind the other. The caller frees. */
uint8_t *synthetic_crops(uint32_t count, uint64_t seed);

/* The three files that make_weights has written: torchvision's layout, the project's own made of it, and that in i8. */
const char *weights_path(void);
const char *model_path(void);
const char *model_i8_path(void);
/* Opens the second of them; the test fails if that is not possible. The caller frees. */
hb_model *open_model(void);

#endif
