/* network.h: the network of a model, whoever computes it: XNNPACK (resnet18.h), or in the browser, for the int8 one,
 * the project's own kernels (network_i8.h), which give the same bits. */
#ifndef HB_NETWORK_H
#define HB_NETWORK_H

#include "resnet18.h"

/* A network for one thread. */
typedef struct hb_network hb_network;

/* As hb_resnet18_create. */
hb_status hb_network_create(const hb_weights *weights, hb_packed_weights **packed, hb_network **out, hb_error *error);

/* Runs the network on a picture and returns its 512 pooled features, which stay valid until the next run. NULL if
 * XNNPACK fails. */
const float *hb_network_run(hb_network *network, const uint8_t crop[HB_INPUT_BYTES]);

void hb_network_free(hb_network *network);

#endif
