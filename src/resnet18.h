/* resnet18.h: the network on XNNPACK, from the preprocessed input to the 512 pooled features. */
#ifndef HB_RESNET18_H
#define HB_RESNET18_H

#include "error.h"
#include "weights.h"

/* Weights as XNNPACK packs them, shared by all networks of one model. In the browser there is one network and no
 * sharing: XNNPACK's cache would hold the weights twice while it grows. */
typedef struct hb_packed_weights hb_packed_weights;
void hb_packed_weights_free(hb_packed_weights *packed);

/* A network for one thread. */
typedef struct hb_resnet18 hb_resnet18;

/* Builds the graph and packs the weights, or takes them from *packed, which the first call creates (NULL before) and
 * which must outlive all networks. The weights themselves must live until the last network is created. */
hb_status hb_resnet18_create(const hb_weights *weights, hb_packed_weights **packed, hb_resnet18 **out, hb_error *error);

/* Where to put the input: [224][224][3] floats, owned by the network. */
float *hb_resnet18_input(hb_resnet18 *network);

/* Runs the network and returns its 512 pooled features, which stay valid until the next run. NULL if XNNPACK fails. */
const float *hb_resnet18_run(hb_resnet18 *network);

void hb_resnet18_free(hb_resnet18 *network);

#endif
