#include "model/weights_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "model/rans_encode.h"
#include "model/safetensors_write.h"
#include "vector/row_encoding.h"

#define TENSORS_MAX (3 * HB_CONV_COUNT + 5)

typedef struct {
  hb_tensor_source tensors[TENSORS_MAX];
  char names[TENSORS_MAX][HB_TENSOR_NAME];
  size_t count;
  void *codes;                         /* kernels in f16, or fc in i8 */
  uint8_t *streams[HB_CONV_COUNT + 1]; /* in a compact file */
} list;

static void add(list *l, const char *prefix, const char *suffix, hb_dtype dtype, uint32_t rank, const uint32_t *shape,
                const void *data) {
  snprintf(l->names[l->count], sizeof *l->names, "%s.%s", prefix, suffix);
  hb_tensor_source *tensor = &l->tensors[l->count];
  *tensor = (hb_tensor_source){.name = l->names[l->count], .dtype = dtype, .rank = rank, .data = data};
  memcpy(tensor->shape, shape, rank * sizeof *shape);
  l->count++;
}

static void add_kernel(list *l, const hb_conv_spec *spec, hb_dtype dtype, const void *data) {
  const uint32_t shape[4] = {spec->out, spec->kernel, spec->kernel, spec->in};
  add(l, spec->name, "weight", dtype, 4, shape, data);
}

static void add_floats(list *l, const hb_weights *weights) {
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    add_kernel(l, &hb_conv_specs[c], HB_F32, weights->kernel[c]);
    add(l, hb_conv_specs[c].name, "bias", HB_F32, 1, &hb_conv_specs[c].out, weights->bias[c]);
  }
  add(l, "fc", "weight", HB_F32, 2, hb_fc_shape, weights->fc_kernel);
  add(l, "fc", "bias", HB_F32, 1, hb_fc_shape, weights->fc_bias);
}

static const size_t fc_size = (size_t)HB_LOGITS_DIM * HB_POOLED_DIM;

static bool add_halves(list *l, const hb_weights *weights) {
  size_t size = fc_size;
  for (int c = 0; c < HB_CONV_COUNT; c++) size += hb_kernel_size(&hb_conv_specs[c]);
  uint16_t *next = l->codes = malloc(size * sizeof *next);
  if (next == NULL) return false;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    hb_half_from_float(weights->kernel[c], next, hb_kernel_size(spec));
    add_kernel(l, spec, HB_F16, next);
    add(l, spec->name, "bias", HB_F32, 1, &spec->out, weights->bias[c]);
    next += hb_kernel_size(spec);
  }
  hb_half_from_float(weights->fc_kernel, next, fc_size);
  add(l, "fc", "weight", HB_F16, 2, hb_fc_shape, next);
  add(l, "fc", "bias", HB_F32, 1, hb_fc_shape, weights->fc_bias);
  return true;
}

/* What a file in i8 has in another form than the weights. */
typedef struct {
  float fc_scale[HB_LOGITS_DIM], map_scale[HB_MAP_COUNT];
  int32_t map_zero[HB_MAP_COUNT];
  int8_t fc[];
} codes_i8;

/* fc's rows were decoded from codes, and are encoded to these codes again (see row_encoding.h). */
static codes_i8 *make_codes(list *l, const hb_weights *weights) {
  codes_i8 *codes = l->codes = malloc(sizeof *codes + fc_size);
  if (codes == NULL) return NULL;
  for (uint32_t row = 0; row < HB_LOGITS_DIM && weights->fc_kernel != NULL; row++)
    hb_row_encode(HB_ENCODING_I8, HB_POOLED_DIM, weights->fc_kernel + (size_t)row * HB_POOLED_DIM, false,
                  codes->fc + (size_t)row * HB_POOLED_DIM, &codes->fc_scale[row]);
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++) {
    codes->map_scale[m] = weights->quantized.map[m].scale;
    codes->map_zero[m] = weights->quantized.map[m].zero;
  }
  return codes;
}

static void add_maps(list *l, const codes_i8 *codes) {
  static const uint32_t maps = HB_MAP_COUNT;
  add(l, "maps", "scale", HB_F32, 1, &maps, codes->map_scale);
  add(l, "maps", "zero", HB_I32, 1, &maps, codes->map_zero);
}

