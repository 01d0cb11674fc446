#include "model/network_xnnpack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "resnet18/input.h"
#include "resnet18/layers.h"

#define WORKSPACE_ALIGNMENT 64 /* bytes, enough for every vector register */

/* In the browser network_i8.c computes the int8 network, and the linker leaves out XNNPACK's int8 kernels. */
#ifdef __wasm__
#define IS_I8(network) false
#else
#define IS_I8(network) ((network)->is_i8)
#endif

struct hb_network_xnnpack {
  hb_plan plan;
  bool is_i8;
  hb_quantization maps[HB_MAP_COUNT]; /* this and the next are used in int8 only */
  hb_sum_i8 additions[HB_STEP_COUNT]; /* at the numbers of their steps */
  xnn_operator_t convolutions[HB_CONV_COUNT];
  void *workspace; /* for one convolution at a time */
  void *stem;      /* the input, unrolled for the stem */
  void *buffers[HB_BUFFER_COUNT];
  float features[HB_FEATURES_DIM];
};

/* ---- Convolutions ---- */

/* The stem has 7 x 7 taps of 3 channels, which XNNPACK would pad to 8, and so multiply 2.7 times as much as it must. So
 * a row of taps becomes one pixel of 21 channels, which is padded to 24. The stem is then a 7 x 1 convolution over an
 * input that has its padding already and only every second column. */
#define STEM_TAPS 7
#define STEM_ROW (STEM_TAPS * 3)
#define STEM_PADDED_ROW 24
#define STEM_WIDTH (HB_CROP_SIDE / 2)
#define STEM_HEIGHT (HB_CROP_SIDE - 2 + STEM_TAPS)

typedef struct {
  uint32_t padding, height, width, stride_y, stride_x, in, out; /* height and width are the kernel's */
  uint32_t input_height, input_width;
} shape;

static shape shape_of(const hb_step *step) {
  const hb_conv_spec *s = &hb_conv_specs[step->conv];
  if (step->conv == 0) return (shape){0, STEM_TAPS, 1, s->stride, 1, STEM_PADDED_ROW, s->out, STEM_HEIGHT, STEM_WIDTH};
  return (shape){s->kernel / 2, s->kernel, s->kernel,     s->stride,    s->stride,
                 s->in,         s->out,    step->in.side, step->in.side};
}

/* Returns the stem's kernel [64][7][7][3] as [64][7][24], or NULL if memory runs out. A number has `number` bytes. */
static void *pad_stem(const void *kernel, size_t number) {
  const size_t rows = (size_t)hb_conv_specs[0].out * STEM_TAPS;
  char *padded = calloc(rows * STEM_PADDED_ROW, number);
  for (size_t r = 0; padded != NULL && r < rows; r++)
    memcpy(padded + r * STEM_PADDED_ROW * number, (const char *)kernel + r * STEM_ROW * number, STEM_ROW * number);
  return padded;
}

/* Finds the kernel that XNNPACK gets. The caller frees *padded. Returns false if memory runs out. */
static bool find_kernel(const hb_step *step, const void *kernel, size_t number, void **padded, const void **out) {
  *padded = step->conv == 0 ? pad_stem(kernel, number) : NULL;
  *out = step->conv == 0 ? *padded : kernel;
  return *out != NULL;
}

static enum xnn_status create_f32(const hb_weights *weights, const hb_step *step, xnn_weights_cache_t cache,
                                  xnn_operator_t *out) {
  const shape s = shape_of(step);
  const void *kernel;
  void *padded;
  if (!find_kernel(step, weights->kernel[step->conv], sizeof(float), &padded, &kernel)) return xnn_status_out_of_memory;
  enum xnn_status status = xnn_create_convolution2d_nhwc_f32(
      s.padding, s.padding, s.padding, s.padding, s.height, s.width, s.stride_y, s.stride_x, 1, 1, 1, s.in, s.out, s.in,
      s.out, kernel, weights->bias[step->conv], step->relu ? 0.0f : -INFINITY, INFINITY, 0, NULL, cache, out);
  free(padded);
  return status;
}

