/* quantization.h: which numbers the arithmetic of 8 bits can take. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "synthetic.h"

/* Sound weights; changed by tests, and changed back. */
static hb_weights weights;

static int make(void **state) {
  (void)state;
  weights = synthetic_quantized(1);
  return 0;
}

static int unmake(void **state) {
  (void)state;
  hb_weights_free(&weights);
  return 0;
}

static void assert_sound(void) {
  char tensor[HB_TENSOR_NAME] = "untouched";
  if (!hb_quantized_is_sound(&weights.quantized, tensor)) fail_msg("'%s' is to blame", tensor);
  assert_string_equal(tensor, "untouched");
}

static void assert_blamed(const char *expected) {
  char tensor[HB_TENSOR_NAME] = "none";
  assert_false(hb_quantized_is_sound(&weights.quantized, tensor));
  assert_string_equal(tensor, expected);
}

static void blamed_with_float(float *number, float value, const char *tensor) {
  float before = *number;
  *number = value;
  assert_blamed(tensor);
  *number = before;
}

static void blamed_with_int(int32_t *number, int32_t value, const char *tensor) {
  int32_t before = *number;
  *number = value;
  assert_blamed(tensor);
  *number = before;
}

static float *scale_of(int c, uint32_t o) { return (float *)weights.quantized.kernel_scale[c] + o; }
static int32_t *bias_of(int c, uint32_t o) { return (int32_t *)weights.quantized.bias[c] + o; }

static void sound_weights_are_sound(void **state) {
  (void)state;
  assert_sound();
}

static void scales_are_positive_and_normal(void **state) {
  (void)state;
  static const float wrong[] = {0, -0.0f, -0.01f, NAN, -NAN, INFINITY, -INFINITY, 1e-45f, 1e-38f, 1e30f};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    blamed_with_float(scale_of(0, 0), wrong[i], "conv1.scale");
    blamed_with_float(scale_of(17, 511), wrong[i], "layer4.0.downsample.0.scale");
    for (int m = 0; m < HB_MAP_COUNT; m++) blamed_with_float(&weights.quantized.map[m].scale, wrong[i], "maps.scale");
  }
  assert_sound();
}

static void zeros_are_codes(void **state) {
  (void)state;
  static const int32_t wrong[] = {-129, 128, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    for (int m = 0; m < HB_MAP_COUNT; m++) blamed_with_int(&weights.quantized.map[m].zero, wrong[i], "maps.zero");
  for (int m = 0; m < HB_MAP_COUNT; m++) weights.quantized.map[m].zero = m % 2 == 0 ? -128 : 127;
  assert_sound();
}

static void biases_leave_room_for_the_sums(void **state) {
  (void)state;
  static const int32_t wrong[] = {(1 << 30) + 1, -(1 << 30) - 1, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    blamed_with_int(bias_of(0, 63), wrong[i], "conv1.bias");
    blamed_with_int(bias_of(19, 0), wrong[i], "layer4.1.conv2.bias");
  }
  *bias_of(0, 63) = 1 << 30;
  *bias_of(19, 0) = -(1 << 30);
  assert_sound();
}

/* Beyond 32 bits XNNPACK's kernels differ, those for AVX-512 from all others. */
static void results_leave_room_for_the_zero(void **state) {
  (void)state;
  hb_quantization *maps = weights.quantized.map;
  *scale_of(19, 0) = 2 * maps[HB_MAP_CONV(19)].scale / maps[HB_MAP_CONV(18)].scale; /* a factor of 2 */
  blamed_with_int(bias_of(19, 0), (1 << 30) - 255 * 127 * 512 * 9, "layer4.1.conv2.bias");
  *bias_of(19, 0) = (1 << 30) - 255 * 127 * 512 * 9 - 500;
  assert_sound();
  *bias_of(19, 0) = 1 << 29;
  assert_sound();
  *bias_of(19, 0) = -(1 << 29);
  assert_sound();
  *bias_of(19, 0) = 0;
  blamed_with_float(scale_of(19, 0), *scale_of(19, 0) * 10, "layer4.1.conv2.scale"); /* products alone */
}

static void codes_do_not_reach_the_lowest(void **state) {
  (void)state;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    int8_t *last = (int8_t *)weights.quantized.kernel[c] + hb_kernel_size(&hb_conv_specs[c]) - 1;
    char tensor[HB_TENSOR_NAME];
    snprintf(tensor, sizeof tensor, "%s.weight", hb_conv_specs[c].name);
    *last = -128;
    assert_blamed(tensor);
    *last = -127;
    assert_sound();
  }
}

/* XNNPACK refuses the first factor that is too large when the network is made, which is too late. Of the others, sums
 * of all products would be too large before. */
static void factors_of_convolutions_are_below_256(void **state) {
  (void)state;
  hb_quantization *maps = weights.quantized.map;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    char tensor[HB_TENSOR_NAME];
    if (hb_conv_specs[c].kernel == 3) continue;
    *bias_of(c, 1) = 0;
    snprintf(tensor, sizeof tensor, "%s.scale", hb_conv_specs[c].name);
    float from = maps[hb_conv_specs[c].from].scale, to = maps[HB_MAP_CONV(c)].scale;
    float most = 256 * to / from;
    while (from * most / to >= 256) most = nextafterf(most, 0);
    while (from * nextafterf(most, INFINITY) / to < 256) most = nextafterf(most, INFINITY);
    blamed_with_float(scale_of(c, 1), nextafterf(most, INFINITY), tensor);
    *scale_of(c, 1) = most;
    assert_sound();
  }
}

/* The largest and the least scale of a sum's term are next to the bounds of XNNPACK's assertion. */
static void factors_of_sums_are_within_the_multipliers(void **state) {
  (void)state;
  for (int block = 0; block < HB_BLOCK_COUNT; block++)
    for (int term = 0; term < 2; term++) {
      hb_quantization *maps = weights.quantized.map;
      for (int m = 0; m < HB_MAP_COUNT; m++) maps[m].scale = 0.03125f;
      for (int c = 0; c < HB_CONV_COUNT; c++)
        for (uint32_t o = 0; o < hb_conv_specs[c].out; o++) *scale_of(c, o) = 1e-4f;
      float *scale = &maps[hb_block_terms[block][term]].scale;
      bool is_sum = hb_block_terms[block][term] >= HB_MAP_BLOCK(0); /* of the block before, which has a factor too */
      blamed_with_float(scale, 8, "maps.scale");
      blamed_with_float(scale, nextafterf(0x1p-15f, 0), "maps.scale");
      *scale = nextafterf(8, 0);
      assert_sound();
      *scale = is_sum ? 0x1p-12f : 0x1p-15f;
      assert_sound();
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(sound_weights_are_sound),
      test(scales_are_positive_and_normal),
      test(zeros_are_codes),
      test(biases_leave_room_for_the_sums),
      test(results_leave_room_for_the_zero),
      test(codes_do_not_reach_the_lowest),
      test(factors_of_convolutions_are_below_256),
      test(factors_of_sums_are_within_the_multipliers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
