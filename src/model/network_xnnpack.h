/* network_xnnpack.h: the network, from a picture to the 512 pooled features, with XNNPACK's convolutions. */
#ifndef HB_MODEL_NETWORK_XNNPACK_H
#define HB_MODEL_NETWORK_XNNPACK_H

#include "model/packed_weights.h"
#include "model/weights.h"

/* A network for one thread. */
typedef struct hb_network_xnnpack hb_network_xnnpack;

/* Packs the weights, or takes them from *packed, which the first call creates (NULL before) and which must outlive all
 * networks. The weights themselves must live until the last network is created. */
hb_status hb_network_xnnpack_create(const hb_weights *weights, hb_packed_weights **packed, hb_network_xnnpack **out,
                                    hb_error *error);

/* Takes a picture as the input of the next run. */
void hb_network_xnnpack_set_picture(hb_network_xnnpack *network, const uint8_t crop[HB_CROP_BYTES]);
/* The input itself, for callers that make their own: [224][224][3], owned by the network; NULL unless the network
 * computes in f32. */
float *hb_network_xnnpack_input(hb_network_xnnpack *network);

/* Runs the network and returns its 512 pooled features, which stay valid until the next run. NULL if XNNPACK fails. */
const float *hb_network_xnnpack_run(hb_network_xnnpack *network);

/* The same, and tells of every map that quantization.h counts as soon as it is there: `numbers` are floats, or int8. */
typedef void (*hb_activation_recorder)(void *context, uint32_t map, const void *numbers, size_t count);
const float *hb_network_xnnpack_run_recorded(hb_network_xnnpack *network, hb_activation_recorder recorder,
                                             void *context);

void hb_network_xnnpack_free(hb_network_xnnpack *network);

#endif
