#include "xnnpack_i8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#define PICTURE (224 * 224 * 3)

static void check(enum xnn_status status, const char *what) {
  if (status == xnn_status_success) return;
  fprintf(stderr, "XNNPACK: %s failed with status %d\n", what, (int)status);
  abort();
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + XNN_EXTRA_BYTES + 63) / 64 * 64);
  if (memory == NULL) abort();
  memset(memory, 0, bytes + XNN_EXTRA_BYTES);
  return memory;
}

static xnnpack_step step_of(uint32_t side, uint32_t channels) {
  check(xnn_initialize(NULL), "xnn_initialize");
  return (xnnpack_step){NULL, allocate((size_t)side * side * channels), side, channels, NULL};
}

xnnpack_step xnnpack_conv(const hb_conv_spec *s, const int8_t *kernel, const float *kernel_scale, const int32_t *bias,
                          hb_quantization in, hb_quantization out, const int8_t *input, uint32_t side) {
  xnnpack_step step = step_of(side / s->stride, s->out);
  const uint32_t padding = s->kernel / 2;
  size_t workspace, alignment, height, width;
  check(xnn_create_convolution2d_nhwc_qs8_qc8w(padding, padding, padding, padding, s->kernel, s->kernel, s->stride,
                                               s->stride, 1, 1, 1, s->in, s->out, s->in, s->out, (int8_t)in.zero,
                                               in.scale, kernel_scale, kernel, bias, (int8_t)out.zero, out.scale, -128,
                                               127, 0, NULL, NULL, &step.operator),
        "a convolution");
  check(xnn_reshape_convolution2d_nhwc_qs8_qc8w(step.operator, 1, side, side, &workspace, &alignment, &height, &width,
                                                NULL),
        "a convolution's shape");
  step.workspace = allocate(workspace);
  check(xnn_setup_convolution2d_nhwc_qs8_qc8w(step.operator, step.workspace, input, step.output), "its set-up");
  return step;
}

xnnpack_step xnnpack_add(hb_quantization a_quantization, hb_quantization b_quantization, hb_quantization out,
                         const int8_t *a, const int8_t *b, uint32_t side, uint32_t channels) {
  xnnpack_step step = step_of(side, channels);
  const struct xnn_quantization_params qa = {a_quantization.zero, a_quantization.scale},
                                       qb = {b_quantization.zero, b_quantization.scale}, qo = {out.zero, out.scale};
  const size_t shape[1] = {(size_t)side * side * channels};
  check(xnn_create_binary_elementwise_nd(xnn_binary_add, xnn_datatype_qint8, &qa, &qb, &qo, 0, &step.operator),
        "an addition");
  check(xnn_reshape_binary_elementwise_nd(step.operator, 1, shape, 1, shape, NULL), "an addition's shape");
  check(xnn_setup_binary_elementwise_nd(step.operator, a, b, step.output), "its set-up");
  return step;
}

xnnpack_step xnnpack_max_pool(const int8_t *input, uint32_t side, uint32_t channels) {
  xnnpack_step step = step_of(side / 2, channels);
  size_t height, width;
  check(xnn_create_max_pooling2d_nhwc_s8(1, 1, 1, 1, 3, 3, 2, 2, 1, 1, -128, 127, 0, &step.operator), "max pooling");
  check(xnn_reshape_max_pooling2d_nhwc_s8(step.operator, 1, side, side, channels, channels, channels, &height, &width,
                                          NULL),
        "max pooling's shape");
  check(xnn_setup_max_pooling2d_nhwc_s8(step.operator, input, step.output), "its set-up");
  return step;
}

void xnnpack_run(const xnnpack_step *step) { check(xnn_run_operator(step->operator, NULL), "a run"); }

void xnnpack_free(xnnpack_step *step) {
  xnn_delete_operator(step->operator);
  free(step->output);
  free(step->workspace);
  *step = (xnnpack_step){0};
}

/* ---- The network ---- */

/* What is being drawn: the network, and the last step. */
typedef struct {
  xnnpack_network *network;
  int count;
} drawing;

static int put(drawing *d, xnnpack_step step) {
  d->network->steps[d->count] = step;
  return d->count++;
}

/* Convolution c of what `input` made. */
static int put_conv(drawing *d, int c, int input, hb_quantization quantization) {
  const hb_quantized *q = d->network->quantized;
  const xnnpack_step *from = input < 0 ? NULL : &d->network->steps[input];
  const int8_t *numbers = from == NULL ? d->network->input : from->output;
  return d->network->convs[c] =
             put(d, xnnpack_conv(&hb_conv_specs[c], q->kernel[c], q->kernel_scale[c], q->bias[c], quantization,
                                 q->conv[c], numbers, from == NULL ? 224 : from->side));
}

static int put_block(drawing *d, int c, int block, int input, hb_quantization quantization) {
  const hb_quantized *q = d->network->quantized;
  const bool downsampled = c + 2 < HB_CONV_COUNT && hb_conv_specs[c + 2].kernel == 1;
  const int branch = put_conv(d, c + 1, put_conv(d, c, input, quantization), q->conv[c]);
  const int other = downsampled ? put_conv(d, c + 2, input, quantization) : input;
  const xnnpack_step *a = &d->network->steps[branch], *b = &d->network->steps[other];
  return put(d, xnnpack_add(q->conv[c + 1], downsampled ? q->conv[c + 2] : quantization, q->block[block], a->output,
                            b->output, a->side, a->channels));
}

void xnnpack_network_create(const hb_quantized *q, xnnpack_network *out) {
  *out = (xnnpack_network){.input = allocate(PICTURE), .quantized = q};
  drawing d = {out, 0};
  const int stem = put_conv(&d, 0, -1, q->input);
  int x = out->pool = put(&d, xnnpack_max_pool(out->steps[stem].output, out->steps[stem].side, 64));
  for (int c = 1, block = 0; block < HB_BLOCK_COUNT; block++) {
    x = out->blocks[block] = put_block(&d, c, block, x, block == 0 ? q->conv[0] : q->block[block - 1]);
    c += c + 2 < HB_CONV_COUNT && hb_conv_specs[c + 2].kernel == 1 ? 3 : 2;
  }
}

/* The means of a block's output. */
static void mean(const xnnpack_network *network, int block, float *means) {
  const xnnpack_step *step = &network->steps[network->blocks[block]];
  const hb_quantization q = network->quantized->block[block];
  const size_t area = (size_t)step->side * step->side;
  for (size_t c = 0; c < step->channels; c++) {
    int32_t sum = 0;
    for (size_t p = 0; p < area; p++) sum += step->output[p * step->channels + c] - q.zero;
    means[c] = (float)sum * (q.scale / (float)area);
  }
}

void xnnpack_network_run(xnnpack_network *network, const int8_t *picture, float features[HB_FEATURES_DIM]) {
  memcpy(network->input, picture, PICTURE);
  for (int i = 0; i < XNNPACK_STEPS; i++) xnnpack_run(&network->steps[i]);
  mean(network, 7, features);       /* layer4 */
  mean(network, 5, features + 512); /* layer3 */
}

void xnnpack_network_free(xnnpack_network *network) {
  for (int i = 0; i < XNNPACK_STEPS; i++) xnnpack_free(&network->steps[i]);
  free(network->input);
}
