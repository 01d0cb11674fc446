#include "model/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint32_t hb_fc_shape[2] = {HB_LOGITS_DIM, HB_POOLED_DIM};

static const char *const dtype_names[] = {
    [HB_F32] = "f32", [HB_F16] = "f16", [HB_I32] = "i32", [HB_I8] = "i8", [HB_U8] = "u8"};

hb_status hb_weights_tensor(const hb_safetensors *file, const char *prefix, const char *suffix, hb_dtype dtype,
                            uint32_t rank, const uint32_t *shape, const hb_tensor **out, hb_error *error) {
  char name[80];
  snprintf(name, sizeof name, "%s.%s", prefix, suffix);
  const hb_tensor *tensor = hb_safetensors_find(file, name);
  if (tensor == NULL) return hb_fail(error, HB_BAD_MODEL, "tensor '%s' is missing; this is not a ResNet-18", name);
  bool right = tensor->dtype == dtype && tensor->rank == rank;
  for (uint32_t i = 0; right && i < rank; i++) right = tensor->shape[i] == shape[i];
  if (!right) {
    char expected[64] = "";
    for (uint32_t i = 0, n = 0; i < rank; i++)
      n += (uint32_t)snprintf(expected + n, sizeof expected - n, "%s%u", i > 0 ? " x " : "", shape[i]);
    return hb_fail(error, HB_BAD_MODEL, "tensor '%s' should be %s of shape %s; this is not a ResNet-18", name,
                   dtype_names[dtype], expected);
  }
  *out = tensor;
  return HB_OK;
}

/* ---- Memory ---- */

/* Allocates fc, if there is one, and in front of it convolutions of `convolutions` floats. */
static hb_status allocate(size_t convolutions, bool fc, hb_weights *out, hb_error *error) {
  size_t floats = convolutions + (fc ? (size_t)HB_LOGITS_DIM * (HB_POOLED_DIM + 1) : 0);
  out->owned = malloc(floats * sizeof *out->owned);
  if (out->owned == NULL) return hb_fail_memory(error);
  if (!fc) return HB_OK;
  out->fc_kernel = out->owned + convolutions;
  out->fc_bias = out->fc_kernel + (size_t)HB_LOGITS_DIM * HB_POOLED_DIM;
  return HB_OK;
}

hb_status hb_weights_allocate_fc(hb_weights *out, hb_error *error) { return allocate(0, true, out, error); }

hb_status hb_weights_allocate(hb_weights *out, hb_error *error) {
  size_t floats = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) floats += hb_kernel_size(&hb_conv_specs[c]) + hb_conv_specs[c].out;
  hb_status status = allocate(floats, true, out, error);
  if (status != HB_OK) return status;
  const float *next = out->owned;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    out->kernel[c] = next;
    out->bias[c] = next + hb_kernel_size(&hb_conv_specs[c]);
    next = out->bias[c] + hb_conv_specs[c].out;
  }
  return HB_OK;
}

static hb_status allocate_quantized(bool fc, hb_weights *out, hb_error *error) {
  size_t outs = 0, codes = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    outs += hb_conv_specs[c].out;
    codes += hb_kernel_size(&hb_conv_specs[c]);
  }
  hb_status status = allocate(2 * outs + codes / sizeof(float), fc, out, error); /* kernels are multiples of 4 */
  if (status != HB_OK) return status;
  hb_quantized *q = &out->quantized;
  float *scales = out->owned;
  int32_t *biases = (int32_t *)(void *)(scales + outs);
  int8_t *kernels = (int8_t *)(biases + outs);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    q->kernel_scale[c] = scales, q->bias[c] = biases, q->kernel[c] = kernels;
    scales += hb_conv_specs[c].out, biases += hb_conv_specs[c].out, kernels += hb_kernel_size(&hb_conv_specs[c]);
  }
  return HB_OK;
}

hb_status hb_weights_allocate_quantized(hb_weights *out, hb_error *error) {
  return allocate_quantized(true, out, error);
}

