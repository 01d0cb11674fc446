/* The conversions of heybagh.h: a model in f16 and in i8. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "allocations.h"
#include "model/model.h"
#include "synthetic.h"

#define PICTURES 9 /* two of them held out */

static hb_model *model; /* f32 */
static uint8_t *crops;

static int make(void **state) {
  (void)state;
  model = open_model();
  crops = synthetic_crops(PICTURES, 40);
  return 0;
}

static int unmake(void **state) {
  (void)state;
  hb_model_free(model);
  free(crops);
  return 0;
}

static hb_calibration calibration_of(uint32_t count) { return (hb_calibration){.crops = crops, .count = count}; }

/* A model of these weights after a change; the change is made in a copy. */
static hb_model *model_with(void (*change)(hb_weights *)) {
  const hb_weights *from;
  hb_weights copy = {.precision = HB_PRECISION_F32};
  hb_model *changed;
  assert_ok(hb_model_weights(model, &from, &failure));
  assert_ok(hb_weights_allocate(&copy, &failure));
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    memcpy((float *)copy.kernel[c], from->kernel[c], hb_kernel_size(&hb_conv_specs[c]) * sizeof(float));
    memcpy((float *)copy.bias[c], from->bias[c], hb_conv_specs[c].out * sizeof(float));
  }
  memcpy((float *)copy.fc_kernel, from->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM * sizeof(float));
  memcpy((float *)copy.fc_bias, from->fc_bias, HB_LOGITS_DIM * sizeof(float));
  change(&copy);
  assert_ok(hb_model_from_weights(&copy, &changed, &failure));
  return changed;
}

static void features_of(hb_model *of, const uint8_t *crop, float pooled[HB_FEATURES_DIM]) {
  hb_network *network;
  assert_ok(hb_model_create_network(of, &network, &failure));
  const float *result = hb_network_run(network, crop);
  assert_non_null(result);
  memcpy(pooled, result, HB_FEATURES_DIM * sizeof *pooled);
  hb_network_free(network);
}

static void precisions_have_names(void **state) {
  (void)state;
  static const char *const names[] = {"f32", "f16", "i8"};
  hb_precision p;
  for (int i = 0; i < 3; i++) {
    assert_string_equal(hb_precision_name((hb_precision)i), names[i]);
    assert_true(hb_precision_parse(names[i], &p));
    assert_int_equal(p, i);
  }
  assert_false(hb_precision_parse("i80", &p));
  assert_false(hb_precision_parse("", &p));
  assert_int_equal(p, HB_PRECISION_I8);
}

/* ---- f16 ---- */

static void f16_is_nearly_the_same_network(void **state) {
  (void)state;
  hb_model *halves;
  float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM];
  assert_ok(hb_model_to_f16(model, &halves, &failure));
  assert_int_equal(hb_model_precision(halves), HB_PRECISION_F16);
  assert_string_not_equal(hb_model_id(halves), hb_model_id(model));
  features_of(model, crops, a);
  features_of(halves, crops, b);
  assert_memory_not_equal(a, b, sizeof a);
  assert_true(cosine_double(a, b, HB_FEATURES_DIM) > 0.999999);
  assert_int_equal(hb_model_view(halves), HB_VIEW_CROP);
  hb_model_free(halves);
  assert_ok(hb_model_set_view(model, HB_VIEW_BOTH, &failure));
  assert_ok(hb_model_to_f16(model, &halves, &failure));
  assert_int_equal(hb_model_view(halves), HB_VIEW_BOTH); /* conversions keep it */
  assert_ok(hb_model_set_view(model, HB_VIEW_CROP, &failure));
  hb_model_free(halves);
}

static void grow_beyond_halves(hb_weights *w) { ((float *)w->kernel[4])[77] = 65520; }
static void grow_to_the_largest_half(hb_weights *w) { ((float *)w->kernel[4])[77] = -65519; }
static void spoil_fc(hb_weights *w) { ((float *)w->fc_bias)[999] = NAN; }
static void spoil_kernel(hb_weights *w) { ((float *)w->kernel[0])[3] = -INFINITY; }
static void spoil_bias(hb_weights *w) { ((float *)w->bias[7])[127] = NAN; }

static void weights_that_are_no_halves_are_refused(void **state) {
  (void)state;
  hb_model *large = model_with(grow_beyond_halves), *fits = model_with(grow_to_the_largest_half), *halves = NULL;
  assert_fails(hb_model_to_f16(large, &halves, &failure), HB_BAD_MODEL, "'layer1.1.conv2' are beyond 65504");
  assert_null(halves);
  assert_ok(hb_model_to_f16(fits, &halves, &failure));
  hb_model_free(halves);
  hb_model_free(large);
  hb_model_free(fits);
}

