#include "resnet18.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#define LAST_SIDE 7
#define POOLED_ID HB_MAP_COUNT /* external values of XNNPACK's graph: maps by their numbers, and the pooled features \
                                */
#define EXTERNAL_COUNT (HB_MAP_COUNT + 1)
#define LAST_MAP HB_MAP_BLOCK(HB_BLOCK_COUNT - 1)

struct hb_packed_weights {
  xnn_weights_cache_t cache;
};

void hb_packed_weights_free(hb_packed_weights *packed) {
  if (packed == NULL) return;
  xnn_delete_weights_cache(packed->cache);
  free(packed);
}

struct hb_resnet18 {
  xnn_runtime_t runtime;
  hb_precision precision;
  hb_quantization input, last; /* of i8 */
  void *maps[HB_MAP_COUNT];    /* of the external ones, owned */
  size_t map_sizes[HB_MAP_COUNT];
  /* XNNPACK may read a little past the end of its inputs. */
  float pooled[HB_POOLED_DIM + XNN_EXTRA_BYTES / sizeof(float)];
};

/* The graph while it is being drawn. The first failure sticks; what follows does nothing. */
typedef struct {
  xnn_subgraph_t subgraph;
  const hb_weights *weights;
  hb_resnet18 *network;
  bool observed; /* all maps are external */
  enum xnn_status status;
} graph;

/* A square feature map in the graph. */
typedef struct {
  uint32_t id, side, channels;
} map;

static bool is_i8(const graph *g) { return g->weights->precision == HB_PRECISION_I8; }

static bool is_external(const graph *g, uint32_t number) {
  return g->observed || number == HB_MAP_INPUT || (is_i8(g) && number == LAST_MAP);
}

/* Memory for an external map. */
static void provide(graph *g, uint32_t number, size_t size) {
  hb_resnet18 *n = g->network;
  n->map_sizes[number] = size;
  n->maps[number] = calloc(size * (is_i8(g) ? 1 : sizeof(float)) + XNN_EXTRA_BYTES, 1);
  if (n->maps[number] == NULL) g->status = xnn_status_out_of_memory;
}

/* Map `number` of quantized.h; in i8 with its quantization. A map that holds no result may be without number. */
#define NO_NUMBER HB_MAP_COUNT
static map define_map(graph *g, uint32_t number, uint32_t side, uint32_t channels) {
  const size_t shape[4] = {1, side, side, channels};
  map m = {XNN_INVALID_VALUE_ID, side, channels};
  bool external = number != NO_NUMBER && is_external(g, number);
  if (external && g->status == xnn_status_success) provide(g, number, (size_t)side * side * channels);
  if (g->status != xnn_status_success) return m;
  uint32_t id = external ? number : XNN_INVALID_VALUE_ID;
  uint32_t flags = number == HB_MAP_INPUT ? XNN_VALUE_FLAG_EXTERNAL_INPUT : XNN_VALUE_FLAG_EXTERNAL_OUTPUT;
  if (!external) flags = 0;
  if (is_i8(g)) {
    const hb_quantization q = g->weights->quantized.map[number];
    g->status = xnn_define_quantized_tensor_value(g->subgraph, xnn_datatype_qint8, q.zero, q.scale, 4, shape, NULL, id,
                                                  flags, &m.id);
  } else {
    g->status = xnn_define_tensor_value(g->subgraph, xnn_datatype_fp32, 4, shape, NULL, id, flags, &m.id);
  }
  return m;
}

/* ---- Weights of a convolution ---- */

static uint32_t define_floats(graph *g, size_t rank, const size_t *shape, const float *data) {
  uint32_t id = XNN_INVALID_VALUE_ID;
  if (g->status == xnn_status_success)
    g->status =
        xnn_define_tensor_value(g->subgraph, xnn_datatype_fp32, rank, shape, data, XNN_INVALID_VALUE_ID, 0, &id);
  return id;
}

