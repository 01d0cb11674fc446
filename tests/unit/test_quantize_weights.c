/* quantize_weights.h: from f32 weights to 8 bits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/quantize_weights.h"
#include "synthetic.h"
#include "vector/row_encoding.h"

/* Random weights in f32; changed by tests, and changed back. */
static hb_weights weights;
static hb_quantization maps[HB_MAP_COUNT];

static int make(void **state) {
  (void)state;
  hb_random random = {1};
  weights = (hb_weights){.precision = HB_PRECISION_F32};
  assert_ok(hb_weights_allocate(&weights, &failure));
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    const hb_conv_spec *spec = &hb_conv_specs[c];
    for (size_t i = 0; i < hb_kernel_size(spec); i++) ((float *)weights.kernel[c])[i] = random_float(&random) / 8;
    for (size_t i = 0; i < spec->out; i++) ((float *)weights.bias[c])[i] = random_float(&random);
  }
  for (size_t i = 0; i < (size_t)HB_LOGITS_DIM * HB_POOLED_DIM; i++)
    ((float *)weights.fc_kernel)[i] = random_float(&random) / 16;
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) ((float *)weights.fc_bias)[i] = random_float(&random);
  /* no two scales are the same, so that a wrong map shows */
  for (int m = 0; m < HB_MAP_COUNT; m++) maps[m] = (hb_quantization){0.02f + 0.001f * (float)m, m - 14};
  return 0;
}

static int unmake(void **state) {
  (void)state;
  hb_weights_free(&weights);
  return 0;
}

static hb_weights quantized(void) {
  hb_weights out;
  assert_ok(hb_quantize_weights(&weights, NULL, maps, &out, &failure));
  return out;
}

static size_t size_of_channel(int c) { return hb_kernel_size(&hb_conv_specs[c]) / hb_conv_specs[c].out; }
static float *kernel_of(int c, uint32_t o) { return (float *)weights.kernel[c] + o * size_of_channel(c); }
static float *bias_of(int c, uint32_t o) { return (float *)weights.bias[c] + o; }

/* The map in front of each convolution, counted by hand from the paper's figure. */
static void convolutions_read_the_maps_before_them(void **state) {
  (void)state;
  int c = 0;
  assert_int_equal(hb_conv_specs[c++].from, HB_MAP_INPUT);
  for (uint32_t block = 0; block < HB_BLOCK_COUNT; block++) {
    uint32_t input = block == 0 ? HB_MAP_CONV(0) : HB_MAP_BLOCK(block - 1);
    bool narrows = block == 2 || block == 4 || block == 6;
    assert_int_equal(hb_conv_specs[c].from, input);
    assert_int_equal(hb_conv_specs[c + 1].from, HB_MAP_CONV(c));
    if (narrows) assert_int_equal(hb_conv_specs[c + 2].from, input);
    assert_int_equal(hb_block_terms[block][0], HB_MAP_CONV(c + 1));
    assert_int_equal(hb_block_terms[block][1], narrows ? (uint32_t)HB_MAP_CONV(c + 2) : input);
    c += narrows ? 3 : 2;
  }
  assert_int_equal(c, HB_CONV_COUNT);
}

/* Every weight within half a step of its scale, which is the least one that holds the largest. */
static void check_channel(const hb_quantized *q, int c, uint32_t o) {
  const size_t size = size_of_channel(c);
  const float scale = q->kernel_scale[c][o], *kernel = kernel_of(c, o);
  const int8_t *codes = q->kernel[c] + o * size;
  int largest = 0;
  double worst = 0;
  for (size_t i = 0; i < size; i++) {
    largest = abs(codes[i]) > largest ? abs(codes[i]) : largest;
    worst = fmax(worst, fabs(kernel[i] - (double)codes[i] * scale));
  }
  assert_int_equal(largest, 127);
  assert_true(worst <= scale * 0.5001);
  double step = (double)maps[hb_conv_specs[c].from].scale * scale;
  assert_true(fabs(*bias_of(c, o) - q->bias[c][o] * step) <= step * 0.5001);
}

static void every_channel_is_within_half_a_step(void **state) {
  (void)state;
  hb_weights out = quantized();
  assert_int_equal(out.precision, HB_PRECISION_I8);
  assert_null(out.kernel[0]);
  assert_memory_equal(out.quantized.map, maps, sizeof maps);
  for (int c = 0; c < HB_CONV_COUNT; c++)
    for (uint32_t o = 0; o < hb_conv_specs[c].out; o++) check_channel(&out.quantized, c, o);
  hb_weights_free(&out);
}

static void a_dead_channel_keeps_its_bias(void **state) {
  (void)state;
  memset(kernel_of(3, 5), 0, size_of_channel(3) * sizeof(float));
  memset(kernel_of(3, 6), 0, size_of_channel(3) * sizeof(float));
  *bias_of(3, 5) = 0;
  *bias_of(3, 6) = -0.75f;
  for (size_t i = 0; i < size_of_channel(3); i++) kernel_of(3, 7)[i] = 1e-42f;
  *bias_of(3, 7) = 0;
  hb_weights out = quantized();
  const hb_quantized *q = &out.quantized;
  const float input = maps[hb_conv_specs[3].from].scale;
  for (uint32_t o = 5; o < 8; o++) {
    for (size_t i = 0; i < size_of_channel(3); i++) assert_int_equal(q->kernel[3][o * size_of_channel(3) + i], 0);
    assert_true(isnormal(q->kernel_scale[3][o]) && q->kernel_scale[3][o] > 0);
  }
  assert_int_equal(q->bias[3][5], 0);
  assert_int_equal(q->bias[3][7], 0);
  assert_float_equal(q->bias[3][6] * (double)input * q->kernel_scale[3][6], -0.75, 1e-6);
  check_channel(q, 3, 4); /* its neighbours are as ever */
  check_channel(q, 3, 8);
  hb_weights_free(&out);
}