/* ---- i8 ---- */

typedef struct {
  uint32_t calls, last;
} steps;

static void count_step(void *context, uint32_t done) {
  steps *s = context;
  s->calls++;
  assert_int_equal(done, s->last + 1);
  s->last = done;
}

static void check_score(const hb_calibration_score *score) {
  assert_true(score->least <= score->mean);
  assert_true(score->mean < 1 && score->mean > 0.99); /* not the same, and close */
}

/* The scores are those of pictures 3 and 7 and of no other. */
static void the_report_tells_how_the_held_out_agree(void **state) {
  (void)state;
  steps s = {0};
  hb_calibration calibration = calibration_of(PICTURES);
  hb_calibration_report report;
  hb_model *quantized;
  calibration.progress = count_step, calibration.context = &s;
  assert_ok(hb_model_to_i8(model, &calibration, &report, &quantized, &failure));
  assert_int_equal(s.calls, PICTURES);
  assert_int_equal(hb_model_precision(quantized), HB_PRECISION_I8);
  assert_string_not_equal(hb_model_id(quantized), hb_model_id(model));
  static const char *const methods[] = {"max", "percentile", "least error"};
  for (int m = 0; m < HB_CALIBRATION_METHODS; m++) {
    assert_string_equal(report.scores[m].method, methods[m]);
    assert_true(report.scores[m].mean <= report.scores[report.best].mean);
    check_score(&report.scores[m]);
  }

  double sum = 0, least = 1;
  for (uint32_t p = 3; p < PICTURES; p += 4) {
    float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM], wanted[HB_LOGITS_DIM], got[HB_LOGITS_DIM];
    features_of(model, crops + p * HB_CROP_BYTES, a);
    features_of(quantized, crops + p * HB_CROP_BYTES, b);
    hb_head_apply(hb_model_logits(model), a, wanted);
    hb_head_apply(hb_model_logits(quantized), b, got);
    double cosine = dot_double(wanted, got, HB_LOGITS_DIM); /* both are of unit length */
    sum += cosine;
    least = fmin(least, cosine);
  }
  assert_float_equal(report.scores[report.best].mean, sum / 2, 1e-12);
  assert_float_equal(report.scores[report.best].least, least, 1e-12);
  hb_model_free(quantized);
}

static void the_same_pictures_give_the_same_model(void **state) {
  (void)state;
  const hb_calibration calibration = calibration_of(8), other = {.crops = crops + HB_CROP_BYTES, .count = 8};
  hb_calibration_report report;
  hb_model *a, *b, *c;
  assert_ok(hb_model_to_i8(model, &calibration, &report, &a, &failure));
  assert_ok(hb_model_to_i8(model, &calibration, &report, &b, &failure));
  assert_ok(hb_model_to_i8(model, &other, &report, &c, &failure));
  assert_string_equal(hb_model_id(a), hb_model_id(b));
  assert_string_not_equal(hb_model_id(a), hb_model_id(c));
  hb_model_free(a);
  hb_model_free(b);
  hb_model_free(c);
}

/* What was seen of the maps: how often, how large, and the means of layer4 and layer3. */
typedef struct {
  size_t counts[HB_MAP_COUNT];
  float least[HB_MAP_COUNT], most[HB_MAP_COUNT];
  double mean[HB_FEATURES_DIM];
} sight;

static void look(void *context, uint32_t map, const void *numbers, size_t count) {
  sight *seen = context;
  const float *values = numbers;
  assert_int_equal(seen->counts[map], 0); /* each once */
  seen->counts[map] = count;
  for (size_t i = 0; i < count; i++) {
    seen->least[map] = fminf(seen->least[map], values[i]);
    seen->most[map] = fmaxf(seen->most[map], values[i]);
    if (map == HB_MAP_BLOCK(7)) seen->mean[i % 512] += values[i] / 49;
    if (map == HB_MAP_BLOCK(5)) seen->mean[512 + i % 256] += values[i] / 196;
  }
}

