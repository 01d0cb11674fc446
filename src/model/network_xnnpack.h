/* network_xnnpack.h: computes the features of a picture with XNNPACK's convolutions. */
#ifndef HB_MODEL_NETWORK_XNNPACK_H
#define HB_MODEL_NETWORK_XNNPACK_H

#include "model/packed_weights.h"
#include "model/weights.h"

/* Only one thread at a time may use a network. */
typedef struct hb_network_xnnpack hb_network_xnnpack;

/* Packs the weights, or takes them from *packed if they are there. *packed is NULL before the first call, which creates
 * it, and must outlive all networks. The weights themselves must live until the last network is created. */
hb_status hb_network_xnnpack_create(const hb_weights *weights, hb_packed_weights **packed, hb_network_xnnpack **out,
                                    hb_error *error);

/* Sets the input of the next run. */
void hb_network_xnnpack_set_picture(hb_network_xnnpack *network, const uint8_t crop[HB_CROP_BYTES]);
/* Returns the input [224][224][3], for callers that fill it themselves. The network owns it. Returns NULL unless the
 * network computes in f32. */
float *hb_network_xnnpack_input(hb_network_xnnpack *network);

/* Runs the network and returns its HB_FEATURES_DIM features, which stay valid until the next run. Returns NULL if
 * XNNPACK fails. */
const float *hb_network_xnnpack_run(hb_network_xnnpack *network);

/* Runs the network like hb_network_xnnpack_run, and calls the recorder for every feature map of architecture.h as soon
 * as it is computed. `map` is its number, and `numbers` are floats, or int8 in an int8 network. */
typedef void (*hb_activation_recorder)(void *context, uint32_t map, const void *numbers, size_t count);
const float *hb_network_xnnpack_run_recorded(hb_network_xnnpack *network, hb_activation_recorder recorder,
                                             void *context);

/* Runs the network as far as a feature map of architecture.h and returns its numbers, which stay valid until the next
 * run; the stem's are pooled. Returns NULL if XNNPACK fails. */
const void *hb_network_xnnpack_map(hb_network_xnnpack *network, uint32_t map);

void hb_network_xnnpack_free(hb_network_xnnpack *network);

#endif
