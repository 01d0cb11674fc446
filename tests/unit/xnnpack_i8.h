/* xnnpack_i8.h: the int8 network of XNNPACK's operators, each by itself; for tests and benchmarks. Mistakes abort. */
#ifndef XNNPACK_I8_H
#define XNNPACK_I8_H

#include <stddef.h>

#include "resnet18/quantization.h"

typedef struct xnn_operator *xnn_operator_t;

/* An operator with memory of its own for what it makes, [side][side][channels]. */
typedef struct {
  xnn_operator_t operator;
  int8_t *output;
  uint32_t side, channels;
  void *workspace;
} xnnpack_step;

/* A convolution of [side][side][in]. */
xnnpack_step xnnpack_conv(const hb_conv_spec *spec, const int8_t *kernel, const float *kernel_scale,
                          const int32_t *bias, hb_quantization input_quantization, hb_quantization output_quantization,
                          const int8_t *input, uint32_t side);
/* a + b, of the size of `a`, which is [side][side][channels]. */
xnnpack_step xnnpack_add(hb_quantization a_quantization, hb_quantization b_quantization,
                         hb_quantization output_quantization, const int8_t *a, const int8_t *b, uint32_t side,
                         uint32_t channels);
/* 3 x 3 at a stride of 2. */
xnnpack_step xnnpack_max_pool(const int8_t *input, uint32_t side, uint32_t channels);
void xnnpack_run(const xnnpack_step *step);
void xnnpack_free(xnnpack_step *step);

/* All of the network, in the order of execution. */
#define XNNPACK_STEPS (HB_CONV_COUNT + HB_BLOCK_COUNT + 1)

typedef struct {
  int8_t *input; /* [224][224][3] */
  xnnpack_step steps[XNNPACK_STEPS];
  int convs[HB_CONV_COUNT], blocks[HB_BLOCK_COUNT], pool; /* which steps they are */
  const hb_quantized *quantized;
} xnnpack_network;

void xnnpack_network_create(const hb_quantized *quantized, xnnpack_network *out);
void xnnpack_network_run(xnnpack_network *network, const int8_t *picture, float features[HB_FEATURES_DIM]);
void xnnpack_network_free(xnnpack_network *network);

#endif
