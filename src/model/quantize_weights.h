/* quantize_weights.h: converts f32 weights to 8 bits. The browser does not have it. */
#ifndef HB_MODEL_QUANTIZE_WEIGHTS_H
#define HB_MODEL_QUANTIZE_WEIGHTS_H

#include "model/activation_range.h"
#include "model/weights.h"

/* Quantizes weights, which must be f32 and finite, for feature maps with these quantizations. A kernel gets a scale for
 * each output channel, fc one for each row. Kernels that are rounded already have `steps`, one for each channel of each
 * convolution in turn (see round_network.h), and get those as scales, and a compact file; else it is NULL. Fails if the
 * result would not be sound (see quantization.h). */
hb_status hb_quantize_weights(const hb_weights *weights, const float *steps, const hb_quantization maps[HB_MAP_COUNT],
                              hb_weights *out, hb_error *error);

#endif
