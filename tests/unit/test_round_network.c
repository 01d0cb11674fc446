/* round_network.h: a network's first layers, rounded. The rounding of a kernel itself is test_round_kernel.c's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/model.h"
#include "model/network_xnnpack.h"
#include "model/round_network.h"
#include "resnet18/layers.h"
#include "synthetic.h"

#define PICTURES 8
#define LAYERS 6 /* those with 576 taps or fewer, of all three kinds of levels but 1 x 1 */
#define LEVELS 12

static hb_model *model;
static const hb_weights *weights;
static uint8_t *crops;

static int make(void **state) {
  (void)state;
  model = open_model();
  assert_ok(hb_model_weights(model, &weights, &failure));
  crops = synthetic_crops(PICTURES, 60);
  return 0;
}

static int unmake(void **state) {
  (void)state;
  hb_model_free(model);
  free(crops);
  return 0;
}

/* What rounding gives; `steps` are those of all layers, though only the first are set. */
typedef struct {
  hb_weights weights;
  float steps[5000];
} result;

static result *round_first(int layers, uint32_t threads) {
  const hb_calibration calibration = {.crops = crops, .count = PICTURES, .levels = LEVELS, .threads = threads};
  result *r = must_allocate(sizeof *r);
  assert_ok(hb_round_network(weights, layers, &calibration, &r->weights, r->steps, &failure));
  return r;
}

static void result_free(result *r) {
  hb_weights_free(&r->weights);
  free(r);
}

static uint32_t levels_of(const char *name, uint32_t levels) {
  for (int c = 0; c < HB_CONV_COUNT; c++)
    if (strcmp(hb_conv_specs[c].name, name) == 0) return hb_round_levels(&hb_conv_specs[c], levels);
  fail_msg("there is no %s", name);
  return 0;
}

static void first_and_small_layers_are_finer(void **state) {
  (void)state;
  assert_int_equal(levels_of("conv1", 12), 255);
  assert_int_equal(levels_of("layer1.1.conv2", 12), 24);
  assert_int_equal(levels_of("layer2.0.conv1", 12), 20);
  assert_int_equal(levels_of("layer2.0.downsample.0", 12), 20);
  assert_int_equal(levels_of("layer3.0.downsample.0", 12), 64);
  assert_int_equal(levels_of("layer4.0.downsample.0", 12), 64);
  assert_int_equal(levels_of("layer3.0.conv1", 12), 12);
  assert_int_equal(levels_of("layer4.1.conv2", 12), 12);
  assert_int_equal(levels_of("layer1.0.conv1", 200), 255); /* no more than a code can be */
  assert_int_equal(levels_of("layer4.0.downsample.0", 100), 255);
}

static void kernels_are_on_their_grid_and_the_rest_is_kept(void **state) {
  (void)state;
  result *r = round_first(LAYERS, 1);
  const float *steps = r->steps;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    const int levels = (int)hb_round_levels(spec, LEVELS);
    const float *kernel = r->weights.kernel[c];
    int least = 0, most = 0;
    if (c >= LAYERS) {
      assert_same_bits(kernel, weights->kernel[c], hb_kernel_size(spec));
      assert_same_bits(r->weights.bias[c], weights->bias[c], spec->out);
      continue;
    }
    for (size_t i = 0; i < hb_kernel_size(spec); i++) {
      const float step = steps[i / hb_conv_taps(spec)];
      const int code = (int)lrintf(kernel[i] / step);
      assert_true(kernel[i] == (float)code * step);
      least = code < least ? code : least, most = code > most ? code : most;
    }
    assert_true(least >= -(levels / 2) && most <= (levels - 1) / 2);
    assert_true(most - least > levels / 2); /* the levels are used */
    steps += spec->out;
  }
  assert_same_bits(r->weights.fc_kernel, weights->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM);
  assert_same_bits(r->weights.fc_bias, weights->fc_bias, HB_LOGITS_DIM);
  result_free(r);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  result *one = round_first(3, 1), *three = round_first(3, 3);
  for (int c = 0; c < 3; c++) {
    assert_same_bits(one->weights.kernel[c], three->weights.kernel[c], hb_kernel_size(&hb_conv_specs[c]));
    assert_same_bits(one->weights.bias[c], three->weights.bias[c], hb_conv_specs[c].out);
  }
  result_free(one);
  result_free(three);
}

