#include "weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "heybagh-resnet18-f32" /* __metadata__.kind of the project's own files */
#define BATCH_NORM_EPSILON 1e-5     /* torch.nn.BatchNorm2d's default, which torchvision's ResNet keeps */

/* torchvision.models.resnet18: 7x7 stem, then four layers of two basic blocks (He et al. 2015, arXiv 1512.03385). */
const hb_conv_spec hb_conv_specs[HB_CONV_COUNT] = {
    {"conv1", "bn1", 3, 64, 7, 2},
    {"layer1.0.conv1", "layer1.0.bn1", 64, 64, 3, 1},
    {"layer1.0.conv2", "layer1.0.bn2", 64, 64, 3, 1},
    {"layer1.1.conv1", "layer1.1.bn1", 64, 64, 3, 1},
    {"layer1.1.conv2", "layer1.1.bn2", 64, 64, 3, 1},
    {"layer2.0.conv1", "layer2.0.bn1", 64, 128, 3, 2},
    {"layer2.0.conv2", "layer2.0.bn2", 128, 128, 3, 1},
    {"layer2.0.downsample.0", "layer2.0.downsample.1", 64, 128, 1, 2},
    {"layer2.1.conv1", "layer2.1.bn1", 128, 128, 3, 1},
    {"layer2.1.conv2", "layer2.1.bn2", 128, 128, 3, 1},
    {"layer3.0.conv1", "layer3.0.bn1", 128, 256, 3, 2},
    {"layer3.0.conv2", "layer3.0.bn2", 256, 256, 3, 1},
    {"layer3.0.downsample.0", "layer3.0.downsample.1", 128, 256, 1, 2},
    {"layer3.1.conv1", "layer3.1.bn1", 256, 256, 3, 1},
    {"layer3.1.conv2", "layer3.1.bn2", 256, 256, 3, 1},
    {"layer4.0.conv1", "layer4.0.bn1", 256, 512, 3, 2},
    {"layer4.0.conv2", "layer4.0.bn2", 512, 512, 3, 1},
    {"layer4.0.downsample.0", "layer4.0.downsample.1", 256, 512, 1, 2},
    {"layer4.1.conv1", "layer4.1.bn1", 512, 512, 3, 1},
    {"layer4.1.conv2", "layer4.1.bn2", 512, 512, 3, 1},
};

static size_t kernel_floats(const hb_conv_spec *spec) {
  return (size_t)spec->out * spec->kernel * spec->kernel * spec->in;
}

/* The f32 tensor `prefix.suffix` with exactly this shape, or an error that names it. */
static hb_status get_tensor(const hb_safetensors *file, const char *prefix, const char *suffix, uint32_t rank,
                            const uint32_t *shape, const hb_tensor **out, hb_error *error) {
  char name[80];
  snprintf(name, sizeof name, "%s.%s", prefix, suffix);
  const hb_tensor *tensor = hb_safetensors_find(file, name);
  if (tensor == NULL)
    return hb_fail(error, HB_BAD_MODEL, "tensor '%s' is missing; this is not a torchvision ResNet-18", name);
  bool right = tensor->dtype == HB_F32 && tensor->rank == rank;
  for (uint32_t i = 0; right && i < rank; i++) right = tensor->shape[i] == shape[i];
  if (!right) {
    char expected[64] = "";
    for (uint32_t i = 0, n = 0; i < rank; i++)
      n += (uint32_t)snprintf(expected + n, sizeof expected - n, "%s%u", i > 0 ? " x " : "", shape[i]);
    return hb_fail(error, HB_BAD_MODEL, "tensor '%s' should be f32 of shape %s; this is not a torchvision ResNet-18",
                   name, expected);
  }
  *out = tensor;
  return HB_OK;
}

/* Element i of an f32 tensor, which may lie at any address. */
static float element(const hb_tensor *tensor, size_t i) {
  float value;
  memcpy(&value, tensor->data + i * sizeof value, sizeof value);
  return value;
}

