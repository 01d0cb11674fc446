#include "model/weights_import.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_NORM_EPSILON 1e-5 /* torch.nn.BatchNorm2d's default, which torchvision's ResNet keeps */

/* Returns element i of an f32 tensor, which need not be aligned. */
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
  hb_status status = hb_weights_tensor(file, spec->name, "weight", HB_F32, 4, shape, &source, error);
  if (status == HB_OK) status = hb_weights_tensor(file, spec->norm, "weight", HB_F32, 1, &spec->out, &gamma, error);
  if (status == HB_OK) status = hb_weights_tensor(file, spec->norm, "bias", HB_F32, 1, &spec->out, &beta, error);
  if (status == HB_OK)
    status = hb_weights_tensor(file, spec->norm, "running_mean", HB_F32, 1, &spec->out, &mean, error);
  if (status == HB_OK)
    status = hb_weights_tensor(file, spec->norm, "running_var", HB_F32, 1, &spec->out, &variance, error);
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

static hb_status fold_all(const hb_safetensors *file, hb_weights *weights, hb_error *error) {
  const hb_tensor *fc_kernel, *fc_bias;
  hb_status status = hb_weights_tensor(file, "fc", "weight", HB_F32, 2, hb_fc_shape, &fc_kernel, error);
  if (status == HB_OK) status = hb_weights_tensor(file, "fc", "bias", HB_F32, 1, hb_fc_shape, &fc_bias, error);
  if (status == HB_OK) status = hb_weights_allocate(weights, error);
  for (int c = 0; c < HB_CONV_COUNT && status == HB_OK; c++)
    status = fold(file, &hb_conv_specs[c], (float *)weights->kernel[c], (float *)weights->bias[c], error);
  if (status != HB_OK) return status;
  memcpy((float *)weights->fc_kernel, fc_kernel->data, fc_kernel->bytes);
  memcpy((float *)weights->fc_bias, fc_bias->data, fc_bias->bytes);
  return HB_OK;
}

hb_status hb_weights_import(const hb_safetensors *file, hb_weights *out, hb_error *error) {
  hb_weights weights = {.precision = HB_PRECISION_F32};
  hb_status status = fold_all(file, &weights, error);
  if (status != HB_OK) return hb_weights_free(&weights), status;
  hb_weights_identify(&weights);
  *out = weights;
  return HB_OK;
}
