/* reference_network_i8.h: the network in 8 bits as quantization.h spells it out, one number after the other. */
#ifndef REFERENCE_NETWORK_I8_H
#define REFERENCE_NETWORK_I8_H

#include "model/weights.h"

/* crop [224][224][3], features [768]: the means of layer4, then those of layer3 */
void reference_network_i8(const hb_quantized *quantized, const uint8_t *crop, float *features);

#endif