/* A ReLU costs nothing, because its output's zero is the least code. */
static enum xnn_status create_i8(const hb_weights *weights, const hb_step *step, xnn_weights_cache_t cache,
                                 xnn_operator_t *out) {
  const shape s = shape_of(step);
  const hb_quantized *q = &weights->quantized;
  const hb_quantization from = q->map[step->in.number], to = q->map[step->out.number];
  const void *kernel;
  void *padded;
  if (!find_kernel(step, q->kernel[step->conv], 1, &padded, &kernel)) return xnn_status_out_of_memory;
  enum xnn_status status = xnn_create_convolution2d_nhwc_qs8_qc8w(
      s.padding, s.padding, s.padding, s.padding, s.height, s.width, s.stride_y, s.stride_x, 1, 1, 1, s.in, s.out, s.in,
      s.out, (int8_t)from.zero, from.scale, q->kernel_scale[step->conv], kernel, q->bias[step->conv], (int8_t)to.zero,
      to.scale, INT8_MIN, INT8_MAX, 0, NULL, cache, out);
  free(padded);
  return status;
}

static enum xnn_status reshape(hb_network_xnnpack *n, const hb_step *step, size_t *workspace) {
  size_t bytes, alignment, height, width;
  const shape s = shape_of(step);
  xnn_operator_t convolution = n->convolutions[step->conv];
  enum xnn_status status = IS_I8(n)
                               ? xnn_reshape_convolution2d_nhwc_qs8_qc8w(convolution, 1, s.input_height, s.input_width,
                                                                         &bytes, &alignment, &height, &width, NULL)
                               : xnn_reshape_convolution2d_nhwc_f32(convolution, 1, s.input_height, s.input_width,
                                                                    &bytes, &alignment, &height, &width, NULL);
  if (status == xnn_status_success && bytes > *workspace) *workspace = bytes;
  return status;
}

static enum xnn_status set_up(hb_network_xnnpack *n, const hb_step *step) {
  xnn_operator_t convolution = n->convolutions[step->conv];
  void *in = step->conv == 0 ? n->stem : n->buffers[step->in.buffer], *out = n->buffers[step->out.buffer];
  return IS_I8(n) ? xnn_setup_convolution2d_nhwc_qs8_qc8w(convolution, n->workspace, in, out)
                  : xnn_setup_convolution2d_nhwc_f32(convolution, n->workspace, in, out);
}

/* ---- Creation ---- */

/* Creates the packed weights that networks share. In the browser there is only one network, and *packed stays NULL. */
static enum xnn_status prepare_packed(hb_packed_weights **packed) {
#ifdef __wasm__
  (void)packed;
  return xnn_status_success;
#else
  if (*packed == NULL) *packed = hb_packed_weights_create();
  return *packed != NULL ? xnn_status_success : xnn_status_out_of_memory;
#endif
}

/* Creates all convolutions, and finds the largest workspace that one of them needs. */
static enum xnn_status create_convolutions(hb_network_xnnpack *n, const hb_weights *weights, hb_packed_weights **packed,
                                           size_t *workspace) {
  enum xnn_status status = prepare_packed(packed);
  xnn_weights_cache_t cache = status == xnn_status_success && *packed != NULL ? hb_packed_weights_cache(*packed) : NULL;
  for (const hb_step *step = n->plan.steps; step < n->plan.steps + HB_STEP_COUNT && status == xnn_status_success;
       step++) {
    if (step->kind != HB_STEP_CONVOLUTION) continue;
    xnn_operator_t *out = &n->convolutions[step->conv];
    status = IS_I8(n) ? create_i8(weights, step, cache, out) : create_f32(weights, step, cache, out);
    /* XNNPACK reports success even if it had no memory for the row of zeros beside the input */
    if (status == xnn_status_success && *out == NULL) status = xnn_status_out_of_memory;
  }
  for (const hb_step *step = n->plan.steps; step < n->plan.steps + HB_STEP_COUNT && status == xnn_status_success;
       step++)
    if (step->kind == HB_STEP_CONVOLUTION) status = reshape(n, step, workspace);
  return status;
}

