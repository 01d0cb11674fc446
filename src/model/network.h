/* network.h: the network of a model. XNNPACK computes it (network_xnnpack.h), except the int8 network in the browser,
 * which the project's own kernels compute (network_i8.h), with XNNPACK's bits. */
#ifndef HB_MODEL_NETWORK_H
#define HB_MODEL_NETWORK_H

#include "base/worker_team.h"
#include "model/network_xnnpack.h"

/* A network computes one picture at a time. */
typedef struct hb_network hb_network;

/* Creates a network like hb_network_xnnpack_create. `team` must outlive the network and may be NULL; XNNPACK does not
 * use it. */
hb_status hb_network_create(const hb_weights *weights, hb_packed_weights **packed, hb_worker_team *team,
                            hb_network **out, hb_error *error);

/* Returns how many threads share a run; helpers count once they have joined the team. */
uint32_t hb_network_threads(const hb_network *network);

/* Runs the network on a picture and returns its HB_FEATURES_DIM features, which stay valid until the next run. Returns
 * NULL if XNNPACK fails. */
const float *hb_network_run(hb_network *network, const uint8_t crop[HB_CROP_BYTES]);

void hb_network_free(hb_network *network);

#endif