/* The sums of a feature map's channels over the pictures that are used. */
static double *sums_of(const hb_weights *of, uint32_t map, uint32_t side, uint32_t channels) {
  hb_packed_weights *packed = NULL;
  hb_network_xnnpack *network;
  double *sums = must_allocate(channels * sizeof *sums);
  memset(sums, 0, channels * sizeof *sums);
  assert_ok(hb_network_xnnpack_create(of, &packed, &network, &failure));
  for (uint32_t p = 0; p < PICTURES; p++) {
    if (hb_calibration_holds_out(p)) continue;
    hb_network_xnnpack_set_picture(network, crops + (size_t)p * HB_CROP_BYTES);
    const float *numbers = hb_network_xnnpack_map(network, map);
    assert_non_null(numbers);
    for (uint32_t i = 0; i < side * side * channels; i++) sums[i % channels] += (double)numbers[i];
  }
  hb_network_xnnpack_free(network);
  hb_packed_weights_free(packed);
  return sums;
}

static double distance(const double *a, const double *b, uint32_t count) {
  double sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += fabs(a[i] - b[i]);
  return sum;
}

/* The third convolution's outputs, which no ReLU follows at once: beside what the original kernel makes of the inputs
 * that come from rounded layers. */
static void biases_make_up_for_the_mean_error(void **state) {
  (void)state;
  result *r = round_first(3, 2);
  hb_weights wanted = r->weights, uncorrected = r->weights;
  wanted.kernel[2] = weights->kernel[2];
  wanted.bias[2] = uncorrected.bias[2] = weights->bias[2];
  double *a = sums_of(&wanted, HB_MAP_CONV(2), 56, 64), *b = sums_of(&r->weights, HB_MAP_CONV(2), 56, 64),
         *c = sums_of(&uncorrected, HB_MAP_CONV(2), 56, 64);
  assert_true(distance(a, b, 64) < 0.01 * distance(a, c, 64));
  free(a);
  free(b);
  free(c);
  result_free(r);
}

/* A map is what a run records of it, but for the stem's, which is pooled. */
typedef struct {
  uint32_t map;
  float *numbers;
} sight;

static void see(void *context, uint32_t map, const void *numbers, size_t count) {
  sight *s = context;
  if (map != s->map) return;
  s->numbers = must_allocate(count * sizeof(float));
  memcpy(s->numbers, numbers, count * sizeof(float));
}

static void maps_are_those_of_a_run(void **state) {
  (void)state;
  static const uint32_t maps[] = {HB_MAP_INPUT, HB_MAP_CONV(1), HB_MAP_BLOCK(0), HB_MAP_CONV(7), HB_MAP_BLOCK(7)};
  static const size_t counts[] = {HB_CROP_BYTES, 56 * 56 * 64, 56 * 56 * 64, 28 * 28 * 128, 7 * 7 * 512};
  hb_packed_weights *packed = NULL;
  hb_network_xnnpack *network;
  assert_ok(hb_network_xnnpack_create(weights, &packed, &network, &failure));
  for (int m = 0; m < 5; m++) {
    sight s = {.map = maps[m]};
    hb_network_xnnpack_set_picture(network, crops);
    assert_non_null(hb_network_xnnpack_run_recorded(network, see, &s));
    hb_network_xnnpack_set_picture(network, crops);
    assert_same_bits((const float *)hb_network_xnnpack_map(network, maps[m]), s.numbers, counts[m]);
    free(s.numbers);
  }
  sight stem = {.map = HB_MAP_CONV(0)};
  float *pooled = must_allocate(56 * 56 * 64 * sizeof *pooled);
  hb_network_xnnpack_set_picture(network, crops);
  assert_non_null(hb_network_xnnpack_run_recorded(network, see, &stem));
  hb_layer_max_pool_f32(stem.numbers, 56, 64, pooled);
  assert_same_bits((const float *)hb_network_xnnpack_map(network, HB_MAP_CONV(0)), pooled, 56 * 56 * 64);
  free(stem.numbers);
  free(pooled);
  hb_network_xnnpack_free(network);
  hb_packed_weights_free(packed);
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  const hb_calibration calibration = {.crops = crops, .count = PICTURES, .levels = LEVELS};
  bool refused = true;
  for (size_t n = 0; refused; n += 3) {
    hb_weights rounded;
    float steps[64];
    allocations_fail_from(n);
    hb_status status = hb_round_network(weights, 1, &calibration, &rounded, steps, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    if (status == HB_OK) hb_weights_free(&rounded);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(first_and_small_layers_are_finer),
      test(kernels_are_on_their_grid_and_the_rest_is_kept),
      test(threads_change_no_bit),
      test(biases_make_up_for_the_mean_error),
      test(maps_are_those_of_a_run),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