/* Allocates the memory of a run. XNNPACK may read a little past the end of its inputs. */
static bool allocate(hb_network_xnnpack *n, size_t workspace) {
  const size_t number = IS_I8(n) ? 1 : sizeof(float);
  for (int b = 0; b < HB_BUFFER_COUNT; b++)
    if ((n->buffers[b] = calloc(n->plan.buffer_sizes[b] * number + XNN_EXTRA_BYTES, 1)) == NULL) return false;
  n->stem = calloc(STEM_HEIGHT * STEM_WIDTH * STEM_PADDED_ROW * number + XNN_EXTRA_BYTES, 1);
  if (n->stem == NULL) return false;
  n->workspace = aligned_alloc(WORKSPACE_ALIGNMENT, (workspace / WORKSPACE_ALIGNMENT + 1) * WORKSPACE_ALIGNMENT);
  return n->workspace != NULL;
}

static enum xnn_status create(hb_network_xnnpack *n, const hb_weights *weights, hb_packed_weights **packed) {
  size_t workspace = 0;
  enum xnn_status status = xnn_initialize(NULL);
  if (status == xnn_status_success) status = create_convolutions(n, weights, packed, &workspace);
  if (status != xnn_status_success) return status;
  if (!allocate(n, workspace)) return xnn_status_out_of_memory;
  for (int s = 0; s < HB_STEP_COUNT && status == xnn_status_success; s++)
    if (n->plan.steps[s].kind == HB_STEP_CONVOLUTION) status = set_up(n, &n->plan.steps[s]);
  return status;
}

static void prepare_additions(hb_network_xnnpack *n) {
  for (int s = 0; s < HB_STEP_COUNT; s++) {
    const hb_step *step = &n->plan.steps[s];
    if (step->kind == HB_STEP_ADD)
      n->additions[s] = hb_sum_i8_of(n->maps[step->in.number], n->maps[step->other.number], n->maps[step->out.number]);
  }
}

hb_status hb_network_xnnpack_create(const hb_weights *weights, hb_packed_weights **packed, hb_network_xnnpack **out,
                                    hb_error *error) {
  hb_network_xnnpack *n = calloc(1, sizeof *n);
  if (n == NULL) return hb_fail_memory(error);
  hb_plan_make(&n->plan);
  n->is_i8 = weights->precision == HB_PRECISION_I8;
  for (int m = 0; m < HB_MAP_COUNT; m++) n->maps[m] = weights->quantized.map[m];
  if (IS_I8(n)) prepare_additions(n);
  enum xnn_status status = create(n, weights, packed);
  if (status == xnn_status_success) return *out = n, HB_OK;
  hb_network_xnnpack_free(n);
  if (status == xnn_status_out_of_memory) return hb_fail_memory(error);
  if (status == xnn_status_unsupported_hardware)
    return hb_fail(
        error, HB_INTERNAL,
        "XNNPACK does not support this processor, or memory ran out while it started; try again with more memory");
  return hb_fail(error, HB_INTERNAL, "the network could not be built (XNNPACK status %d); please report this",
                 (int)status);
}

void hb_network_xnnpack_free(hb_network_xnnpack *n) {
  if (n == NULL) return;
  for (int c = 0; c < HB_CONV_COUNT; c++)
    if (n->convolutions[c] != NULL) xnn_delete_operator(n->convolutions[c]);
  for (int b = 0; b < HB_BUFFER_COUNT; b++) free(n->buffers[b]);
  free(n->workspace);
  free(n->stem);
  free(n);
}

/* ---- Running ---- */

void hb_network_xnnpack_set_picture(hb_network_xnnpack *n, const uint8_t crop[HB_CROP_BYTES]) {
  if (IS_I8(n))
    hb_input_quantize(crop, n->maps[HB_MAP_INPUT], n->buffers[HB_BUFFER_INPUT]);
  else
    hb_input_normalize(crop, n->buffers[HB_BUFFER_INPUT]);
}

float *hb_network_xnnpack_input(hb_network_xnnpack *n) { return IS_I8(n) ? NULL : n->buffers[HB_BUFFER_INPUT]; }

/* Writes columns 2 * x - 3 to 2 * x + 3 of a row of the picture for every x. `row` is NULL for a row outside the
 * picture, where all bytes are `fill`. A number has `number` bytes. The last numbers of a pixel stay as they are,
 * because they are multiplied with weights of zero. */
