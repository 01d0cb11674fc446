/* feature_map.c: borders, widening, max pooling and the mean, in all forms. */
#include <stdlib.h>
#include <string.h>

#include "feature_maps.h"
#include "reference_i8.h"
#include "support.h"
#include "synthetic_i8.h"
#include "xnnpack_i8.h"

static void maps_keep_numbers_within_a_border(void **state) {
  (void)state;
  hb_random random = {31};
  for (hb_i8_form form = HB_I8_WIDE; form < FORMS; form++)
    for (uint32_t border = 0; border <= 3; border++) {
      int8_t *q = random_numbers(&random, 5 * 5 * 3);
      test_map t = map_of(q, 5, 3, border, form, -7);
      hb_feature_map_fill_border(&t.map, border % 2 == 0 ? -128 : 127);
      int8_t *back = numbers_of(&t.map);
      assert_memory_equal(q, back, 5 * 5 * 3);
      assert_true(border_is(&t.map, border % 2 == 0 ? -128 : 127));
      free(back);
      free(t.memory);
      free(q);
    }
}

static void numbers_are_written_and_widened(void **state) {
  (void)state;
  hb_random random = {32};
  int8_t *q = random_numbers(&random, 16 * 16 * 3);
  q[0] = -128, q[1] = 127;
  for (hb_i8_form form = HB_I8_SIGNED; form < FORMS; form++)
    for (uint32_t border = 0; border <= 3; border++) {
      test_map t = map_of(NULL, 16, 3, border, form, 4);
      hb_feature_map_write(q, &t.map);
      int8_t *written = numbers_of(&t.map);
      assert_memory_equal(written, q, 16 * 16 * 3);
      assert_true(border_is(&t.map, 4));
      void *memory = must_allocate(hb_feature_map_bytes(16, 3, border, HB_I8_WIDE));
      const hb_feature_map wide = hb_feature_map_widen(&t.map, memory, NULL);
      int8_t *widened = numbers_of(&wide);
      assert_memory_equal(widened, q, 16 * 16 * 3);
      assert_true(border_is(&wide, 4));
      free(widened);
      free(memory);
      free(written);
      free(t.memory);
    }
  free(q);
}

static void largest_numbers_are_pooled(void **state) {
  (void)state;
  hb_random random = {33};
  int8_t *q = random_numbers(&random, 14 * 14 * 64), expected[7 * 7 * 64];
  /* a corner where all is least, and an edge where only what is outside could be larger */
  memset(q, -128, 3 * 64);
  for (size_t y = 0; y < 14; y++) memset(q + y * 14 * 64, -128, 2 * 64);
  reference_max_pool_i8(q, 14, 64, expected);
  xnnpack_step peer = xnnpack_max_pool(q, 14, 64);
  xnnpack_run(&peer);
  assert_memory_equal(peer.output, expected, sizeof expected);
  xnnpack_free(&peer);
  for (hb_i8_form form = HB_I8_SIGNED; form < FORMS; form++) {
    test_map in = map_of(q, 14, 64, 0, form, 0), out = map_of(NULL, 7, 64, 1, form, 3);
    for (uint32_t y = 0; y < 7; y++) {
      const uint8_t *middle = in.map.origin + 2 * y * in.map.row;
      const uint8_t *rows[3] = {y > 0 ? middle - in.map.row : middle, middle, middle + in.map.row};
      hb_feature_map_max_pool_row(rows, &out.map, y);
    }
    int8_t *got = numbers_of(&out.map);
    assert_memory_equal(got, expected, sizeof expected);
    assert_true(border_is(&out.map, 3));
    free(got);
    free(in.memory);
    free(out.memory);
  }
  free(q);
}

/* In rounds 2 and 3 every number is the least, or the largest. */
static void check_means(hb_random *random, uint32_t side) {
  const uint32_t area = side * side;
  for (int round = 0; round < 4; round++) {
    const hb_quantization quantization = {0.037f, round == 0 ? -128 : random_between(random, -128, 127)};
    int8_t *q = random_numbers(random, area * 64);
    if (round > 1) memset(q, round == 2 ? -128 : 127, area * 64);
    for (hb_i8_form form = HB_I8_SIGNED; form < FORMS; form++) {
      float means[64];
      test_map t = map_of(q, side, 64, 1, form, 5);
      hb_feature_map_mean(&t.map, quantization, means);
      for (size_t c = 0; c < 64; c++) {
        int32_t sum = 0;
        for (size_t p = 0; p < area; p++) sum += q[p * 64 + c] - quantization.zero;
        const float mean = (float)sum * (quantization.scale / (float)area);
        assert_same_bits(&means[c], &mean, 1);
      }
      free(t.memory);
    }
    free(q);
  }
}

static void means_are_exact(void **state) {
  (void)state;
  hb_random random = {34};
  check_means(&random, 7);
  check_means(&random, 14);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(maps_keep_numbers_within_a_border),
      cmocka_unit_test(numbers_are_written_and_widened),
      cmocka_unit_test(largest_numbers_are_pooled),
      cmocka_unit_test(means_are_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
