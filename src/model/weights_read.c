#include "model/weights_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "model/rans.h"
#include "model/weights_import.h"
#include "vector/row_encoding.h"

typedef struct {
  const hb_safetensors *file;
  hb_error *error;
  hb_status status; /* that of the first failure; all calls after it do nothing */
} reader;

/* Returns the bytes of a tensor that is used in place, or NULL after a failure. */
static const void *view(reader *r, const char *prefix, const char *suffix, hb_dtype dtype, uint32_t rank,
                        const uint32_t *shape) {
  const hb_tensor *tensor;
  if (r->status == HB_OK) r->status = hb_weights_tensor(r->file, prefix, suffix, dtype, rank, shape, &tensor, r->error);
  if (r->status != HB_OK) return NULL;
  if ((uintptr_t)tensor->data % hb_dtype_bytes(dtype) != 0) {
    r->status =
        hb_fail(r->error, HB_BAD_MODEL,
                "tensor '%s.%s' is not aligned; make the model again with 'index-builder model'", prefix, suffix);
    return NULL;
  }
  return tensor->data;
}

static const void *view_kernel(reader *r, const hb_conv_spec *spec, hb_dtype dtype) {
  const uint32_t shape[4] = {spec->out, spec->kernel, spec->kernel, spec->in};
  return view(r, spec->name, "weight", dtype, 4, shape);
}

static void fail(reader *r, const char *tensor) {
  r->status =
      hb_fail(r->error, HB_BAD_MODEL, "the model is damaged: tensor '%s' has numbers that are out of range", tensor);
}

/* ---- f32: in place ---- */

static void read_f32(reader *r, hb_weights *weights) {
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    weights->kernel[c] = view_kernel(r, spec, HB_F32);
    weights->bias[c] = view(r, spec->name, "bias", HB_F32, 1, &spec->out);
  }
  weights->fc_kernel = view(r, "fc", "weight", HB_F32, 2, hb_fc_shape);
  weights->fc_bias = view(r, "fc", "bias", HB_F32, 1, hb_fc_shape);
}

/* ---- f16: expanded ---- */

static void read_f16(reader *r, hb_weights *weights) {
  if (r->status == HB_OK) r->status = hb_weights_allocate(weights, r->error);
  for (int c = 0; c < HB_CONV_COUNT && r->status == HB_OK; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    const uint16_t *kernel = view_kernel(r, spec, HB_F16);
    const float *bias = view(r, spec->name, "bias", HB_F32, 1, &spec->out);
    if (r->status != HB_OK) return;
    hb_half_to_float(kernel, (float *)weights->kernel[c], hb_kernel_size(spec));
    memcpy((float *)weights->bias[c], bias, spec->out * sizeof *bias);
  }
  const uint16_t *kernel = view(r, "fc", "weight", HB_F16, 2, hb_fc_shape);
  const float *bias = view(r, "fc", "bias", HB_F32, 1, hb_fc_shape);
  if (r->status != HB_OK) return;
  hb_half_to_float(kernel, (float *)weights->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM);
  memcpy((float *)weights->fc_bias, bias, HB_LOGITS_DIM * sizeof *bias);
}

/* ---- i8: convolutions in place, fc expanded ---- */

static void read_maps(reader *r, hb_quantized *q) {
  static const uint32_t count = HB_MAP_COUNT;
  const float *scales = view(r, "maps", "scale", HB_F32, 1, &count);
  const int32_t *zeros = view(r, "maps", "zero", HB_I32, 1, &count);
  for (uint32_t m = 0; m < count && r->status == HB_OK; m++) q->map[m] = (hb_quantization){scales[m], zeros[m]};
}

/* Checks that rows decode to finite numbers, and have only codes that the encoder uses. */
static void check_fc_i8(reader *r, const int8_t *kernel, const float *scales) {
  for (uint32_t row = 0; row < HB_LOGITS_DIM; row++)
    if (!(scales[row] >= 0 && scales[row] < INFINITY)) return fail(r, "fc.scale");
  for (size_t i = 0; i < (size_t)HB_LOGITS_DIM * HB_POOLED_DIM; i++)
    if (kernel[i] == -128) return fail(r, "fc.weight");
}

/* Expands fc from its codes to memory that is there. */
static void expand_fc_i8(reader *r, const int8_t *kernel, hb_weights *weights) {
  const float *scales = view(r, "fc", "scale", HB_F32, 1, hb_fc_shape);
  const float *bias = view(r, "fc", "bias", HB_F32, 1, hb_fc_shape);
  if (r->status == HB_OK) check_fc_i8(r, kernel, scales);
  if (r->status != HB_OK) return;
  const hb_rows rows = {HB_ENCODING_I8, HB_POOLED_DIM, HB_LOGITS_DIM, kernel, scales};
  for (uint32_t row = 0; row < HB_LOGITS_DIM; row++)
    hb_row_decode(&rows, row, (float *)weights->fc_kernel + (size_t)row * HB_POOLED_DIM);
  memcpy((float *)weights->fc_bias, bias, HB_LOGITS_DIM * sizeof *bias);
}

static void read_fc_i8(reader *r, hb_weights *weights) {
  const int8_t *kernel = view(r, "fc", "weight", HB_I8, 2, hb_fc_shape);
  if (r->status == HB_OK) r->status = hb_weights_allocate_fc(weights, r->error);
  if (r->status == HB_OK) expand_fc_i8(r, kernel, weights);
}

static void check_quantized(reader *r, const hb_quantized *q) {
  char tensor[HB_TENSOR_NAME];
  if (r->status == HB_OK && !hb_quantized_is_sound(q, tensor)) fail(r, tensor);
}

