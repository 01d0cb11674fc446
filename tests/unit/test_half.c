/* half.h: halves against their definition. */
#include <float.h>
#include <math.h>

#include "base/half.h"
#include "support.h"

#define CANARY 12345.0f

/* A half by its definition. */
static double half_value(uint32_t half) {
  const int exponent = half >> 10 & 31, mantissa = half & 1023;
  const double size = exponent == 31  ? (mantissa ? NAN : INFINITY)
                      : exponent == 0 ? ldexp(mantissa, -24)
                                      : ldexp(1024 + mantissa, exponent - 25);
  return half & 0x8000 ? -size : size;
}

static void every_half_expands_to_its_value_and_comes_back(void **state) {
  (void)state;
  static uint16_t halves[65536], back[65536];
  static float floats[65536];
  for (uint32_t h = 0; h < 65536; h++) halves[h] = (uint16_t)h;
  hb_half_to_float(halves, floats, 65536);
  hb_half_from_float(floats, back, 65536);
  for (uint32_t h = 0; h < 65536; h++) {
    if (isnan(half_value(h))) {
      assert_true(isnan(floats[h]) && isnan(half_value(back[h])));
      continue;
    }
    const float expected = (float)half_value(h);
    assert_same_bits(&floats[h], &expected, 1);
    assert_int_equal(back[h], h);
  }
}

static void check_half(float x, uint32_t expected) {
  uint16_t half;
  hb_half_from_float(&x, &half, 1);
  assert_int_equal(half, expected);
  x = -x;
  hb_half_from_float(&x, &half, 1);
  assert_int_equal(half, expected | 0x8000);
}

/* Between each two neighbours, also of 65504 and what would be the next half, 65536, which is infinity. */
static void floats_round_to_the_nearest_half_and_ties_to_even(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 0x7c00; h++) {
    const float low = (float)half_value(h), high = h == 0x7bff ? 65536 : (float)half_value(h + 1);
    const float middle = (low + high) / 2;
    check_half(middle, h % 2 == 0 ? h : h + 1);
    check_half(nextafterf(middle, 0), h);
    check_half(nextafterf(middle, INFINITY), h + 1);
    check_half(nextafterf(high, 0), h + 1);
  }
  check_half(FLT_MAX, 0x7c00);
  check_half(FLT_TRUE_MIN, 0);
}

static void halves_are_converted_up_to_the_count(void **state) {
  (void)state;
  for (size_t count = 0; count < 40; count++) {
    uint16_t halves[41], back[41];
    float floats[41];
    for (size_t i = 0; i < 41; i++) halves[i] = (uint16_t)(i * 700), floats[i] = CANARY, back[i] = 99;
    hb_half_to_float(halves, floats, count);
    hb_half_from_float(floats, back, count);
    assert_memory_equal(halves, back, count * sizeof *back);
    assert_true(floats[count] == CANARY);
    assert_int_equal(back[count], 99);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_half_expands_to_its_value_and_comes_back),
      cmocka_unit_test(floats_round_to_the_nearest_half_and_ties_to_even),
      cmocka_unit_test(halves_are_converted_up_to_the_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
