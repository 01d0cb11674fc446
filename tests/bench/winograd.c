/* bench-winograd: the 3 x 3 convolutions of stride 1 of ResNet-18, one of each shape, by Winograd (winograd_i8.h) and
 * by XNNPACK's qs8_qc8w operator. In wasm web_winograd.mjs calls the exports and takes the time; natively it prints a
 * hash of each output, which must be that of every other build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "base/random.h"
#include "int8/winograd_i8.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name)
#endif

#define LAYERS 4
#define INPUT_SCALE 0.05f
#define OUTPUT_SCALE 0.1f

enum { WINOGRAD, WINOGRAD_SUM, XNNPACK, KINDS };

typedef struct {
  hb_winograd_i8 conv;
  void *packed, *scratch;
  hb_winograd_map bordered, output; /* bordered: the input */
  int8_t *plain;                    /* the input without a border */
  xnn_operator_t operator;
  hb_winograd_sum sum;
} layer;

static layer layers[LAYERS];

static void check(bool fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "bench-winograd: %s failed\n", what);
  abort();
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  check(memory != NULL, "memory");
  return memset(memory, 0, bytes);
}

static int32_t spread(hb_random *random, int32_t most) {
  return (int32_t)hb_random_below(random, (uint32_t)(2 * most + 1)) - most;
}

/* Half of the input is 0, as after a ReLU. */
static void make_input(layer *l, hb_random *random) {
  const uint32_t side = l->conv.side, channels = l->conv.in;
  const size_t row = (size_t)side * channels, stride = row + 2 * channels, bytes = stride * (side + 2);
  uint8_t *border = allocate(bytes);
  memset(border, l->conv.input_zero & 0xff, bytes);
  l->plain = allocate(row * side + XNN_EXTRA_BYTES);
  l->bordered = (hb_winograd_map){border + stride + channels, stride};
  for (size_t i = 0; i < row * side; i++) {
    const int32_t value = spread(random, 127);
    l->plain[i] = (int8_t)(value > 0 ? value * 2 - 128 : -128);
    l->bordered.pixels[i / row * stride + i % row] = (uint8_t)l->plain[i];
  }
}

static void make_operator(layer *l, const int8_t *kernel, const int32_t *bias, const float *kernel_scale) {
  const hb_winograd_i8 *c = &l->conv;
  size_t workspace, alignment;
  check(xnn_create_convolution2d_nhwc_qs8_qc8w(1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, c->in, c->out, c->in, c->out,
                                               (int8_t)c->input_zero, INPUT_SCALE, kernel_scale, kernel, bias,
                                               (int8_t)c->output_zero, OUTPUT_SCALE, -128, 127, 0, NULL, NULL,
                                               &l->operator) == xnn_status_success,
        "XNNPACK");
  check(xnn_reshape_convolution2d_nhwc_qs8_qc8w(l->operator, 1, c->side, c->side, &workspace, &alignment, NULL, NULL,
                                                NULL) == xnn_status_success,
        "XNNPACK");
  check(xnn_setup_convolution2d_nhwc_qs8_qc8w(l->operator, allocate(workspace), l->plain, (int8_t *)l->output.pixels) ==
            xnn_status_success,
        "XNNPACK");
}

static void make_layer(layer *l, uint32_t side, uint32_t channels) {
  hb_random random = {side};
  l->conv = (hb_winograd_i8){side, channels, channels, -128, -128, 0};
  const size_t taps = (size_t)9 * channels;
  int8_t *kernel = allocate(taps * channels);
  int32_t *bias = allocate(channels * sizeof *bias);
  float *scale = allocate(channels * sizeof *scale), *multiplier = allocate(channels * sizeof *multiplier);
  for (size_t i = 0; i < taps * channels; i++) kernel[i] = (int8_t)spread(&random, 31);
  for (uint32_t o = 0; o < channels; o++) {
    kernel[o * taps] = 127;
    bias[o] = spread(&random, 100000);
    scale[o] = (float)(0.5 + hb_random_unit(&random)) / (float)channels / 64;
    multiplier[o] = INPUT_SCALE * scale[o] / OUTPUT_SCALE;
  }
  l->output = (hb_winograd_map){allocate((size_t)side * side * channels), (size_t)side * channels};
  make_input(l, &random);
  make_operator(l, kernel, bias, scale);
  l->sum = (hb_winograd_sum){{(uint8_t *)l->plain, (size_t)side * channels}, 1048576, 700000, 1 << 19, -128, 20};
  l->sum.bias += 128 * (l->sum.multiplier + l->sum.other_multiplier);
  check(hb_winograd_i8_fits(&l->conv, kernel, bias), "the bound");
  l->packed = allocate(hb_winograd_i8_packed_bytes(&l->conv));
  l->scratch = allocate(hb_winograd_i8_scratch_bytes(&l->conv, 1));
  hb_winograd_i8_pack(&l->conv, kernel, bias, multiplier, l->packed);
  free(kernel), free(bias), free(scale), free(multiplier);
}

EXPORT(bench_prepare) void bench_prepare(void) {
  check(xnn_initialize(NULL) == xnn_status_success, "XNNPACK");
  for (uint32_t i = 0; i < LAYERS; i++) make_layer(&layers[i], 56u >> i, 64u << i);
}

EXPORT(bench_run) void bench_run(uint32_t i, uint32_t kind, uint32_t times) {
  layer *l = &layers[i];
  const hb_winograd_sum *sum = kind == WINOGRAD_SUM ? &l->sum : NULL;
  while (times-- > 0)
    if (kind == XNNPACK)
      check(xnn_run_operator(l->operator, NULL) == xnn_status_success, "XNNPACK");
    else
      hb_winograd_i8_run(&l->conv, l->packed, &l->bordered, &l->output, sum, l->scratch, NULL);
}

/* FNV-1a of the output of the last run. */
EXPORT(bench_hash) uint32_t bench_hash(uint32_t i) {
  const hb_winograd_i8 *c = &layers[i].conv;
  uint32_t hash = 2166136261u;
  for (size_t b = 0; b < (size_t)c->side * c->side * c->out; b++)
    hash = (hash ^ layers[i].output.pixels[b]) * 16777619u;
  return hash;
}

EXPORT(bench_bytes) uint32_t bench_bytes(uint32_t i, uint32_t scratch) {
  return (uint32_t)(scratch ? hb_winograd_i8_scratch_bytes(&layers[i].conv, 1)
                            : hb_winograd_i8_packed_bytes(&layers[i].conv));
}

#ifndef __wasm__
int main(void) {
  bench_prepare();
  for (uint32_t i = 0; i < LAYERS; i++)
    for (uint32_t kind = 0; kind < KINDS; kind++) {
      bench_run(i, kind, 1);
      printf("%u %u %08x\n", i, kind, bench_hash(i));
    }
  return 0;
}
#endif
