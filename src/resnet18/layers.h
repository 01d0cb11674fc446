/* layers.h: what lies between the convolutions, in f32 and in 8 bits. quantization.h describes the latter. */
#ifndef HB_RESNET18_LAYERS_H
#define HB_RESNET18_LAYERS_H

#include "resnet18/plan.h"

/* They pool 3 x 3 maxima with stride 2 and padding 1, from [2 * side][2 * side][channels] to [side][side][channels]. */
void hb_layer_max_pool_f32(const float *in, uint32_t side, uint32_t channels, float *out);
void hb_layer_max_pool_i8(const int8_t *in, uint32_t side, uint32_t channels, int8_t *out);

/* Computes max(0, a + b); `out` may be `b`. */
void hb_layer_add_relu_f32(const float *a, const float *b, size_t count, float *out);

/* Adds quantized numbers; `own` of the sum belongs to `a`. `out` may be `b`. */
void hb_layer_add_i8(const hb_sum_i8 *sum, const int8_t *a, const int8_t *b, size_t count, int8_t *out);

/* They take the mean of every channel over the pixels of [side][side][channels], at most HB_POOLED_DIM channels. */
void hb_layer_mean_f32(const float *restrict in, uint32_t side, uint32_t channels, float *restrict means);
void hb_layer_mean_i8(const int8_t *in, uint32_t side, uint32_t channels, hb_quantization quantization, float *means);

#endif
