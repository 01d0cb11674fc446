/* network_i8.h: the whole int8 network, in all forms, against XNNPACK's operators. */
#include <stdlib.h>
#include <string.h>

#include "helper_threads.h"
#include "image/resize.h"
#include "int8/network_i8.h"
#include "support.h"
#include "synthetic_i8.h"
#include "xnnpack_i8.h"

typedef struct {
  void *memory;
  hb_quantized model;
  int8_t *picture;
  float expected[HB_FEATURES_DIM];
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  hb_random random = {41};
  xnnpack_network peer;
  f->model = synthetic_i8(42, 127, &f->memory);
  f->picture = must_allocate(HB_CROP_BYTES * sizeof *f->picture);
  random_picture(&random, f->picture);
  xnnpack_network_create(&f->model, &peer);
  xnnpack_network_run(&peer, f->picture, f->expected);
  xnnpack_network_free(&peer);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  free(f->memory);
  free(f->picture);
  free(f);
  return 0;
}

/* The test's own network must not have died out or run full. */
static void the_numbers_are_worth_comparing(void **state) {
  fixture *f = *state;
  int low = 0, middle = 0;
  for (int i = 0; i < HB_FEATURES_DIM; i++) {
    const float scale = f->model.block[i < HB_POOLED_DIM ? 7 : 5].scale;
    low += f->expected[i] > 2 * scale;
    middle += f->expected[i] > 2 * scale && f->expected[i] < 200 * scale;
  }
  assert_true(low > HB_FEATURES_DIM / 2);
  assert_true(middle > HB_FEATURES_DIM / 2);
}

/* Sanitized or counted, a run takes ten seconds and more: one form has to do there. */
#if defined HB_SANITIZED || defined HB_COVERED
#define FIRST_FORM HB_I8_UNSIGNED
#define TEAM_RUNS 1
#else
#define FIRST_FORM HB_I8_WIDE
#define TEAM_RUNS 10
#endif

static void all_forms_give_the_same_bits_as_xnnpack(void **state) {
  fixture *f = *state;
  for (hb_i8_form form = FIRST_FORM; form <= HB_I8_UNSIGNED; form++) {
    hb_network_i8 *network = NULL;
    float pooled[HB_FEATURES_DIM];
    assert_ok(hb_network_i8_create(&f->model, form, NULL, &network, &failure));
    hb_network_i8_run(network, f->picture, pooled);
    assert_same_bits(pooled, f->expected, HB_FEATURES_DIM);
    hb_network_i8_free(network);
  }
}

static void teams_give_the_same_bits(void **state) {
  fixture *f = *state;
  for (uint32_t members = 2; members <= HB_WORKER_TEAM_MEMBERS_MAX; members++) {
    helped_team helped = helped_team_of(members);
    hb_network_i8 *network = NULL;
    float pooled[HB_FEATURES_DIM];
    assert_ok(
        hb_network_i8_create(&f->model, members == 3 ? HB_I8_UNSIGNED : HB_I8_WIDE, helped.team, &network, &failure));
    for (int run = 0; run < TEAM_RUNS; run++) {
      memset(pooled, 0, sizeof pooled);
      hb_network_i8_run(network, f->picture, pooled);
      assert_same_bits(pooled, f->expected, HB_FEATURES_DIM);
    }
    helped_team_free(&helped);
    hb_network_i8_free(network);
  }
}

static void a_run_leaves_nothing_behind_and_weights_may_go(void **state) {
  fixture *f = *state;
  hb_network_i8 *network = NULL;
  float pooled[HB_FEATURES_DIM];
  int8_t *other = calloc(HB_CROP_BYTES, sizeof *other);
  assert_ok(hb_network_i8_create(&f->model, HB_I8_WIDE, NULL, &network, &failure));
  free(f->memory);
  f->memory = NULL;
  hb_network_i8_run(network, other, pooled);
  assert_memory_not_equal(pooled, f->expected, sizeof pooled);
  hb_network_i8_run(network, f->picture, pooled);
  assert_same_bits(pooled, f->expected, HB_FEATURES_DIM);
  hb_network_i8_free(network);
  hb_network_i8_free(NULL);
  free(other);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(the_numbers_are_worth_comparing),
      test(all_forms_give_the_same_bits_as_xnnpack),
      test(teams_give_the_same_bits),
      test(a_run_leaves_nothing_behind_and_weights_may_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
