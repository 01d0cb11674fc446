/* input.h: a crop as the network's input: (x / 255 - mean) / std, a channel at a time, as torchvision does it. */
#ifndef HB_RESNET18_INPUT_H
#define HB_RESNET18_INPUT_H

#include "resnet18/quantization.h"

/* Into [224][224][3] floats. */
void hb_input_normalize(const uint8_t crop[HB_CROP_BYTES], float *input);

/* Into as many numbers of 8 bits. */
void hb_input_quantize(const uint8_t crop[HB_CROP_BYTES], hb_quantization quantization, int8_t *input);

#endif
