/* round_network.h: rounds the kernels of a network to a few levels, layer after layer. The browser does not have it. */
#ifndef HB_MODEL_ROUND_NETWORK_H
#define HB_MODEL_ROUND_NETWORK_H

#include "model/weights.h"

/* Returns the levels of a convolution if those of most 3 x 3 kernels have `levels`. The first layers have few weights,
 * and all that follows sees their errors; a 1 x 1 kernel has few taps that could make up for each other. So they have
 * more. At 12, which this was measured with, layer1 has 24, layer2 20, and 1 x 1 kernels have 64. */
uint32_t hb_round_levels(const hb_conv_spec *spec, uint32_t levels);

/* Rounds the first `layers` convolutions of f32 weights (all are HB_CONV_COUNT): `rounded` has kernels whose numbers
 * are step * code (see round_kernel.h), and biases that make up for the mean change of the outputs. `steps` has one
 * step for each output channel of each convolution in turn. Uses the crops that hb_model_to_i8 does not hold out, at
 * most 256 of them, and calibration->threads. The caller frees `rounded`, whose id is not set. */
hb_status hb_round_network(const hb_weights *weights, int layers, const hb_calibration *calibration,
                           hb_weights *rounded, float *steps, hb_error *error);

/* Every fourth picture is held out, to compare methods on it. */
static inline bool hb_calibration_holds_out(uint32_t picture) { return picture % 4 == 3; }

#endif
