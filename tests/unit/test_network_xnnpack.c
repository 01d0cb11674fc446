/* network_xnnpack.h: the network on XNNPACK against the same network added up in double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/resize.h"
#include "model/network_xnnpack.h"
#include "model/weights_read.h"
#include "reference.h"
#include "synthetic.h"

typedef struct {
  blob file;
  hb_weights weights;
  hb_packed_weights *packed;
  hb_network_xnnpack *network;
  float *input; /* random, about as large as normalised pixels */
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hb_safetensors *parsed;
  hb_random random = {11};
  f->file = file_read(model_path());
  assert_ok(hb_safetensors_parse(f->file.bytes, f->file.size, &parsed, &failure));
  assert_ok(hb_weights_read(parsed, &f->weights, &failure));
  hb_safetensors_free(parsed);
  f->input = must_allocate(HB_CROP_BYTES * sizeof *f->input);
  for (size_t i = 0; i < HB_CROP_BYTES; i++) f->input[i] = 2 * random_float(&random);
  assert_ok(hb_network_xnnpack_create(&f->weights, &f->packed, &f->network, &failure));
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hb_network_xnnpack_free(f->network);
  hb_packed_weights_free(f->packed);
  hb_weights_free(&f->weights);
  blob_free(&f->file);
  free(f->input);
  free(f);
  return 0;
}

static void run(hb_network_xnnpack *network, const float *input, float pooled[HB_FEATURES_DIM]) {
  memcpy(hb_network_xnnpack_input(network), input, HB_CROP_BYTES * sizeof *input);
  const float *result = hb_network_xnnpack_run(network);
  assert_non_null(result);
  memcpy(pooled, result, HB_FEATURES_DIM * sizeof *pooled);
}

static void check_near(const float *features, const double *expected, size_t count, const char *layer) {
  double largest = 0, worst = 0;
  for (size_t i = 0; i < count; i++) {
    largest = fmax(largest, expected[i]);
    worst = fmax(worst, fabs(features[i] - expected[i]));
  }
  print_message("features of %s up to %.3f, at most %.1e apart\n", layer, largest, worst);
  assert_true(largest > 0.01 && largest < 1000); /* neither died out nor blown up */
  assert_true(worst < 1e-5 * largest);
}

/* The whole network on two inputs. The reference is compiled without sanitizers and with optimisation in every build,
 * so that nothing has to be left out. */
static void features_match_the_reference(void **state) {
  fixture *f = *state;
  for (int picture = 0; picture < 2; picture++) {
    /* the second is dark on its left and bright on its right, so that places matter */
    for (size_t i = 0; picture == 1 && i < HB_CROP_BYTES; i++) f->input[i] += (float)(i / 3 % 224) / 80 - 1.4f;
    float features[HB_FEATURES_DIM];
    double expected[HB_FEATURES_DIM];
    run(f->network, f->input, features);
    reference_network(&f->weights, f->input, expected);
    check_near(features, expected, HB_POOLED_DIM, "layer4");
    check_near(features + HB_POOLED_DIM, expected + HB_POOLED_DIM, HB_FEATURES_DIM - HB_POOLED_DIM, "layer3");
  }
}

static void features_tell_pictures_apart(void **state) {
  fixture *f = *state;
  float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM];
  run(f->network, f->input, a);
  for (size_t i = 0; i < HB_CROP_BYTES; i++) f->input[i] = -f->input[i];
  run(f->network, f->input, b);
  assert_memory_not_equal(a, b, sizeof a);
}

static void the_same_input_gives_the_same_bits(void **state) {
  fixture *f = *state;
  float first[HB_FEATURES_DIM], second[HB_FEATURES_DIM], *other = calloc(HB_CROP_BYTES, sizeof *other);
  run(f->network, f->input, first);
  run(f->network, other, second); /* nothing of it may stay */
  assert_memory_not_equal(first, second, sizeof first);
  run(f->network, f->input, second);
  assert_same_bits(first, second, HB_FEATURES_DIM);
  free(other);
}

static void networks_that_share_weights_give_the_same_bits(void **state) {
  fixture *f = *state;
  hb_packed_weights *before = f->packed;
  assert_non_null(before);
  hb_network_xnnpack *second = NULL;
  assert_ok(hb_network_xnnpack_create(&f->weights, &f->packed, &second, &failure));
  assert_ptr_equal(f->packed, before);
  float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM], c[HB_FEATURES_DIM];
  run(f->network, f->input, a);
  run(second, f->input, b);
  assert_same_bits(a, b, HB_FEATURES_DIM);
  hb_network_xnnpack_free(f->network); /* the other one lives on */
  f->network = NULL;
  run(second, f->input, c);
  assert_same_bits(a, c, HB_FEATURES_DIM);
  hb_network_xnnpack_free(second);
}

static void weights_may_go_once_the_network_is_made(void **state) {
  fixture *f = *state;
  float a[HB_FEATURES_DIM], b[HB_FEATURES_DIM];
  run(f->network, f->input, a);
  memset(f->file.bytes, 0xff, f->file.size);
  run(f->network, f->input, b);
  assert_same_bits(a, b, HB_FEATURES_DIM);
}

static void nothing_is_freed_without_harm(void **state) {
  (void)state;
  hb_network_xnnpack_free(NULL);
  hb_packed_weights_free(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(features_match_the_reference),
      test(features_tell_pictures_apart),
      test(the_same_input_gives_the_same_bits),
      test(networks_that_share_weights_give_the_same_bits),
      test(weights_may_go_once_the_network_is_made),
      cmocka_unit_test(nothing_is_freed_without_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
