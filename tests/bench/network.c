/* bench-network MODEL [SECONDS]: the whole network against the sum of its convolutions, each run alone as an XNNPACK
 * operator with the same weights. Rounds alternate, so that noise of the machine hits both; one thread.
 * Prints milliseconds (median and minimum), GMAC/s a layer, and the ratio. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "base/clock.h"
#include "base/file.h"
#include "image/resize.h"
#include "model/network_xnnpack.h"
#include "model/safetensors.h"
#include "model/weights_read.h"

#define ROUNDS_MAX 4000

typedef struct {
  xnn_operator_t operator;
  float *input, *output;
  void *workspace;
  uint32_t side; /* of the input */
  double macs, times[ROUNDS_MAX];
} layer;

static void check(enum xnn_status status, const char *what) {
  if (status == xnn_status_success) return;
  fprintf(stderr, "bench-network: %s failed with XNNPACK status %d\n", what, (int)status);
  exit(1);
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (memory == NULL) exit(1);
  return memory;
}

/* The side of a layer's input: 224 for the stem, then halved by the max pool and by every strided block. */
static uint32_t input_side(int c) {
  uint32_t side = 224;
  if (c == 0) return side;
  side = 56;
  for (int i = 1; i < c; i++)
    if (hb_conv_specs[i].stride == 2 && hb_conv_specs[i].kernel == 3) side /= 2;
  return hb_conv_specs[c].kernel == 1 ? side * 2 : side; /* a downsample reads the block's own input */
}

static void create_layer(layer *l, int c, const hb_weights *weights) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  uint32_t padding = s->kernel / 2, side = l->side = input_side(c), out_side = side / s->stride;
  size_t inputs = (size_t)side * side * s->in, outputs = (size_t)out_side * out_side * s->out;
  size_t workspace_size, alignment, height, width;
  l->macs = (double)outputs * s->in * s->kernel * s->kernel;
  l->input = allocate(inputs * sizeof(float));
  l->output = allocate(outputs * sizeof(float));
  for (size_t i = 0; i < inputs; i++) l->input[i] = (float)(i * 2654435761u % 1000) / 1000;
  check(xnn_create_convolution2d_nhwc_f32(padding, padding, padding, padding, s->kernel, s->kernel, s->stride,
                                          s->stride, 1, 1, 1, s->in, s->out, s->in, s->out, weights->kernel[c],
                                          weights->bias[c], 0, INFINITY, 0, NULL, NULL, &l->operator),
        s->name);
  check(xnn_reshape_convolution2d_nhwc_f32(l->operator, 1, side, side, &workspace_size, &alignment, &height, &width,
                                           NULL),
        s->name);
  l->workspace = allocate(workspace_size + 64);
  check(xnn_setup_convolution2d_nhwc_f32(l->operator, l->workspace, l->input, l->output), s->name);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *times, int n) {
  qsort(times, (size_t)n, sizeof *times, ascending);
  return times[n / 2];
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: bench-network MODEL [SECONDS]\n"), 2;
  double budget = (argc > 2 ? atof(argv[2]) : 10) * 1e3;
  static layer layers[HB_CONV_COUNT];
  static double whole[ROUNDS_MAX], sums[ROUNDS_MAX];
  hb_error error;
  hb_mapping bytes;
  hb_safetensors *file;
  hb_weights weights;
  hb_packed_weights *packed = NULL;
  hb_network_xnnpack *network;
  if (hb_file_map(argv[1], &bytes, &error) || hb_safetensors_parse(bytes.bytes, bytes.size, &file, &error) ||
      hb_weights_read(file, &weights, &error) || hb_network_xnnpack_create(&weights, &packed, &network, &error))
    return fprintf(stderr, "bench-network: %s\n", error.text), 1;
  if (weights.precision == HB_PRECISION_I8) return fprintf(stderr, "bench-network: give a model in f32 or f16\n"), 1;
  for (int c = 0; c < HB_CONV_COUNT; c++) create_layer(&layers[c], c, &weights);
  for (size_t i = 0; i < HB_CROP_BYTES; i++)
    hb_network_xnnpack_input(network)[i] = (float)(i * 2654435761u % 1000) / 500 - 1;

  int rounds = 0;
  for (double begin = hb_clock_milliseconds();
       rounds < 10 || (hb_clock_milliseconds() - begin < budget && rounds < ROUNDS_MAX); rounds++) {
    double started = hb_clock_milliseconds();
    if (hb_network_xnnpack_run(network) == NULL) return 1;
    whole[rounds] = hb_clock_milliseconds() - started;
    sums[rounds] = 0;
    for (int c = 0; c < HB_CONV_COUNT; c++) {
      started = hb_clock_milliseconds();
      check(xnn_run_operator(layers[c].operator, NULL), "a convolution");
      layers[c].times[rounds] = hb_clock_milliseconds() - started;
      sums[rounds] += layers[c].times[rounds];
    }
  }

  double macs = 0;
  printf("layer                    input        out  kernel  ms (median)  GMAC/s\n");
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *s = &hb_conv_specs[c];
    double ms = median(layers[c].times, rounds);
    macs += layers[c].macs;
    printf("%-22s %4ux%-3u x%-4u  %4u  %4ux%u/%u  %9.3f  %8.1f\n", s->name, layers[c].side, layers[c].side, s->in,
           s->out, s->kernel, s->kernel, s->stride, ms, layers[c].macs / ms * 1e-6);
  }
  double network_ms = median(whole, rounds), sum_ms = median(sums, rounds);
  printf("convolutions alone: median %.2f ms, minimum %.2f, %.1f GMAC/s\n", sum_ms, sums[0], macs / sum_ms * 1e-6);
  printf("whole network:      median %.2f ms, minimum %.2f, %.1f GMAC/s\n", network_ms, whole[0],
         macs / network_ms * 1e-6);
  printf("network / convolutions: %.3f by medians, %.3f by minima, %d rounds\n", network_ms / sum_ms,
         whole[0] / sums[0], rounds);
  return 0;
}