hb_status hb_weights_allocate_without_fc(hb_weights *out, hb_error *error) {
  return allocate_quantized(false, out, error);
}

void hb_weights_free(hb_weights *weights) {
  free(weights->owned);
  *weights = (hb_weights){0};
}

/* ---- Identity ---- */

static void hash_codes(hb_sha256 *hash, const int8_t *codes, size_t count) { hb_sha256_add(hash, codes, count); }

static bool are_halves_of_bytes(const int8_t *codes, size_t count) {
  int8_t least = 0, most = 0;
  for (size_t i = 0; i < count; i++) {
    least = codes[i] < least ? codes[i] : least;
    most = codes[i] > most ? codes[i] : most;
  }
  return least >= -8 && most < 8;
}

/* Hashes two codes in a byte, if they are from -8 to 7, or else a code in a byte; and before them, which of it. Hashing
 * takes longer than all else at the start of a tab that has the model already. */
static void hash_few_codes(hb_sha256 *hash, const int8_t *codes, size_t count) {
  const bool halves = are_halves_of_bytes(codes, count);
  hb_sha256_add(hash, halves ? "4" : "8", 1);
  if (!halves) return hb_sha256_add(hash, codes, count);
  uint8_t bytes[1024];
  for (size_t done = 0; done < count;) { /* kernels are multiples of 2 */
    size_t size = (count - done) / 2;
    if (size > sizeof bytes) size = sizeof bytes;
    for (size_t i = 0; i < size; i++)
      bytes[i] = (uint8_t)((codes[done + 2 * i] & 15) | (codes[done + 2 * i + 1] & 15) << 4);
    hb_sha256_add(hash, bytes, size);
    done += 2 * size;
  }
}

static void hash_quantized(hb_sha256 *hash, const hb_quantized *q, bool compact) {
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    (compact ? hash_few_codes : hash_codes)(hash, q->kernel[c], hb_kernel_size(spec));
    hb_sha256_add(hash, q->kernel_scale[c], spec->out * sizeof(float));
    hb_sha256_add(hash, q->bias[c], spec->out * sizeof(int32_t));
  }
  for (int m = 0; m < HB_MAP_COUNT; m++) hb_sha256_add(hash, &q->map[m].scale, sizeof q->map[m].scale);
  for (int m = 0; m < HB_MAP_COUNT; m++) hb_sha256_add(hash, &q->map[m].zero, sizeof q->map[m].zero);
}

static void hash_floats(hb_sha256 *hash, const hb_weights *weights) {
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    hb_sha256_add(hash, weights->kernel[c], hb_kernel_size(&hb_conv_specs[c]) * sizeof(float));
    hb_sha256_add(hash, weights->bias[c], hb_conv_specs[c].out * sizeof(float));
  }
}

static void hash_fc(hb_sha256 *hash, const hb_weights *weights) {
  hb_sha256_add(hash, weights->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM * sizeof(float));
  hb_sha256_add(hash, weights->fc_bias, HB_LOGITS_DIM * sizeof(float));
}

static void identify_fc(hb_weights *weights) {
  hb_sha256 hash;
  hb_sha256_start(&hash);
  hash_fc(&hash, weights);
  hb_sha256_hex(&hash, weights->fc_id);
}

void hb_weights_identify(hb_weights *weights) {
  hb_sha256 hash;
  hb_sha256_start(&hash);
  if (weights->precision == HB_PRECISION_I8)
    hash_quantized(&hash, &weights->quantized, weights->compact);
  else
    hash_floats(&hash, weights);
  if (weights->compact) {
    if (weights->fc_kernel != NULL) identify_fc(weights);
    hb_sha256_add(&hash, weights->fc_id, strlen(weights->fc_id));
  } else {
    hash_fc(&hash, weights);
  }
  if (weights->view != HB_VIEW_CROP)
    hb_sha256_add(&hash, hb_view_name(weights->view), strlen(hb_view_name(weights->view)));
  hb_sha256_hex(&hash, weights->id);
}
