/* network_i8.h: the int8 network without XNNPACK, for the wasm builds: from the preprocessed input to the 512 pooled
 * features, the same bits as every implementation of quantization.h. */
#ifndef HB_INT8_NETWORK_I8_H
#define HB_INT8_NETWORK_I8_H

#include "int8/feature_map.h"

/* A network for one picture at a time: 11 MB of packed weights, less than 0.6 MB of maps, and scratch, of 0.6 MB and
 * for every further member of a team 0.3 MB more. */
typedef struct hb_network_i8 hb_network_i8;

/* Packs the weights, which must be sound (hb_quantized_is_sound; reading and making a model see to it); `quantized` may
 * go afterwards. `form` is that of the products of bytes, or HB_I8_WIDE for products of int16: any of them natively, in
 * wasm HB_I8_WIDE or hb_i8_form_here(). `team`, which shares the work and outlives the network, may be NULL. */
hb_status hb_network_i8_create(const hb_quantized *quantized, hb_i8_form form, hb_worker_team *team,
                               hb_network_i8 **out, hb_error *error);

/* From a quantized picture [224][224][3] to the pooled features. */
void hb_network_i8_run(hb_network_i8 *network, const int8_t *picture, float pooled[HB_POOLED_DIM]);

void hb_network_i8_free(hb_network_i8 *network);

#endif
