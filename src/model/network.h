/* network.h: the network of a model, whoever computes it: XNNPACK (network_xnnpack.h), or in the browser, for the int8
 * one, the project's own kernels (network_i8.h), which give the same bits. */
#ifndef HB_MODEL_NETWORK_H
#define HB_MODEL_NETWORK_H

#include "base/worker_team.h"
#include "model/network_xnnpack.h"

/* A network for one picture at a time. */
typedef struct hb_network hb_network;

/* As hb_network_xnnpack_create. `team`, which outlives the network, may be NULL; XNNPACK does without it. */
hb_status hb_network_create(const hb_weights *weights, hb_packed_weights **packed, hb_worker_team *team,
                            hb_network **out, hb_error *error);

/* Threads that a run has, as far as they have come. */
uint32_t hb_network_threads(const hb_network *network);

/* Runs the network on a picture and returns its 512 pooled features, which stay valid until the next run. NULL if
 * XNNPACK fails. */
const float *hb_network_run(hb_network *network, const uint8_t crop[HB_CROP_BYTES]);

void hb_network_free(hb_network *network);

#endif