static uint32_t define_channelwise(graph *g, enum xnn_datatype type, const float *scales, size_t rank,
                                   const size_t *shape, const void *data) {
  uint32_t id = XNN_INVALID_VALUE_ID;
  if (g->status == xnn_status_success)
    g->status = xnn_define_channelwise_quantized_tensor_value(g->subgraph, type, scales, rank, 0, shape, data,
                                                              XNN_INVALID_VALUE_ID, 0, &id);
  return id;
}

static uint32_t define_kernel(graph *g, int c) {
  const hb_conv_spec *spec = &hb_conv_specs[c];
  const size_t shape[4] = {spec->out, spec->kernel, spec->kernel, spec->in};
  const hb_quantized *q = &g->weights->quantized;
  if (!is_i8(g)) return define_floats(g, 4, shape, g->weights->kernel[c]);
  return define_channelwise(g, xnn_datatype_qcint8, q->kernel_scale[c], 4, shape, q->kernel[c]);
}

/* The scale of a bias is input scale * kernel scale, which XNNPACK takes for granted; it does not read this one. */
static uint32_t define_bias(graph *g, int c) {
  const size_t shape[1] = {hb_conv_specs[c].out};
  const hb_quantized *q = &g->weights->quantized;
  if (!is_i8(g)) return define_floats(g, 1, shape, g->weights->bias[c]);
  return define_channelwise(g, xnn_datatype_qcint32, q->kernel_scale[c], 1, shape, q->bias[c]);
}

/* ---- Layers ---- */

/* Convolution number `c` of hb_conv_specs, with ReLU inside it if asked for. In i8 that is the output's zero. */
static map convolution(graph *g, int c, map input, bool relu) {
  const hb_conv_spec *spec = &hb_conv_specs[c];
  const uint32_t padding = spec->kernel / 2;
  uint32_t kernel = define_kernel(g, c), bias = define_bias(g, c);
  map output = define_map(g, HB_MAP_CONV((uint32_t)c), input.side / spec->stride, spec->out);
  const float least = relu && !is_i8(g) ? 0.0f : -INFINITY;
  if (g->status == xnn_status_success)
    g->status = xnn_define_convolution_2d(g->subgraph, padding, padding, padding, padding, spec->kernel, spec->kernel,
                                          spec->stride, spec->stride, 1, 1, 1, spec->in, spec->out, least, INFINITY,
                                          input.id, kernel, bias, output.id, 0);
  return output;
}

/* Of the stem's output, with the same quantization. */
static map max_pool(graph *g, map input) {
  map output = {XNN_INVALID_VALUE_ID, input.side / 2, input.channels};
  const size_t shape[4] = {1, output.side, output.side, output.channels};
  const hb_quantization q = g->weights->quantized.map[HB_MAP_CONV(0)];
  if (g->status != xnn_status_success) return output;
  g->status = is_i8(g) ? xnn_define_quantized_tensor_value(g->subgraph, xnn_datatype_qint8, q.zero, q.scale, 4, shape,
                                                           NULL, XNN_INVALID_VALUE_ID, 0, &output.id)
                       : xnn_define_tensor_value(g->subgraph, xnn_datatype_fp32, 4, shape, NULL, XNN_INVALID_VALUE_ID,
                                                 0, &output.id);
  if (g->status == xnn_status_success)
    g->status = xnn_define_max_pooling_2d(g->subgraph, 1, 1, 1, 1, 3, 3, 2, 2, 1, 1, -INFINITY, INFINITY, input.id,
                                          output.id, 0);
  return output;
}

static void add(graph *g, map a, map b, map sum) {
  if (g->status == xnn_status_success)
    g->status = xnn_define_binary(g->subgraph, xnn_binary_add, NULL, a.id, b.id, sum.id, 0);
}

