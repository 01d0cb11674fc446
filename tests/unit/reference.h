/* reference.h: ResNet-18 as the paper draws it, one convolution after the other, added up in double. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "model/weights.h"

/* input [224][224][3], features [768]: the means of layer4, then those of layer3 */
void reference_network(const hb_weights *weights, const float *input, double *features);

#endif