/* Multiplies the batch norm into the convolution before it and turns OIHW into OHWI. */
static hb_status fold(const hb_safetensors *file, const hb_conv_spec *spec, float *kernel, float *bias,
                      hb_error *error) {
  const hb_tensor *source, *gamma, *beta, *mean, *variance;
  const uint32_t shape[4] = {spec->out, spec->in, spec->kernel, spec->kernel};
  hb_status status = get_tensor(file, spec->name, "weight", 4, shape, &source, error);
  if (status == HB_OK) status = get_tensor(file, spec->norm, "weight", 1, &spec->out, &gamma, error);
  if (status == HB_OK) status = get_tensor(file, spec->norm, "bias", 1, &spec->out, &beta, error);
  if (status == HB_OK) status = get_tensor(file, spec->norm, "running_mean", 1, &spec->out, &mean, error);
  if (status == HB_OK) status = get_tensor(file, spec->norm, "running_var", 1, &spec->out, &variance, error);
  if (status != HB_OK) return status;
  size_t area = (size_t)spec->kernel * spec->kernel;
  for (uint32_t o = 0; o < spec->out; o++) {
    double scale = element(gamma, o) / sqrt((double)element(variance, o) + BATCH_NORM_EPSILON);
    bias[o] = (float)(element(beta, o) - element(mean, o) * scale);
    for (uint32_t i = 0; i < spec->in; i++)
      for (size_t p = 0; p < area; p++)
        kernel[(o * area + p) * spec->in + i] = (float)(element(source, (o * (size_t)spec->in + i) * area + p) * scale);
  }
  return HB_OK;
}

static const uint32_t fc_shape[2] = {HB_LOGITS_DIM, HB_POOLED_DIM};

static void hash_weights(hb_weights *weights) {
  hb_sha256 hash;
  hb_sha256_start(&hash);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    hb_sha256_add(&hash, weights->kernel[c], kernel_floats(&hb_conv_specs[c]) * sizeof(float));
    hb_sha256_add(&hash, weights->bias[c], hb_conv_specs[c].out * sizeof(float));
  }
  hb_sha256_add(&hash, weights->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM * sizeof(float));
  hb_sha256_add(&hash, weights->fc_bias, HB_LOGITS_DIM * sizeof(float));
  hb_sha256_hex(&hash, weights->id);
}

/* torchvision's own 122 tensors (num_batches_tracked is of no use after training). */
static hb_status import_torchvision(const hb_safetensors *file, hb_weights *weights, hb_error *error) {
  const hb_tensor *fc_kernel, *fc_bias;
  hb_status status = get_tensor(file, "fc", "weight", 2, fc_shape, &fc_kernel, error);
  if (status == HB_OK) status = get_tensor(file, "fc", "bias", 1, fc_shape, &fc_bias, error);
  if (status != HB_OK) return status;

  size_t floats = (size_t)HB_LOGITS_DIM * (HB_POOLED_DIM + 1);
  for (int c = 0; c < HB_CONV_COUNT; c++) floats += kernel_floats(&hb_conv_specs[c]) + hb_conv_specs[c].out;
  float *next = weights->owned = malloc(floats * sizeof *next);
  if (next == NULL) return hb_fail_memory(error);
  for (int c = 0; c < HB_CONV_COUNT && status == HB_OK; c++) {
    float *kernel = next, *bias = kernel + kernel_floats(&hb_conv_specs[c]);
    status = fold(file, &hb_conv_specs[c], kernel, bias, error);
    weights->kernel[c] = kernel, weights->bias[c] = bias;
    next = bias + hb_conv_specs[c].out;
  }
  if (status != HB_OK) return free(weights->owned), status;
  memcpy(next, fc_kernel->data, fc_kernel->bytes);
  weights->fc_kernel = next;
  next += (size_t)HB_LOGITS_DIM * HB_POOLED_DIM;
  memcpy(next, fc_bias->data, fc_bias->bytes);
  weights->fc_bias = next;
  hash_weights(weights);
  return HB_OK;
}

