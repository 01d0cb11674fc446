#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "image/resize.h"
#include "pictures.h"

/* ---- Weights ---- */

/* What a tensor is filled with: uniform between two bounds. */
typedef struct {
  const char *suffix;
  float low, high;
} norm_part;

static const norm_part norm_parts[] = {
    {"weight", 0.6f, 1.2f}, {"bias", -0.2f, 0.3f}, {"running_mean", -0.3f, 0.3f}, {"running_var", 0.5f, 1.5f}};

typedef struct {
  hb_text header;
  size_t offset; /* of the next tensor; its bytes follow those before it */
  float *floats; /* NULL while only the header is written */
  hb_random random;
} weight_file;

static void add_header(weight_file *f, const char *name, const char *suffix, const char *dtype, const char *shape,
                       size_t bytes) {
  hb_text_add(&f->header, "%s\"%s.%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
              f->offset > 0 ? "," : "{", name, suffix, dtype, shape, f->offset, f->offset + bytes);
}

static void add_floats(weight_file *f, const char *name, const char *suffix, const char *shape, size_t count, float low,
                       float high) {
  size_t bytes = count * sizeof(float);
  if (f->floats == NULL)
    add_header(f, name, suffix, "F32", shape, bytes);
  else
    for (size_t i = 0; i < count; i++)
      f->floats[f->offset / sizeof(float) + i] = low + (high - low) * (float)hb_random_unit(&f->random);
  f->offset += bytes;
}

static void add_convolution(weight_file *f, const hb_conv_spec *spec) {
  char shape[64];
  size_t fan_in = (size_t)spec->in * spec->kernel * spec->kernel;
  float bound = (float)sqrt(3 * 1.5 / (double)fan_in);
  snprintf(shape, sizeof shape, "%u,%u,%u,%u", spec->out, spec->in, spec->kernel, spec->kernel);
  add_floats(f, spec->name, "weight", shape, spec->out * fan_in, -bound, bound);
  snprintf(shape, sizeof shape, "%u", spec->out);
  for (size_t i = 0; i < 4; i++)
    add_floats(f, spec->norm, norm_parts[i].suffix, shape, spec->out, norm_parts[i].low, norm_parts[i].high);
  if (f->floats == NULL) add_header(f, spec->norm, "num_batches_tracked", "I64", "", 8);
  f->offset += 8;
}

static void add_all(weight_file *f) {
  f->offset = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) add_convolution(f, &hb_conv_specs[c]);
  add_floats(f, "fc", "weight", "1000,512", (size_t)HB_LOGITS_DIM * HB_POOLED_DIM, -0.08f, 0.08f);
  add_floats(f, "fc", "bias", "1000", HB_LOGITS_DIM, -0.1f, 0.1f);
}

blob synthetic_weights(uint64_t seed) {
  weight_file f = {.random = {seed}};
  add_all(&f);
  hb_text_add(&f.header, "}");
  while (f.header.size % 4 != 2) hb_text_add(&f.header, " ");
  uint64_t length = f.header.size;
  blob file = blob_of(&length, sizeof length);
  blob_add(&file, f.header.bytes, f.header.size);
  /* num_batches_tracked stays zero */
  f.floats = calloc(f.offset, 1);
  assert_non_null(f.floats);
  add_all(&f);
  blob_add(&file, f.floats, f.offset);
  free(f.floats);
  hb_text_free(&f.header);
  return file;
}

static int8_t random_code(hb_random *random) { return (int8_t)((int)hb_random_below(random, 255) - 127); }

/* One channel: on average, the sum of `taps` products of a map's and a kernel's codes becomes a code. */
static void fill_channel(hb_random *random, size_t taps, float from, float to, int8_t *kernel, float *scale,
                         int32_t *bias) {
  for (size_t i = 0; i < taps; i++) kernel[i] = random_code(random);
  double sum = sqrt((double)taps) * 73 * 73;
  *scale = (float)((0.5 + hb_random_unit(random)) * 73 / sum * to / from);
  *bias = (int32_t)(sum * random_float(random));
}

hb_weights synthetic_quantized(uint64_t seed) {
  hb_random random = {seed};
  hb_weights weights = {.precision = HB_PRECISION_I8};
  assert_ok(hb_weights_allocate_quantized(&weights, &failure));
  hb_quantized *q = &weights.quantized;
  for (int m = 0; m < HB_MAP_COUNT; m++)
    q->map[m] = (hb_quantization){(float)(0.02 + 0.03 * hb_random_unit(&random)), random_code(&random)};
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    size_t taps = hb_kernel_size(spec) / spec->out;
    for (uint32_t o = 0; o < spec->out; o++)
      fill_channel(&random, taps, q->map[spec->from].scale, q->map[HB_MAP_CONV(c)].scale,
                   (int8_t *)q->kernel[c] + o * taps, (float *)q->kernel_scale[c] + o, (int32_t *)q->bias[c] + o);
  }
  for (size_t i = 0; i < (size_t)HB_LOGITS_DIM * HB_POOLED_DIM; i++)
    ((float *)weights.fc_kernel)[i] = (float)random_code(&random) / 1024;
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) ((float *)weights.fc_bias)[i] = random_float(&random);
  hb_weights_identify(&weights);
  return weights;
}

uint8_t *synthetic_crops(uint32_t count, uint64_t seed) {
  uint8_t *crops = must_allocate((size_t)count * HB_CROP_BYTES);
  for (uint32_t i = 0; i < count; i++) {
    picture p = picture_make(HB_CROP_SIDE, HB_CROP_SIDE, 3, seed + i);
    memcpy(crops + (size_t)i * HB_CROP_BYTES, p.pixels, HB_CROP_BYTES);
    picture_free(&p);
  }
  return crops;
}

/* ---- The files of make_weights ---- */

static const char *data_path(const char *name) {
  const char *folder = getenv("HEYBAGH_TEST_DATA");
  struct stat info;
  if (folder == NULL || stat(path_in(folder, name), &info) != 0)
    fail_msg("run this through ctest, or set HEYBAGH_TEST_DATA to the folder that make_weights has filled");
  return path_in(folder, name);
}

const char *weights_path(void) { return data_path("weights.safetensors"); }
const char *model_path(void) { return data_path("model.safetensors"); }
const char *model_i8_path(void) { return data_path("model-i8.safetensors"); }

hb_model *open_model(void) {
  hb_model *model = NULL;
  assert_ok(hb_model_open(model_path(), &model, &failure));
  return model;
}