static bool add_quantized(list *l, const hb_weights *weights) {
  const hb_quantized *q = &weights->quantized;
  const codes_i8 *codes = make_codes(l, weights);
  if (codes == NULL) return false;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    add_kernel(l, spec, HB_I8, q->kernel[c]);
    add(l, spec->name, "scale", HB_F32, 1, &spec->out, q->kernel_scale[c]);
    add(l, spec->name, "bias", HB_I32, 1, &spec->out, q->bias[c]);
  }
  add(l, "fc", "weight", HB_I8, 2, hb_fc_shape, codes->fc);
  add(l, "fc", "scale", HB_F32, 1, hb_fc_shape, codes->fc_scale);
  add(l, "fc", "bias", HB_F32, 1, hb_fc_shape, weights->fc_bias);
  add_maps(l, codes);
  return true;
}

static bool add_stream(list *l, const char *prefix, const int8_t *codes, size_t count, uint8_t **stream) {
  size_t size;
  if (hb_rans_encode(codes, count, stream, &size, NULL) != HB_OK) return false;
  add(l, prefix, "codes", HB_U8, 1, &(uint32_t){(uint32_t)size}, *stream);
  return true;
}

/* Numbers come first, so that they are aligned, and fc comes last, as not everybody needs it. */
static bool add_compact(list *l, const hb_weights *weights) {
  const hb_quantized *q = &weights->quantized;
  const codes_i8 *codes = make_codes(l, weights);
  if (codes == NULL) return false;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    add(l, hb_conv_specs[c].name, "scale", HB_F32, 1, &hb_conv_specs[c].out, q->kernel_scale[c]);
    add(l, hb_conv_specs[c].name, "bias", HB_I32, 1, &hb_conv_specs[c].out, q->bias[c]);
  }
  add_maps(l, codes);
  if (weights->fc_kernel != NULL) {
    add(l, "fc", "scale", HB_F32, 1, hb_fc_shape, codes->fc_scale);
    add(l, "fc", "bias", HB_F32, 1, hb_fc_shape, weights->fc_bias);
  }
  for (int c = 0; c < HB_CONV_COUNT; c++)
    if (!add_stream(l, hb_conv_specs[c].name, q->kernel[c], hb_kernel_size(&hb_conv_specs[c]), &l->streams[c]))
      return false;
  return weights->fc_kernel == NULL || add_stream(l, "fc", codes->fc, fc_size, &l->streams[HB_CONV_COUNT]);
}

static bool add_all(list *l, const hb_weights *weights) {
  switch (weights->precision) {
    case HB_PRECISION_F32: return add_floats(l, weights), true;
    case HB_PRECISION_F16: return add_halves(l, weights);
    case HB_PRECISION_I8: return weights->compact ? add_compact(l, weights) : add_quantized(l, weights);
  }
  return false;
}

#define COLOURS ", mean 0.485 0.456 0.406, std 0.229 0.224 0.225"
#define TORCHVISION "Resize(256, bilinear, antialias), CenterCrop(224)"
#define WHOLE "Resize((224, 224), bilinear, antialias)"
static const char *const preprocessing[] = {
    [HB_VIEW_CROP] = TORCHVISION COLOURS,
    [HB_VIEW_WHOLE] = WHOLE COLOURS,
    [HB_VIEW_BOTH] = TORCHVISION " and " WHOLE ", features averaged" COLOURS,
};

hb_status hb_weights_write(const hb_weights *weights, const char *path, hb_error *error) {
  char kind[64], generator[64];
  snprintf(generator, sizeof generator, "heybagh %s", hb_version());
  snprintf(kind, sizeof kind, HB_MODEL_KIND "%s",
           weights->compact ? HB_MODEL_COMPACT : hb_precision_name(weights->precision));
  /* What not every file has comes last; a file without a view is as it was before there were views. */
  const char *const view[2] = {"view", hb_view_name(weights->view)};
  const bool has_view = weights->view != HB_VIEW_CROP;
  const char *const metadata[][2] = {
      {"kind", kind},
      {"id", weights->id},
      {"layout", "convolutions OHWI, batch norm folded"},
      {"preprocessing", preprocessing[weights->view]},
      {"generator", generator},
      {weights->compact ? "fc" : view[0], weights->compact ? weights->fc_id : view[1]},
      {view[0], view[1]},
  };
  const size_t pairs = 5 + (size_t)weights->compact + has_view;
  list *l = calloc(1, sizeof *l);
  if (l == NULL) return hb_fail_memory(error);
  hb_status status = add_all(l, weights) ? hb_safetensors_write(path, metadata, pairs, l->tensors, l->count, error)
                                         : hb_fail_memory(error);
  for (int s = 0; s <= HB_CONV_COUNT; s++) free(l->streams[s]);
  free(l->codes);
  free(l);
  return status;
}