/* What is recorded is what the network computes when nobody looks. */
static void recorded_maps_are_the_network_s_own(void **state) {
  (void)state;
  const hb_weights *weights;
  hb_network_xnnpack *network;
  hb_packed_weights *packed = NULL;
  float expected[HB_FEATURES_DIM];
  sight *seen = calloc(1, sizeof *seen);
  features_of(model, crops, expected);
  assert_ok(hb_model_weights(model, &weights, &failure));
  assert_ok(hb_network_xnnpack_create(weights, &packed, &network, &failure));
  hb_network_xnnpack_set_picture(network, crops);
  assert_same_bits(hb_network_xnnpack_run_recorded(network, look, seen), expected, HB_FEATURES_DIM);
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++) {
    bool second =
        m > HB_MAP_CONV(0) && m < HB_MAP_BLOCK(0) && strstr(hb_conv_specs[m - HB_MAP_CONV(0)].name, ".conv1") == NULL;
    assert_true(seen->most[m] > 0);
    assert_int_equal(seen->least[m] < 0, m == HB_MAP_INPUT || second); /* all others are rectified */
  }
  assert_int_equal(seen->counts[HB_MAP_CONV(0)], 112 * 112 * 64);
  assert_int_equal(seen->counts[HB_MAP_BLOCK(7)], 7 * 7 * 512);
  for (int i = 0; i < HB_FEATURES_DIM; i++) assert_float_equal(seen->mean[i], expected[i], 1e-5);
  hb_network_xnnpack_free(network);
  hb_packed_weights_free(packed);
  free(seen);
}

static void too_few_pictures_are_refused(void **state) {
  (void)state;
  for (uint32_t count = 0; count < HB_CALIBRATION_LEAST; count++) {
    const hb_calibration calibration = calibration_of(count);
    hb_calibration_report report = {.best = 77};
    hb_model *quantized = NULL;
    char words[80];
    snprintf(words, sizeof words, "needs at least 8 pictures, but there are %u", count);
    assert_fails(hb_model_to_i8(model, &calibration, &report, &quantized, &failure), HB_INVALID_ARGUMENT, words);
    assert_null(quantized);
    assert_int_equal(report.best, 77);
  }
}

static void levels_out_of_range_are_refused(void **state) {
  (void)state;
  static const uint32_t levels[] = {1, 2, 256};
  for (int i = 0; i < 3; i++) {
    hb_calibration calibration = calibration_of(8);
    hb_model *quantized;
    calibration.levels = levels[i];
    assert_fails(hb_model_to_i8(model, &calibration, NULL, &quantized, &failure), HB_INVALID_ARGUMENT,
                 "must be 3 to 255");
  }
}

/* As if nothing were said of levels. */
static void with_all_levels_weights_are_rounded_one_by_one(void **state) {
  (void)state;
  hb_calibration calibration = calibration_of(8);
  hb_model *a, *b;
  assert_ok(hb_model_to_i8(model, &calibration, NULL, &a, &failure));
  calibration.levels = HB_LEVELS_MOST;
  assert_ok(hb_model_to_i8(model, &calibration, NULL, &b, &failure));
  assert_string_equal(hb_model_id(a), hb_model_id(b));
  hb_model_free(a);
  hb_model_free(b);
}

static void only_f32_is_converted(void **state) {
  (void)state;
  const hb_calibration calibration = calibration_of(PICTURES);
  hb_calibration_report report;
  hb_model *models[2], *out = NULL;
  assert_ok(hb_model_to_f16(model, &models[0], &failure));
  assert_ok(hb_model_open(model_i8_path(), &models[1], &failure));
  for (int i = 0; i < 2; i++) {
    char words[80];
    snprintf(words, sizeof words, "the model is already %s", i == 0 ? "f16" : "i8");
    assert_fails(hb_model_to_f16(models[i], &out, &failure), HB_INVALID_ARGUMENT, words);
    assert_fails(hb_model_to_i8(models[i], &calibration, &report, &out, &failure), HB_INVALID_ARGUMENT, words);
    hb_model_free(models[i]);
  }
  hb_model_drop_source(model);
  assert_fails(hb_model_to_f16(model, &out, &failure), HB_INVALID_ARGUMENT, "already freed");
  assert_fails(hb_model_to_i8(model, &calibration, &report, &out, &failure), HB_INVALID_ARGUMENT, "already freed");
  assert_null(out);
}

/* ---- Networks out of order ---- */

static void assert_not_converted(void (*change)(hb_weights *), const char *words) {
  const hb_calibration calibration = calibration_of(8);
  hb_calibration_report report = {.best = 77};
  hb_model *spoiled = model_with(change), *out = NULL;
  assert_fails(hb_model_to_i8(spoiled, &calibration, &report, &out, &failure), HB_BAD_MODEL, words);
  assert_null(out);
  assert_int_equal(report.best, 77); /* also when it is found late */
  hb_model_free(spoiled);
}

