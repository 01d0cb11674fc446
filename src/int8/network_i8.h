/* network_i8.h: the int8 network without XNNPACK, for the wasm builds. It computes the features from the preprocessed
 * input, in the arithmetic of quantization.h, bit for bit. */
#ifndef HB_INT8_NETWORK_I8_H
#define HB_INT8_NETWORK_I8_H

#include "int8/feature_map.h"

/* A network computes one picture at a time. It has 11 MB of packed weights, less than 0.6 MB of feature maps, and 0.6
 * MB of scratch, to which every further member of a team adds 0.3 MB. */
typedef struct hb_network_i8 hb_network_i8;

/* Packs the weights, after which `quantized` may go. They must be sound (hb_quantized_is_sound), as those of a model
 * that was read or made always are. `form` is that of the products: natively any, in wasm HB_I8_WIDE or
 * hb_i8_form_here(). `team` shares the work and must outlive the network; it may be NULL. */
hb_status hb_network_i8_create(const hb_quantized *quantized, hb_i8_form form, hb_worker_team *team,
                               hb_network_i8 **out, hb_error *error);

/* Computes the features of a quantized picture [224][224][3]. */
void hb_network_i8_run(hb_network_i8 *network, const int8_t *picture, float features[HB_FEATURES_DIM]);

/* `network` may be NULL. */
void hb_network_i8_free(hb_network_i8 *network);

#endif
