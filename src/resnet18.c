#include "resnet18.h"

#include <math.h>
#include <stdlib.h>
#include <xnnpack.h>

#include "preprocess.h"

#define INPUT_ID 0
#define OUTPUT_ID 1

struct hb_packed_weights {
  xnn_weights_cache_t cache;
};

void hb_packed_weights_free(hb_packed_weights *packed) {
  if (packed == NULL) return;
  xnn_delete_weights_cache(packed->cache);
  free(packed);
}

/* XNNPACK may read a little past the end of its inputs. */
struct hb_resnet18 {
  xnn_runtime_t runtime;
  float input[HB_INPUT_BYTES + XNN_EXTRA_BYTES / sizeof(float)];
  float pooled[HB_POOLED_DIM + XNN_EXTRA_BYTES / sizeof(float)];
};

/* The graph while it is being drawn. The first failure sticks; what follows does nothing. */
typedef struct {
  xnn_subgraph_t subgraph;
  const hb_weights *weights;
  enum xnn_status status;
} graph;

/* A square feature map in the graph. */
typedef struct {
  uint32_t id, side, channels;
} map;

static uint32_t define_value(graph *g, size_t rank, const size_t *shape, const void *data, uint32_t external,
                             uint32_t flags) {
  uint32_t id = XNN_INVALID_VALUE_ID;
  if (g->status == xnn_status_success)
    g->status = xnn_define_tensor_value(g->subgraph, xnn_datatype_fp32, rank, shape, data, external, flags, &id);
  return id;
}

static map define_map(graph *g, uint32_t side, uint32_t channels) {
  const size_t shape[4] = {1, side, side, channels};
  return (map){define_value(g, 4, shape, NULL, XNN_INVALID_VALUE_ID, 0), side, channels};
}

/* Convolution number `c` of hb_conv_specs, with ReLU inside it if asked for. */
static map convolution(graph *g, int c, map input, bool relu) {
  const hb_conv_spec *spec = &hb_conv_specs[c];
  const uint32_t padding = spec->kernel / 2;
  const size_t kernel_shape[4] = {spec->out, spec->kernel, spec->kernel, spec->in}, bias_shape[1] = {spec->out};
  uint32_t kernel = define_value(g, 4, kernel_shape, g->weights->kernel[c], XNN_INVALID_VALUE_ID, 0);
  uint32_t bias = define_value(g, 1, bias_shape, g->weights->bias[c], XNN_INVALID_VALUE_ID, 0);
  map output = define_map(g, input.side / spec->stride, spec->out);
  if (g->status == xnn_status_success)
    g->status = xnn_define_convolution_2d(g->subgraph, padding, padding, padding, padding, spec->kernel, spec->kernel,
                                          spec->stride, spec->stride, 1, 1, 1, spec->in, spec->out,
                                          relu ? 0.0f : -INFINITY, INFINITY, input.id, kernel, bias, output.id, 0);
  return output;
}

static map max_pool(graph *g, map input) {
  map output = define_map(g, input.side / 2, input.channels);
  if (g->status == xnn_status_success)
    g->status = xnn_define_max_pooling_2d(g->subgraph, 1, 1, 1, 1, 3, 3, 2, 2, 1, 1, -INFINITY, INFINITY, input.id,
                                          output.id, 0);
  return output;
}

/* relu(a + b). This XNNPACK has no fused form: the ReLU is an operator of its own. */
static map add_relu(graph *g, map a, map b) {
  map sum = define_map(g, a.side, a.channels), output = define_map(g, a.side, a.channels);
  const union xnn_unary_params relu = {.clamp = {.min = 0, .max = INFINITY}};
  if (g->status == xnn_status_success)
    g->status = xnn_define_binary(g->subgraph, xnn_binary_add, NULL, a.id, b.id, sum.id, 0);
  if (g->status == xnn_status_success)
    g->status = xnn_define_unary(g->subgraph, xnn_unary_clamp, &relu, sum.id, output.id, 0);
  return output;
}