static void a_huge_bias_gets_a_larger_scale(void **state) {
  (void)state;
  *bias_of(8, 0) = 1e5f;
  *bias_of(8, 1) = -1e5f;
  hb_weights out = quantized();
  const hb_quantized *q = &out.quantized;
  const float input = maps[hb_conv_specs[8].from].scale;
  for (uint32_t o = 0; o < 2; o++) {
    const double step = (double)input * q->kernel_scale[8][o];
    assert_true(abs(q->bias[8][o]) <= (1 << 24) && abs(q->bias[8][o]) > (1 << 23));
    assert_true(fabs(q->bias[8][o] * step - *bias_of(8, o)) <= step * 0.5001);
    for (size_t i = 0; i < size_of_channel(8); i++)
      assert_true(fabs(kernel_of(8, o)[i] - (double)q->kernel[8][o * size_of_channel(8) + i] * q->kernel_scale[8][o]) <=
                  q->kernel_scale[8][o] * 0.5001);
  }
  hb_weights_free(&out);
}

static void assert_refused(const char *words) {
  hb_weights out = {.id = "untouched"};
  assert_fails(hb_quantize_weights(&weights, NULL, maps, &out, &failure), HB_BAD_MODEL, words);
  assert_string_equal(out.id, "untouched");
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  *bias_of(8, 0) = 1e12f;
  assert_refused("'layer2.1.conv1.scale'");
  *bias_of(8, 0) = 0;
  maps[HB_MAP_BLOCK(3)].scale = 1e-5f; /* its terms have more than 256 times that */
  assert_refused("'maps.scale'");
  maps[HB_MAP_BLOCK(3)].scale = NAN;
  assert_refused("'maps.scale'");
  maps[HB_MAP_BLOCK(3)] = (hb_quantization){0.05f, 300};
  assert_refused("'maps.zero'");
}

/* hb_weights_write encodes the rows once more. */
static void the_rows_of_fc_encode_to_what_they_were_decoded_from(void **state) {
  (void)state;
  memset((float *)weights.fc_kernel + 7 * HB_POOLED_DIM, 0, HB_POOLED_DIM * sizeof(float));
  hb_weights out = quantized();
  assert_same_bits(out.fc_bias, weights.fc_bias, HB_LOGITS_DIM);
  for (size_t row = 0; row < HB_LOGITS_DIM; row++) {
    const float *from = weights.fc_kernel + row * HB_POOLED_DIM, *got = out.fc_kernel + row * HB_POOLED_DIM;
    int8_t codes[HB_POOLED_DIM];
    float again[HB_POOLED_DIM], scale;
    const hb_rows rows = {HB_ENCODING_I8, HB_POOLED_DIM, 1, codes, &scale};
    hb_row_encode(HB_ENCODING_I8, HB_POOLED_DIM, got, false, codes, &scale);
    hb_row_decode(&rows, 0, again);
    assert_same_bits(again, got, HB_POOLED_DIM);
    for (int i = 0; i < HB_POOLED_DIM; i++) assert_true(fabsf(from[i] - got[i]) <= scale * 0.501f);
  }
  hb_weights_free(&out);
}

static void every_number_counts_in_the_id(void **state) {
  (void)state;
  hb_weights out = quantized();
  char id[HB_SHA256_HEX];
  hb_quantized *q = &out.quantized;
  strcpy(id, out.id);
  uint8_t *const numbers[] = {
      (uint8_t *)q->kernel[0],         (uint8_t *)q->kernel[19] + hb_kernel_size(&hb_conv_specs[19]) - 1,
      (uint8_t *)q->kernel_scale[7],   (uint8_t *)(q->bias[19] + 511),
      (uint8_t *)&q->map[0].scale,     (uint8_t *)&q->map[HB_MAP_COUNT - 1].zero,
      (uint8_t *)(out.fc_kernel + 99), (uint8_t *)(out.fc_bias + 999)};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    *numbers[i] ^= 1;
    hb_weights_identify(&out);
    assert_string_not_equal(out.id, id);
    *numbers[i] ^= 1;
    hb_weights_identify(&out);
    assert_string_equal(out.id, id);
  }
  out.view = HB_VIEW_WHOLE;
  hb_weights_identify(&out);
  assert_string_not_equal(out.id, id);
  hb_weights_identify(&weights);
  assert_string_not_equal(weights.id, id);
  hb_weights again = quantized();
  assert_string_equal(again.id, id);
  assert_int_equal(again.view, HB_VIEW_CROP);
  hb_weights_free(&again);
  weights.view = HB_VIEW_WHOLE;
  again = quantized();
  assert_int_equal(again.view, HB_VIEW_WHOLE);
  assert_string_equal(again.id, out.id);
  weights.view = HB_VIEW_CROP;
  hb_weights_free(&again);
  hb_weights_free(&out);
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_weights out = {0};
    allocations_fail_from(n);
    hb_status status = hb_quantize_weights(&weights, NULL, maps, &out, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    hb_weights_free(&out);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(convolutions_read_the_maps_before_them),
      test(every_channel_is_within_half_a_step),
      test(a_dead_channel_keeps_its_bias),
      test(a_huge_bias_gets_a_larger_scale),
      test(what_does_not_fit_is_refused),
      test(the_rows_of_fc_encode_to_what_they_were_decoded_from),
      test(every_number_counts_in_the_id),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
