#include "model/network.h"

#include <stdlib.h>

#include "int8/network_i8.h"
#include "resnet18/input.h"

/* Natively XNNPACK is faster, as it has kernels for every machine's widest products. */
#ifdef __wasm__
#define OWN_I8_IS_FASTER true
#else
#define OWN_I8_IS_FASTER false
#endif

struct hb_network {
  hb_worker_team *team;
  hb_network_xnnpack *xnnpack; /* NULL if `own` computes the network */
  hb_network_i8 *own;          /* NULL if `xnnpack` does; only `own` uses the rest */
  hb_quantization input;
  int8_t *picture; /* [224][224][3] */
  float features[HB_FEATURES_DIM];
};

static hb_status create_own(const hb_weights *weights, hb_network *network, hb_error *error) {
  network->input = weights->quantized.input;
  network->picture = malloc(HB_CROP_BYTES);
  if (network->picture == NULL) return hb_fail_memory(error);
  return hb_network_i8_create(&weights->quantized, hb_i8_form_here(), network->team, &network->own, error);
}

hb_status hb_network_create(const hb_weights *weights, hb_packed_weights **packed, hb_worker_team *team,
                            hb_network **out, hb_error *error) {
  hb_network *network = calloc(1, sizeof *network);
  if (network == NULL) return hb_fail_memory(error);
  network->team = team;
  hb_status status = OWN_I8_IS_FASTER && weights->precision == HB_PRECISION_I8
                         ? create_own(weights, network, error)
                         : hb_network_xnnpack_create(weights, packed, &network->xnnpack, error);
  if (status != HB_OK) return hb_network_free(network), status;
  *out = network;
  return HB_OK;
}

uint32_t hb_network_threads(const hb_network *network) {
  return network->own != NULL ? hb_worker_team_present(network->team) : 1;
}

const float *hb_network_run(hb_network *network, const uint8_t crop[HB_CROP_BYTES]) {
  if (network->own == NULL) {
    hb_network_xnnpack_set_picture(network->xnnpack, crop);
    return hb_network_xnnpack_run(network->xnnpack);
  }
  hb_input_quantize(crop, network->input, network->picture);
  hb_network_i8_run(network->own, network->picture, network->features);
  return network->features;
}

void hb_network_free(hb_network *network) {
  if (network == NULL) return;
  hb_network_xnnpack_free(network->xnnpack);
  hb_network_i8_free(network->own);
  free(network->picture);
  free(network);
}
