/* network_xnnpack.h: the network in 8 bits on XNNPACK gives the bits of quantization.h. test_resnet18_i8 LEVEL: with
 * XNNPACK's kernels for weaker processors (see older_cpu.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/resize.h"
#include "model/model.h"
#include "model/network_xnnpack.h"
#include "model/weights_read.h"
#include "older_cpu.h"
#include "reference_network_i8.h"
#include "synthetic.h"

/* A network and the weights that it was made of. */
typedef struct {
  blob file; /* of those from a file */
  hb_weights weights;
  hb_packed_weights *packed;
  hb_network_xnnpack *network;
} fixture;

static void create(fixture *f) { assert_ok(hb_network_xnnpack_create(&f->weights, &f->packed, &f->network, &failure)); }

static void destroy(fixture *f) {
  hb_network_xnnpack_free(f->network);
  hb_packed_weights_free(f->packed);
  hb_weights_free(&f->weights);
  blob_free(&f->file);
}

/* The shared weights, calibrated. */
static fixture calibrated(void) {
  fixture f = {.file = file_read(model_i8_path())};
  hb_safetensors *parsed;
  assert_ok(hb_safetensors_parse(f.file.bytes, f.file.size, &parsed, &failure));
  assert_ok(hb_weights_read(parsed, &f.weights, &failure));
  hb_safetensors_free(parsed);
  create(&f);
  return f;
}

static void run(fixture *f, const uint8_t *crop, float pooled[HB_FEATURES_DIM]) {
  hb_network_xnnpack_set_picture(f->network, crop);
  const float *result = hb_network_xnnpack_run(f->network);
  assert_non_null(result);
  memcpy(pooled, result, HB_FEATURES_DIM * sizeof *pooled);
}

/* Features that are not all alike. */
static void assert_alive(const float *pooled) {
  int different = 0;
  for (int i = 1; i < HB_FEATURES_DIM; i++) different += pooled[i] != pooled[i - 1];
  assert_true(different > HB_FEATURES_DIM / 2);
}

static void check(fixture *f, const uint8_t *crop) {
  float expected[HB_FEATURES_DIM], got[HB_FEATURES_DIM];
  reference_network_i8(&f->weights.quantized, crop, expected);
  run(f, crop, got);
  for (int i = 0; i < HB_FEATURES_DIM; i++)
    if (expected[i] != got[i]) fail_msg("feature %d is %.9g, expected %.9g", i, got[i], expected[i]);
  assert_alive(got);
}

/* ---- Bits ---- */

static void pictures_give_the_bits_of_the_reference(void **state) {
  (void)state;
  fixture f = calibrated();
  uint8_t *crops = synthetic_crops(2, 100);
  for (int p = 0; p < 2; p++) check(&f, crops + p * HB_CROP_BYTES);
  free(crops);
  destroy(&f);
}

static void extreme_pictures_do_too(void **state) {
  (void)state;
  fixture f = calibrated();
  static uint8_t crop[HB_CROP_BYTES];
  check(&f, crop); /* black */
  for (size_t i = 0; i < HB_CROP_BYTES; i++) crop[i] = i / 3 % 2 == 0 ? 255 : 0;
  check(&f, crop);
  destroy(&f);
}

/* Zeros off the end, biases and codes of all kinds; outputs everywhere from end to end. */
static void weights_without_sense_do_too(void **state) {
  (void)state;
  fixture f = {.weights = synthetic_quantized(5)};
  create(&f);
  uint8_t *crop = synthetic_crops(1, 200);
  check(&f, crop);
  free(crop);
  destroy(&f);
}

