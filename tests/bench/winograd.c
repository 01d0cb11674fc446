/* bench-winograd: the 3 x 3 convolutions of stride 1 of ResNet-18, one of each shape, by Winograd (conv_winograd.h) and
 * by XNNPACK's qs8_qc8w operator. In wasm web_winograd.mjs calls the exports and takes the time; natively it prints a
 * hash of each output, which must be that of every other build. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "int8/conv_winograd.h"
#include "xnnpack_i8.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name)
#endif

#define LAYERS 4
#define INPUT ((hb_quantization){0.05f, -128})
#define OUTPUT ((hb_quantization){0.1f, -128})

enum { WINOGRAD, WINOGRAD_SUM, XNNPACK, KINDS };

typedef struct {
  hb_conv_spec spec;
  uint32_t side;
  hb_conv_i8 conv;
  hb_feature_map in, out;
  void *scratch;
  xnnpack_step peer;
} layer;

static layer layers[LAYERS];

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (memory == NULL) abort();
  return memset(memory, 0, bytes);
}

static int32_t spread(hb_random *random, int32_t most) {
  return (int32_t)hb_random_below(random, (uint32_t)(2 * most + 1)) - most;
}

/* Half of the input is 0, as after a ReLU. */
static int8_t *make_input(size_t size, hb_random *random) {
  int8_t *input = allocate(size + 16); /* XNNPACK reads past the end */
  for (size_t i = 0; i < size; i++) {
    const int32_t value = spread(random, 127);
    input[i] = (int8_t)(value > 0 ? value * 2 - 128 : -128);
  }
  return input;
}

static hb_feature_map make_map(uint32_t side, uint32_t channels, uint32_t border, int32_t zero) {
  void *memory = allocate(hb_feature_map_bytes(side, channels, border, HB_I8_SIGNED));
  return hb_feature_map_place(memory, side, channels, border, HB_I8_SIGNED, zero);
}

static void make_layer(layer *l, uint32_t side, uint32_t channels) {
  hb_random random = {side};
  l->side = side;
  l->spec = (hb_conv_spec){"", "", channels, channels, 3, 1, 0};
  int8_t *kernel = allocate(hb_kernel_size(&l->spec));
  int32_t *bias = allocate(channels * sizeof *bias);
  float *scale = allocate(channels * sizeof *scale);
  for (size_t i = 0; i < hb_kernel_size(&l->spec); i++) kernel[i] = (int8_t)spread(&random, 31);
  for (uint32_t o = 0; o < channels; o++) {
    kernel[o * hb_conv_taps(&l->spec)] = 127;
    bias[o] = spread(&random, 100000);
    scale[o] = (float)(0.5 + hb_random_unit(&random)) / (float)channels / 64;
  }
  int8_t *input = make_input((size_t)side * side * channels, &random);
  l->peer = xnnpack_conv(&l->spec, kernel, scale, bias, INPUT, OUTPUT, input, side);
  l->in = make_map(side, channels, 1, INPUT.zero);
  l->out = make_map(side, channels, 0, 0);
  hb_feature_map_write(input, &l->in);
  const hb_conv_i8_source source = {&l->spec, kernel, scale, bias, INPUT, OUTPUT};
  if (!hb_conv_winograd_fits(&source, side)) abort();
  l->scratch = allocate(hb_conv_winograd_scratch(&l->spec, side, 1));
  hb_conv_winograd_pack(&source, HB_I8_SIGNED, allocate(hb_conv_winograd_size(&l->spec)), &l->conv);
  free(kernel), free(bias), free(scale);
}

EXPORT(bench_prepare) void bench_prepare(void) {
  for (uint32_t i = 0; i < LAYERS; i++) make_layer(&layers[i], 56u >> i, 64u << i);
}

/* With a sum, what the last run has made is the shortcut. */
EXPORT(bench_run) void bench_run(uint32_t i, uint32_t kind, uint32_t times) {
  const hb_sum_i8 added = hb_sum_i8_of(OUTPUT, OUTPUT, OUTPUT), *sum = kind == WINOGRAD_SUM ? &added : NULL;
  const layer *l = &layers[i];
  while (times-- > 0)
    if (kind == XNNPACK)
      xnnpack_run(&l->peer);
    else
      hb_conv_i8_run(&l->conv, &l->in, &l->out, sum, l->scratch, NULL);
}

/* FNV-1a of what `kind` has made last. */
EXPORT(bench_hash) uint32_t bench_hash(uint32_t i, uint32_t kind) {
  const layer *l = &layers[i];
  const uint8_t *output = kind == XNNPACK ? (const uint8_t *)l->peer.output : l->out.origin;
  uint32_t hash = 2166136261u;
  for (size_t b = 0; b < (size_t)l->side * l->out.row; b++) hash = (hash ^ output[b]) * 16777619u;
  return hash;
}

EXPORT(bench_bytes) uint32_t bench_bytes(uint32_t i, uint32_t scratch) {
  const layer *l = &layers[i];
  return (uint32_t)(scratch ? hb_conv_winograd_scratch(&l->spec, l->side, 1) : hb_conv_winograd_size(&l->spec));
}

#ifndef __wasm__
int main(void) {
  bench_prepare();
  for (uint32_t i = 0; i < LAYERS; i++)
    for (uint32_t kind = 0; kind < KINDS; kind++) {
      bench_run(i, kind, 1);
      printf("%u %u %08x\n", i, kind, bench_hash(i, kind));
    }
  return 0;
}
#endif