/* A basic block from convolution *c on; *c moves behind it. */
static map basic_block(graph *g, int *c, map input) {
  map branch = convolution(g, (*c)++, input, true);
  branch = convolution(g, (*c)++, branch, false);
  map shortcut = branch.side != input.side ? convolution(g, (*c)++, input, false) : input;
  return add_relu(g, branch, shortcut);
}

static void draw_network(graph *g) {
  const size_t input_shape[4] = {1, HB_INPUT_SIDE, HB_INPUT_SIDE, 3}, output_shape[2] = {1, HB_POOLED_DIM};
  map x = {define_value(g, 4, input_shape, NULL, INPUT_ID, XNN_VALUE_FLAG_EXTERNAL_INPUT), HB_INPUT_SIDE, 3};
  uint32_t pooled = define_value(g, 2, output_shape, NULL, OUTPUT_ID, XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
  int c = 0;
  x = convolution(g, c++, x, true);
  x = max_pool(g, x);
  while (c < HB_CONV_COUNT) x = basic_block(g, &c, x);
  const size_t spatial[2] = {1, 2};
  if (g->status == xnn_status_success)
    g->status = xnn_define_static_reduce(g->subgraph, xnn_reduce_mean, 2, spatial, x.id, pooled, 0);
}

/* The packed weights to share; NULL where there is nothing to share with. */
static enum xnn_status prepare_packed(hb_packed_weights **packed) {
#ifdef __wasm__
  (void)packed;
  return xnn_status_success;
#else
  if (*packed != NULL) return xnn_status_success;
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
  xnn_weights_cache_t cache = *packed != NULL ? (*packed)->cache : NULL;
  status = xnn_create_runtime_v3(subgraph, cache, NULL, 0, out);
  /* soft: networks created later still find the weights in it */
  if (status == xnn_status_success && cache != NULL && !xnn_weights_cache_is_finalized(cache))
    status = xnn_finalize_weights_cache(cache, xnn_weights_cache_finalization_kind_soft);
  return status;
}

static enum xnn_status set_up(hb_resnet18 *network) {
  const struct xnn_external_value values[2] = {{INPUT_ID, network->input}, {OUTPUT_ID, network->pooled}};
  enum xnn_status status = xnn_reshape_runtime(network->runtime);
  return status == xnn_status_success ? xnn_setup_runtime_v2(network->runtime, 2, values) : status;
}

static enum xnn_status create(const hb_weights *weights, hb_packed_weights **packed, hb_resnet18 *network) {
  enum xnn_status status = xnn_initialize(NULL);
  if (status != xnn_status_success) return status;
  graph g = {.weights = weights};
  g.status = xnn_create_subgraph(2, 0, &g.subgraph);
  if (g.status != xnn_status_success) return g.status;
  draw_network(&g);
  if (g.status == xnn_status_success) g.status = create_runtime(g.subgraph, packed, &network->runtime);
  xnn_delete_subgraph(g.subgraph);
  return g.status == xnn_status_success ? set_up(network) : g.status;
}

hb_status hb_resnet18_create(const hb_weights *weights, hb_packed_weights **packed, hb_resnet18 **out,
                             hb_error *error) {
  hb_resnet18 *network = calloc(1, sizeof *network);
  if (network == NULL) return hb_fail_memory(error);
  enum xnn_status status = create(weights, packed, network);
  if (status == xnn_status_success) return *out = network, HB_OK;
  hb_resnet18_free(network);
  if (status == xnn_status_out_of_memory) return hb_fail_memory(error);
  if (status == xnn_status_unsupported_hardware)
    return hb_fail(error, HB_INTERNAL, "this processor lacks the vector instructions that the network needs");
  return hb_fail(error, HB_INTERNAL, "the network could not be built (XNNPACK status %d); please report this",
                 (int)status);
}

float *hb_resnet18_input(hb_resnet18 *network) { return network->input; }

const float *hb_resnet18_run(hb_resnet18 *network) {
  return xnn_invoke_runtime(network->runtime) == xnn_status_success ? network->pooled : NULL;
}

void hb_resnet18_free(hb_resnet18 *network) {
  if (network == NULL) return;
  if (network->runtime != NULL) xnn_delete_runtime(network->runtime);
  free(network);
}