/* What only just passes for sound: factors at the bounds, the largest biases, zeros at the ends. */
static void weights_at_the_bounds_do_too(void **state) {
  (void)state;
  fixture f = {.weights = synthetic_quantized(6)};
  hb_quantized *q = &f.weights.quantized;
  for (int m = 0; m < HB_MAP_COUNT; m++) q->map[m].zero = m % 3 == 0 ? 127 : m % 3 == 1 ? -128 : 0;
  for (int block = 0; block < HB_BLOCK_COUNT; block += 2) {
    const uint32_t wide = hb_block_terms[block][0], narrow = HB_MAP_BLOCK(block);
    q->map[wide].scale = q->map[narrow].scale * (block < 4 ? 0x1.fffffp7f : 0x1p-10f);
  }
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const float one = q->map[HB_MAP_CONV(c)].scale / q->map[hb_conv_specs[c].from].scale;
    for (uint32_t o = 0; o < hb_conv_specs[c].out; o += 7) {
      ((float *)q->kernel_scale[c])[o] = one * (o % 2 == 0 ? 1.7f : 1e-9f);
      ((int32_t *)q->bias[c])[o] = (o % 3 == 0 ? 1 : -1) * (o % 4 < 2 ? 1 << 30 : 12345);
    }
    if (hb_conv_specs[c].kernel != 3) ((float *)q->kernel_scale[c])[6] = one * 255.9f;
    memset((int8_t *)q->kernel[c] + 3 * hb_kernel_size(&hb_conv_specs[c]) / hb_conv_specs[c].out, 127,
           hb_kernel_size(&hb_conv_specs[c]) / hb_conv_specs[c].out);
    memset((int8_t *)q->kernel[c] + 4 * hb_kernel_size(&hb_conv_specs[c]) / hb_conv_specs[c].out, -127,
           hb_kernel_size(&hb_conv_specs[c]) / hb_conv_specs[c].out);
  }
  char tensor[HB_TENSOR_NAME] = "";
  if (!hb_quantized_is_sound(q, tensor)) fail_msg("'%s' is not sound", tensor);
  create(&f);
  uint8_t *crop = synthetic_crops(1, 300);
  check(&f, crop);
  free(crop);
  destroy(&f);
}

/* ---- As a network ---- */

static void the_features_are_those_of_f32(void **state) {
  (void)state;
  fixture f = calibrated();
  hb_model *model = open_model();
  hb_network *network;
  assert_ok(hb_model_create_network(model, &network, &failure));
  uint8_t *crop = synthetic_crops(1, 400);
  float pooled[HB_FEATURES_DIM];
  const float *expected = hb_network_run(network, crop);
  run(&f, crop, pooled);
  double cosine = cosine_double(expected, pooled, HB_FEATURES_DIM);
  print_message("cosine with f32: %.6f\n", cosine);
  assert_true(cosine > 0.998);
  hb_network_free(network);
  hb_model_free(model);
  free(crop);
  destroy(&f);
}

static void it_has_no_float_input(void **state) {
  (void)state;
  fixture f = calibrated();
  assert_null(hb_network_xnnpack_input(f.network));
  destroy(&f);
}

static void networks_share_weights_which_may_go(void **state) {
  (void)state;
  fixture f = calibrated();
  hb_packed_weights *before = f.packed;
  assert_non_null(before);
  hb_network_xnnpack *first = f.network;
  uint8_t *crops = synthetic_crops(2, 500);
  float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM];
  run(&f, crops, a);
  run(&f, crops + HB_CROP_BYTES, b); /* nothing of it may stay */
  create(&f);
  assert_ptr_equal(f.packed, before);
  hb_network_xnnpack_free(first);
  memset(f.file.bytes, 0xff, f.file.size);
  run(&f, crops, b);
  assert_same_bits(a, b, HB_FEATURES_DIM);
  free(crops);
  destroy(&f);
}

int main(int argc, char **argv) {
  if (argc > 1 && !weaker_set(argv[1])) return fprintf(stderr, "there is no level '%s'\n", argv[1]), 2;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pictures_give_the_bits_of_the_reference),
      cmocka_unit_test(extreme_pictures_do_too),
      cmocka_unit_test(weights_without_sense_do_too),
      cmocka_unit_test(weights_at_the_bounds_do_too),
      cmocka_unit_test(the_features_are_those_of_f32),
      cmocka_unit_test(it_has_no_float_input),
      cmocka_unit_test(networks_share_weights_which_may_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
