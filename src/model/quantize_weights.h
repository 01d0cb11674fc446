/* quantize_weights.h: from f32 weights to 8 bits. Not in the browser. */
#ifndef HB_MODEL_QUANTIZE_WEIGHTS_H
#define HB_MODEL_QUANTIZE_WEIGHTS_H

#include "model/activation_range.h"
#include "model/weights.h"

/* The weights, f32 and finite, in 8 bits, for maps of these quantizations: kernels a scale a channel, fc a scale a row.
 * Fails if the result would not be sound (see quantization.h). */
hb_status hb_quantize_weights(const hb_weights *weights, const hb_quantization maps[HB_MAP_COUNT], hb_weights *out,
                              hb_error *error);

#endif