static void unroll_row(const char *row, int fill, size_t number, char *out) {
  char line[(HB_CROP_SIDE + STEM_TAPS) * 3 * sizeof(float)];
  memset(line, fill, sizeof line);
  if (row != NULL) memcpy(line + STEM_TAPS / 2 * 3 * number, row, HB_CROP_SIDE * 3 * number);
  for (size_t x = 0; x < STEM_WIDTH; x++)
    memcpy(out + x * STEM_PADDED_ROW * number, line + 6 * x * number, STEM_ROW * number);
}

/* Unrolls the input for the stem. */
static void unroll(hb_network_xnnpack *n) {
  const size_t number = IS_I8(n) ? 1 : sizeof(float), row = HB_CROP_SIDE * 3 * number;
  const int fill = IS_I8(n) ? n->maps[HB_MAP_INPUT].zero : 0;
  const char *input = n->buffers[HB_BUFFER_INPUT];
  char *out = n->stem;
  for (uint32_t y = 0; y < STEM_HEIGHT; y++, out += STEM_WIDTH * STEM_PADDED_ROW * number) {
    const bool inside = y >= STEM_TAPS / 2 && y < HB_CROP_SIDE + STEM_TAPS / 2;
    unroll_row(inside ? input + (y - STEM_TAPS / 2) * row : NULL, fill, number, out);
  }
}

static bool run_step(hb_network_xnnpack *n, int number) {
  const hb_step *s = &n->plan.steps[number];
  const void *in = n->buffers[s->in.buffer], *other = n->buffers[s->other.buffer];
  void *out = n->buffers[s->out.buffer];
  switch (s->kind) {
    case HB_STEP_CONVOLUTION: return xnn_run_operator(n->convolutions[s->conv], NULL) == xnn_status_success;
    case HB_STEP_MAX_POOL:
      if (IS_I8(n))
        hb_layer_max_pool_i8(in, s->out.side, s->out.channels, out);
      else
        hb_layer_max_pool_f32(in, s->out.side, s->out.channels, out);
      break;
    case HB_STEP_ADD:
      if (IS_I8(n))
        hb_layer_add_i8(&n->additions[number], in, other, hb_plan_map_size(&s->out), out);
      else
        hb_layer_add_relu_f32(in, other, hb_plan_map_size(&s->out), out);
      break;
    case HB_STEP_MEAN:
      if (IS_I8(n))
        hb_layer_mean_i8(in, s->in.side, s->in.channels, n->maps[s->in.number], n->features + s->feature);
      else
        hb_layer_mean_f32(in, s->in.side, s->in.channels, n->features + s->feature);
      break;
  }
  return true;
}

const float *hb_network_xnnpack_run_recorded(hb_network_xnnpack *n, hb_activation_recorder recorder, void *context) {
  unroll(n);
  if (recorder != NULL) recorder(context, HB_MAP_INPUT, n->buffers[HB_BUFFER_INPUT], HB_CROP_BYTES);
  for (int s = 0; s < HB_STEP_COUNT; s++) {
    const hb_step *step = &n->plan.steps[s];
    if (!run_step(n, s)) return NULL;
    if (recorder != NULL && (step->kind == HB_STEP_CONVOLUTION || step->kind == HB_STEP_ADD))
      recorder(context, step->out.number, n->buffers[step->out.buffer], hb_plan_map_size(&step->out));
  }
  return n->features;
}

/* Returns the number of the last step that writes this feature map, or -1 for the input. */
static int last_step_of(const hb_network_xnnpack *n, uint32_t map) {
  int s = HB_STEP_COUNT - 1;
  while (s >= 0 && n->plan.steps[s].out.number != map) s--;
  return s;
}

const void *hb_network_xnnpack_map(hb_network_xnnpack *n, uint32_t map) {
  const int last = last_step_of(n, map);
  if (last < 0) return n->buffers[HB_BUFFER_INPUT];
  unroll(n);
  for (int s = 0; s <= last; s++)
    if (!run_step(n, s)) return NULL;
  return n->buffers[n->plan.steps[last].out.buffer];
}

const float *hb_network_xnnpack_run(hb_network_xnnpack *n) { return hb_network_xnnpack_run_recorded(n, NULL, NULL); }
