/* synthetic_i8.h: a random int8 network whose numbers keep their size on the way through. */
#ifndef SYNTHETIC_I8_H
#define SYNTHETIC_I8_H

#include "base/random.h"
#include "resnet18/quantization.h"

/* Weights are -limit .. limit. The caller frees *memory, which is behind the pointers. */
hb_quantized synthetic_i8(uint64_t seed, int32_t limit, void **memory);

/* The same numbers on every machine. */
int32_t random_between(hb_random *random, int32_t least, int32_t most);
void random_picture(hb_random *random, int8_t *picture);

#endif