/* An f32 tensor of the project's own file, used in place. */
static hb_status view(const hb_safetensors *file, const char *prefix, const char *suffix, uint32_t rank,
                      const uint32_t *shape, const float **out, hb_error *error) {
  const hb_tensor *tensor;
  hb_status status = get_tensor(file, prefix, suffix, rank, shape, &tensor, error);
  if (status != HB_OK) return status;
  if ((uintptr_t)tensor->data % sizeof(float) != 0)
    return hb_fail(error, HB_BAD_MODEL,
                   "tensor '%s.%s' is not aligned; make the model again with 'index-builder model'", prefix, suffix);
  *out = (const float *)(const void *)tensor->data;
  return HB_OK;
}

static hb_status view_own(const hb_safetensors *file, hb_weights *weights, hb_error *error) {
  if (!hb_safetensors_metadata(file, "id", weights->id, sizeof weights->id) || strlen(weights->id) != 64)
    return hb_fail(error, HB_BAD_MODEL, "the model has no id; make it again with 'index-builder model'");
  hb_status status = HB_OK;
  for (int c = 0; c < HB_CONV_COUNT && status == HB_OK; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    const uint32_t shape[4] = {spec->out, spec->kernel, spec->kernel, spec->in};
    status = view(file, spec->name, "weight", 4, shape, &weights->kernel[c], error);
    if (status == HB_OK) status = view(file, spec->name, "bias", 1, shape, &weights->bias[c], error);
  }
  if (status == HB_OK) status = view(file, "fc", "weight", 2, fc_shape, &weights->fc_kernel, error);
  if (status == HB_OK) status = view(file, "fc", "bias", 1, fc_shape, &weights->fc_bias, error);
  return status;
}

hb_status hb_weights_read(const hb_safetensors *file, hb_weights *out, hb_error *error) {
  hb_weights weights = {0};
  char kind[64];
  hb_status status;
  if (!hb_safetensors_metadata(file, "kind", kind, sizeof kind))
    status = import_torchvision(file, &weights, error);
  else if (strcmp(kind, KIND) == 0)
    status = view_own(file, &weights, error);
  else
    status = hb_fail(error, HB_BAD_MODEL, "the model is of kind '%s', which this version cannot read; it reads %s",
                     kind, KIND);
  if (status == HB_OK) *out = weights;
  return status;
}

void hb_weights_free(hb_weights *weights) {
  free(weights->owned);
  *weights = (hb_weights){0};
}

#ifndef __wasm__
hb_status hb_weights_write(const hb_weights *weights, const char *path, hb_error *error) {
  const char *const metadata[][2] = {
      {"kind", KIND},
      {"id", weights->id},
      {"layout", "convolutions OHWI, batch norm folded"},
      {"preprocessing",
       "Resize(256, bilinear, antialias), CenterCrop(224), mean 0.485 0.456 0.406, std 0.229 0.224 0.225"},
      {"generator", "heybagh " HB_VERSION},
  };
  hb_f32_tensor tensors[2 * HB_CONV_COUNT + 2];
  char names[2 * HB_CONV_COUNT][40];
  size_t count = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    snprintf(names[count], sizeof *names, "%s.weight", spec->name);
    tensors[count] =
        (hb_f32_tensor){names[count], 4, {spec->out, spec->kernel, spec->kernel, spec->in}, weights->kernel[c]};
    count++;
    snprintf(names[count], sizeof *names, "%s.bias", spec->name);
    tensors[count] = (hb_f32_tensor){names[count], 1, {spec->out}, weights->bias[c]};
    count++;
  }
  tensors[count++] = (hb_f32_tensor){"fc.weight", 2, {HB_LOGITS_DIM, HB_POOLED_DIM}, weights->fc_kernel};
  tensors[count++] = (hb_f32_tensor){"fc.bias", 1, {HB_LOGITS_DIM}, weights->fc_bias};
  return hb_safetensors_write(path, metadata, sizeof metadata / sizeof *metadata, tensors, count, error);
}
#endif
