/* reference_i8.h: the arithmetic of quantization.h, word for word, a number at a time. Maps are [side][side][channels]
 * without a border. */
#ifndef REFERENCE_I8_H
#define REFERENCE_I8_H

#include "resnet18/quantization.h"

void reference_conv_i8(const hb_conv_spec *spec, const int8_t *kernel, const float *kernel_scale, const int32_t *bias,
                       hb_quantization input_quantization, hb_quantization output_quantization, const int8_t *input,
                       uint32_t side, int8_t *output);
void reference_add_i8(hb_quantization a, hb_quantization b, hb_quantization out, const int8_t *x, const int8_t *y,
                      size_t count, int8_t *output);
void reference_max_pool_i8(const int8_t *input, uint32_t side, uint32_t channels, int8_t *output);

#endif
