/* input.h: turns a crop [224][224][3] into the network's input: (x / 255 - mean) / std of each channel, with
 * torchvision's constants. */
#ifndef HB_RESNET18_INPUT_H
#define HB_RESNET18_INPUT_H

#include "resnet18/quantization.h"

/* Writes [224][224][3] floats. */
void hb_input_normalize(const uint8_t crop[HB_CROP_BYTES], float *input);

/* Writes [224][224][3] quantized numbers. */
void hb_input_quantize(const uint8_t crop[HB_CROP_BYTES], hb_quantization quantization, int8_t *input);

#endif
