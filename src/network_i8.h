/* network_i8.h: the int8 network without XNNPACK, for the wasm builds: from the preprocessed input to the 512 pooled
 * features, the same bits as every implementation of quantized.h. */
#ifndef HB_NETWORK_I8_H
#define HB_NETWORK_I8_H

#include "map_i8.h"

/* A network for one thread: 11 MB of packed weights, and less than 0.6 MB of maps (twice that in HB_I8_WIDE). */
typedef struct hb_network_i8 hb_network_i8;

/* Packs the weights; `quantized` may go afterwards. Takes any form natively, in wasm HB_I8_WIDE or hb_i8_form_here().
 */
hb_status hb_network_i8_create(const hb_quantized *quantized, hb_i8_form form, hb_network_i8 **out, hb_error *error);

/* From [224][224][3] floats to the pooled features. */
void hb_network_i8_run(hb_network_i8 *network, const float *input, float pooled[HB_POOLED_DIM]);

void hb_network_i8_free(hb_network_i8 *network);

#endif
