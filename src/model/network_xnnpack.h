/* network_xnnpack.h: the network, from a picture to the 512 pooled features, with XNNPACK's convolutions. */
#ifndef HB_MODEL_NETWORK_XNNPACK_H
#define HB_MODEL_NETWORK_XNNPACK_H

#include "image/resize.h"
#include "model/packed_weights.h"
#include "model/weights.h"

/* A network for one thread. */
typedef struct hb_resnet18 hb_resnet18;

/* Packs the weights, or takes them from *packed, which the first call creates (NULL before) and which must outlive all
 * networks. The weights themselves must live until the last network is created. */
hb_status hb_resnet18_create(const hb_weights *weights, hb_packed_weights **packed, hb_resnet18 **out, hb_error *error);

/* Takes a picture as the input of the next run. */
void hb_resnet18_show(hb_resnet18 *network, const uint8_t crop[HB_INPUT_BYTES]);
/* The input itself, for callers that make their own: [224][224][3], owned by the network; NULL unless the network
 * computes in f32. */
float *hb_resnet18_input(hb_resnet18 *network);

/* Runs the network and returns its 512 pooled features, which stay valid until the next run. NULL if XNNPACK fails. */
const float *hb_resnet18_run(hb_resnet18 *network);

/* The same, and tells of every map that quantization.h counts as soon as it is there: `numbers` are floats, or int8. */
typedef void (*hb_map_observer)(void *context, uint32_t map, const void *numbers, size_t count);
const float *hb_resnet18_run_observed(hb_resnet18 *network, hb_map_observer observer, void *context);

void hb_resnet18_free(hb_resnet18 *network);

#endif