static void read_i8(reader *r, hb_weights *weights) {
  hb_quantized *q = &weights->quantized;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    q->kernel[c] = view_kernel(r, spec, HB_I8);
    q->kernel_scale[c] = view(r, spec->name, "scale", HB_F32, 1, &spec->out);
    q->bias[c] = view(r, spec->name, "bias", HB_I32, 1, &spec->out);
  }
  read_maps(r, q);
  check_quantized(r, q);
  read_fc_i8(r, weights);
}

/* ---- Compact i8: all of it copied or decoded ---- */

static void decode(reader *r, const char *prefix, int8_t *codes, size_t count) {
  char name[HB_TENSOR_NAME];
  snprintf(name, sizeof name, "%s.codes", prefix);
  const hb_tensor *stream = hb_safetensors_find(r->file, name);
  if (r->status != HB_OK) return;
  if (stream == NULL || stream->dtype != HB_U8)
    r->status =
        hb_fail(r->error, HB_BAD_MODEL, "tensor '%s' is missing, or is not of u8; this is not a ResNet-18", name);
  else if (!hb_rans_decode(stream->data, stream->bytes, codes, count))
    r->status = hb_fail(r->error, HB_BAD_MODEL,
                        "the model is damaged: tensor '%s' cannot be decoded; download the file again", name);
}

static void copy(reader *r, const char *prefix, const char *suffix, hb_dtype dtype, uint32_t count, const void *to) {
  const void *from = view(r, prefix, suffix, dtype, 1, &count);
  if (r->status == HB_OK) memcpy((void *)to, from, count * hb_dtype_bytes(dtype));
}

static void decode_fc(reader *r, hb_weights *weights) {
  const size_t size = (size_t)HB_LOGITS_DIM * HB_POOLED_DIM;
  int8_t *codes = malloc(size);
  if (codes == NULL) r->status = hb_fail_memory(r->error);
  decode(r, "fc", codes, size);
  if (r->status == HB_OK) expand_fc_i8(r, codes, weights);
  free(codes);
}

static void read_compact(reader *r, hb_weights *weights) {
  hb_quantized *q = &weights->quantized;
  const bool has_fc = hb_safetensors_find(r->file, "fc.codes") != NULL;
  weights->compact = true;
  if (!hb_safetensors_metadata(r->file, "fc", weights->fc_id, sizeof weights->fc_id) || strlen(weights->fc_id) != 64)
    r->status = hb_fail(r->error, HB_BAD_MODEL, "the model does not tell the id of its fc; download the file again");
  if (r->status == HB_OK)
    r->status =
        has_fc ? hb_weights_allocate_quantized(weights, r->error) : hb_weights_allocate_without_fc(weights, r->error);
  for (int c = 0; c < HB_CONV_COUNT && r->status == HB_OK; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    copy(r, spec->name, "scale", HB_F32, spec->out, q->kernel_scale[c]);
    copy(r, spec->name, "bias", HB_I32, spec->out, q->bias[c]);
    decode(r, spec->name, (int8_t *)q->kernel[c], hb_kernel_size(spec));
  }
  read_maps(r, q);
  check_quantized(r, q);
  if (has_fc && r->status == HB_OK) decode_fc(r, weights);
}

static hb_status read_view(const hb_safetensors *file, hb_weights *weights, hb_error *error) {
  char name[16];
  if (!hb_safetensors_metadata(file, "view", name, sizeof name) || hb_view_parse(name, &weights->view)) return HB_OK;
  return hb_fail(error, HB_BAD_MODEL, "the model looks at pictures by the view '%s', which this version does not know",
                 name);
}

static hb_status read_own(const hb_safetensors *file, hb_precision precision, bool compact, hb_weights *weights,
                          hb_error *error) {
  weights->precision = precision;
  hb_status status = read_view(file, weights, error);
  if (status != HB_OK) return status;
  if (!hb_safetensors_metadata(file, "id", weights->id, sizeof weights->id) || strlen(weights->id) != 64)
    return hb_fail(error, HB_BAD_MODEL, "the model has no id; make it again with 'index-builder model'");
  reader r = {file, error, HB_OK};
  switch (precision) {
    case HB_PRECISION_F32: read_f32(&r, weights); break;
    case HB_PRECISION_F16: read_f16(&r, weights); break;
    case HB_PRECISION_I8: compact ? read_compact(&r, weights) : read_i8(&r, weights); break;
  }
  return r.status;
}

hb_status hb_weights_read(const hb_safetensors *file, hb_weights *out, hb_error *error) {
  char kind[64];
  hb_precision precision = HB_PRECISION_I8;
  if (!hb_safetensors_metadata(file, "kind", kind, sizeof kind)) return hb_weights_import(file, out, error);
  const bool compact = strcmp(kind, HB_MODEL_KIND HB_MODEL_COMPACT) == 0;
  if (!compact && (strncmp(kind, HB_MODEL_KIND, strlen(HB_MODEL_KIND)) != 0 ||
                   !hb_precision_parse(kind + strlen(HB_MODEL_KIND), &precision)))
    return hb_fail(error, HB_BAD_MODEL,
                   "the model is of kind '%s', which this version cannot read; it reads " HB_MODEL_KIND
                   "f32, ...f16, ...i8 and ..." HB_MODEL_COMPACT,
                   kind);
  hb_weights weights = {0};
  hb_status status = read_own(file, precision, compact, &weights, error);
  if (status != HB_OK) return hb_weights_free(&weights), status;
  *out = weights;
  return HB_OK;
}