static void explode(hb_weights *w) {
  for (size_t i = 0; i < hb_kernel_size(&hb_conv_specs[1]); i++) ((float *)w->kernel[1])[i] = 1e38f;
}

static void outgrow(hb_weights *w) {
  for (size_t i = 0; i < hb_kernel_size(&hb_conv_specs[1]); i++) ((float *)w->kernel[1])[i] *= 1e15f;
}

static void weights_that_are_not_finite_are_refused(void **state) {
  (void)state;
  hb_model *out = NULL, *spoiled = model_with(spoil_bias);
  assert_fails(hb_model_to_f16(spoiled, &out, &failure), HB_BAD_MODEL, "'layer2.0.downsample.0' are not finite");
  assert_null(out);
  hb_model_free(spoiled);
  assert_not_converted(spoil_fc, "'fc' are not finite");
  assert_not_converted(spoil_kernel, "'conv1' are not finite");
  assert_not_converted(explode, "results are not finite");
  assert_not_converted(outgrow, "does not fit 8 bits");
}

/* The first block's first convolution gives nothing but zeros, and block 2 too, whose terms are not. */
static void die(hb_weights *w) {
  for (uint32_t o = 0; o < hb_conv_specs[1].out; o++) ((float *)w->bias[1])[o] = -1000;
  for (uint32_t o = 0; o < hb_conv_specs[6].out; o++) ((float *)w->bias[6])[o] = -1000;
  memset((float *)w->kernel[3], 0, hb_kernel_size(&hb_conv_specs[3]) * sizeof(float));
  memset((float *)w->bias[3], 0, hb_conv_specs[3].out * sizeof(float));
}

static void dead_maps_are_converted(void **state) {
  (void)state;
  const hb_calibration calibration = calibration_of(8);
  hb_model *dead = model_with(die), *quantized;
  float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM];
  assert_ok(hb_model_to_i8(dead, &calibration, NULL, &quantized, &failure));
  features_of(dead, crops, a);
  features_of(quantized, crops, b);
  for (int i = 0; i < HB_FEATURES_DIM; i++) assert_true(isfinite(b[i]));
  print_message("cosine of a network with dead maps: %.6f\n", cosine_double(a, b, HB_FEATURES_DIM));
  assert_true(cosine_double(a, b, HB_FEATURES_DIM) > 0.99);
  hb_model_free(dead);
  hb_model_free(quantized);
}

/* ---- Memory ---- */

/* A refusal costs eight runs of the network, so that few requests are refused here, and none of XNNPACK's, which are in
 * test_out_of_memory. */
void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
static void *allocate(void *context, size_t size) { return (void)context, __real_malloc(size); }
static void *reallocate(void *context, void *memory, size_t size) {
  return (void)context, __real_realloc(memory, size);
}
static void *allocate_aligned(void *context, size_t alignment, size_t size) {
  return (void)context, __real_aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
static void deallocate(void *context, void *memory) { (void)context, free(memory); }

static int start_xnnpack(void **state) {
  (void)state;
  static const struct xnn_allocator allocator = {NULL, allocate, reallocate, deallocate, allocate_aligned, deallocate};
  assert_int_equal(xnn_initialize(&allocator), xnn_status_success);
  return 0;
}

static void without_memory_f16_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_model *halves = NULL;
    allocations_fail_from(n);
    hb_status status = hb_model_to_f16(model, &halves, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    hb_model_free(halves);
  }
}

static void without_memory_i8_fails_cleanly(void **state) {
  (void)state;
  const hb_calibration calibration = calibration_of(8);
  bool refused = true;
  for (size_t n = 0; refused; n += 7) {
    hb_calibration_report report;
    hb_model *quantized = NULL;
    allocations_fail_from(n);
    hb_status status = hb_model_to_i8(model, &calibration, &report, &quantized, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    hb_model_free(quantized);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(precisions_have_names),
      test(f16_is_nearly_the_same_network),
      test(weights_that_are_no_halves_are_refused),
      test(the_report_tells_how_the_held_out_agree),
      test(the_same_pictures_give_the_same_model),
      test(recorded_maps_are_the_network_s_own),
      test(too_few_pictures_are_refused),
      test(levels_out_of_range_are_refused),
      test(with_all_levels_weights_are_rounded_one_by_one),
      test(only_f32_is_converted),
      test(weights_that_are_not_finite_are_refused),
      test(dead_maps_are_converted),
      test(without_memory_f16_fails_cleanly),
      test(without_memory_i8_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, start_xnnpack, NULL);
}
