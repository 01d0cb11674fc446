/* input.h: a crop as the network's input, in floats and in 8 bits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "resnet18/input.h"
#include "support.h"

static uint8_t crop[HB_CROP_BYTES];

static void values_are_normalised_as_torchvision_does(void **state) {
  (void)state;
  /* (v / 255 - mean) / std by hand, for red, green and blue */
  static const struct {
    uint8_t value;
    double expected[3];
  } cases[] = {
      {0, {-2.1179039301310043, -2.0357142857142856, -1.8044444444444445}},
      {255, {2.2489082969432315, 2.428571428571429, 2.64}},
      {128, {0.07406456892704, 0.20518207282913, 0.42649237472767}},
      {1, {-2.1007791763, -2.0182072829, -1.7870152505}},
  };
  float *input = must_allocate(HB_CROP_BYTES * sizeof *input);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    memset(crop, cases[i].value, sizeof crop);
    hb_input_normalize(crop, input);
    for (size_t j = 0; j < HB_CROP_BYTES; j++) assert_float_equal(input[j], cases[i].expected[j % 3], 1e-6);
  }
  free(input);
}

static void every_value_has_its_place(void **state) {
  (void)state;
  static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
  float *input = must_allocate((HB_CROP_BYTES + 1) * sizeof *input);
  hb_random random = {3};
  for (size_t i = 0; i < HB_CROP_BYTES; i++) crop[i] = (uint8_t)hb_random_below(&random, 256);
  input[HB_CROP_BYTES] = 7;
  hb_input_normalize(crop, input);
  for (size_t i = 0; i < HB_CROP_BYTES; i++)
    assert_float_equal(input[i], (crop[i] / 255.0 - mean[i % 3]) / deviation[i % 3], 1e-6);
  assert_true(input[HB_CROP_BYTES] == 7);
  free(input);
}

static void codes_are_the_nearest_to_the_values(void **state) {
  (void)state;
  static const hb_quantization cases[] = {{4.8f / 255, -17}, {0.25f, -128}, {0.001f, 127}, {1e6f, 3}, {1e-30f, 0}};
  float *input = must_allocate(HB_CROP_BYTES * sizeof *input);
  int8_t *codes = must_allocate(HB_CROP_BYTES + 1);
  for (size_t i = 0; i < HB_CROP_BYTES; i++) crop[i] = (uint8_t)(i / 3); /* all 256 of each channel */
  hb_input_normalize(crop, input);
  codes[HB_CROP_BYTES] = 7;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const hb_quantization q = cases[c];
    hb_input_quantize(crop, q, codes);
    for (size_t i = 0; i < HB_CROP_BYTES; i++) {
      double exact = (double)input[i] / q.scale + q.zero, kept = fmin(127, fmax(-128, exact));
      assert_true(fabs(codes[i] - kept) < 0.5 + 1e-5 * fabs(kept - q.zero));
    }
  }
  assert_int_equal(codes[HB_CROP_BYTES], 7);
  free(input);
  free(codes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_normalised_as_torchvision_does),
      cmocka_unit_test(every_value_has_its_place),
      cmocka_unit_test(codes_are_the_nearest_to_the_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