/* relu(a + b). This XNNPACK has no fused form in f32: the ReLU is an operator of its own. */
static map add_relu(graph *g, uint32_t block, map a, map b) {
  const union xnn_unary_params relu = {.clamp = {.min = 0, .max = INFINITY}};
  map sum = is_i8(g) ? a : define_map(g, NO_NUMBER, a.side, a.channels);
  map output = define_map(g, HB_MAP_BLOCK(block), a.side, a.channels);
  add(g, a, b, is_i8(g) ? output : sum);
  if (!is_i8(g) && g->status == xnn_status_success)
    g->status = xnn_define_unary(g->subgraph, xnn_unary_clamp, &relu, sum.id, output.id, 0);
  return output;
}

/* Basic block number `block`, from convolution *c on; *c moves behind it. */
static map basic_block(graph *g, uint32_t block, int *c, map input) {
  map branch = convolution(g, (*c)++, input, true);
  branch = convolution(g, (*c)++, branch, false);
  map shortcut = branch.side != input.side ? convolution(g, (*c)++, input, false) : input;
  return add_relu(g, block, branch, shortcut);
}

/* In i8 the mean is taken outside the graph, as quantized.h has it. */
static void mean(graph *g, map input) {
  const size_t shape[2] = {1, HB_POOLED_DIM}, spatial[2] = {1, 2};
  uint32_t pooled;
  if (is_i8(g) || g->status != xnn_status_success) return;
  g->status = xnn_define_tensor_value(g->subgraph, xnn_datatype_fp32, 2, shape, NULL, POOLED_ID,
                                      XNN_VALUE_FLAG_EXTERNAL_OUTPUT, &pooled);
  if (g->status == xnn_status_success)
    g->status = xnn_define_static_reduce(g->subgraph, xnn_reduce_mean, 2, spatial, input.id, pooled, 0);
}

static void draw_network(graph *g) {
  int c = 0;
  map x = define_map(g, HB_MAP_INPUT, HB_INPUT_SIDE, 3);
  x = convolution(g, c++, x, true);
  x = max_pool(g, x);
  for (uint32_t block = 0; block < HB_BLOCK_COUNT; block++) x = basic_block(g, block, &c, x);
  mean(g, x);
}

/* ---- The runtime ---- */

/* The packed weights to share; NULL where there is nothing to share with. */
static enum xnn_status prepare_packed(hb_packed_weights **packed) {
#ifdef __wasm__
  (void)packed;
  return xnn_status_success;
#else
  if (packed == NULL || *packed != NULL) return xnn_status_success;
  hb_packed_weights *fresh = malloc(sizeof *fresh);
  if (fresh == NULL) return xnn_status_out_of_memory;
  enum xnn_status status = xnn_create_weights_cache(&fresh->cache);
  if (status != xnn_status_success) return free(fresh), status;
  *packed = fresh;
  return xnn_status_success;
#endif
}

static enum xnn_status create_runtime(xnn_subgraph_t subgraph, hb_packed_weights **packed, xnn_runtime_t *out) {
  enum xnn_status status = prepare_packed(packed);
  if (status != xnn_status_success) return status;
  xnn_weights_cache_t cache = packed != NULL && *packed != NULL ? (*packed)->cache : NULL;
  status = xnn_create_runtime_v3(subgraph, cache, NULL, 0, out);
  /* soft: networks created later still find the weights in it */
  if (status == xnn_status_success && cache != NULL && !xnn_weights_cache_is_finalized(cache))
    status = xnn_finalize_weights_cache(cache, xnn_weights_cache_finalization_kind_soft);
  return status;
}

static enum xnn_status set_up(hb_resnet18 *network) {
  struct xnn_external_value values[EXTERNAL_COUNT];
  size_t count = 0;
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++)
    if (network->maps[m] != NULL) values[count++] = (struct xnn_external_value){m, network->maps[m]};
  if (network->precision != HB_PRECISION_I8) values[count++] = (struct xnn_external_value){POOLED_ID, network->pooled};
  enum xnn_status status = xnn_reshape_runtime(network->runtime);
  return status == xnn_status_success ? xnn_setup_runtime_v2(network->runtime, count, values) : status;
}

static enum xnn_status create(const hb_weights *weights, hb_packed_weights **packed, bool observed,
                              hb_resnet18 *network) {
  enum xnn_status status = xnn_initialize(NULL);
  if (status != xnn_status_success) return status;
  graph g = {.weights = weights, .network = network, .observed = observed};
  network->precision = weights->precision;
  network->input = weights->quantized.map[HB_MAP_INPUT];
  network->last = weights->quantized.map[LAST_MAP];
  g.status = xnn_create_subgraph(EXTERNAL_COUNT, 0, &g.subgraph);
  if (g.status != xnn_status_success) return g.status;
  draw_network(&g);
  if (g.status == xnn_status_success) g.status = create_runtime(g.subgraph, packed, &network->runtime);
  xnn_delete_subgraph(g.subgraph);
  return g.status == xnn_status_success ? set_up(network) : g.status;
}

static hb_status create_or_fail(const hb_weights *weights, hb_packed_weights **packed, bool observed, hb_resnet18 **out,
                                hb_error *error) {
  hb_resnet18 *network = calloc(1, sizeof *network);
  if (network == NULL) return hb_fail_memory(error);
  enum xnn_status status = create(weights, packed, observed, network);
  if (status == xnn_status_success) return *out = network, HB_OK;
  hb_resnet18_free(network);
  if (status == xnn_status_out_of_memory) return hb_fail_memory(error);
  if (status == xnn_status_unsupported_hardware)
    return hb_fail(error, HB_INTERNAL, "this processor lacks the vector instructions that the network needs");
  return hb_fail(error, HB_INTERNAL, "the network could not be built (XNNPACK status %d); please report this",
                 (int)status);
}

hb_status hb_resnet18_create(const hb_weights *weights, hb_packed_weights **packed, hb_resnet18 **out,
                             hb_error *error) {
  return create_or_fail(weights, packed, false, out, error);
}

void hb_resnet18_free(hb_resnet18 *network) {
  if (network == NULL) return;
  if (network->runtime != NULL) xnn_delete_runtime(network->runtime);
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++) free(network->maps[m]);
  free(network);
}

/* ---- Running ---- */

void hb_resnet18_show(hb_resnet18 *network, const uint8_t crop[HB_INPUT_BYTES]) {
  if (network->precision == HB_PRECISION_I8)
    hb_preprocess_quantize(crop, network->input, network->maps[HB_MAP_INPUT]);
  else
    hb_preprocess_normalize(crop, network->maps[HB_MAP_INPUT]);
}

float *hb_resnet18_input(hb_resnet18 *network) {
  return network->precision == HB_PRECISION_I8 ? NULL : network->maps[HB_MAP_INPUT];
}

static void pool(hb_resnet18 *network) {
  const int8_t *map = network->maps[LAST_MAP];
  const float scale = network->last.scale / (LAST_SIDE * LAST_SIDE);
  int32_t sums[HB_POOLED_DIM] = {0};
  for (int p = 0; p < LAST_SIDE * LAST_SIDE; p++)
    for (int i = 0; i < HB_POOLED_DIM; i++) sums[i] += map[p * HB_POOLED_DIM + i];
  for (int i = 0; i < HB_POOLED_DIM; i++)
    network->pooled[i] = (float)(sums[i] - LAST_SIDE * LAST_SIDE * network->last.zero) * scale;
}

const float *hb_resnet18_run(hb_resnet18 *network) {
  if (xnn_invoke_runtime(network->runtime) != xnn_status_success) return NULL;
  if (network->precision == HB_PRECISION_I8) pool(network);
  return network->pooled;
}

#ifndef __wasm__
hb_status hb_resnet18_create_observed(const hb_weights *weights, hb_resnet18 **out, hb_error *error) {
  return create_or_fail(weights, NULL, true, out, error);
}

const float *hb_resnet18_map(const hb_resnet18 *network, uint32_t map, size_t *count) {
  *count = network->map_sizes[map];
  return network->maps[map];
}
#endif
