/* vector.h: halves against their definition, and vectors against scalar arithmetic. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vector/vector.h"

static const size_t dims[] = {0, 1, 7, 8, 9, 513, 1000};
#define DIMS (sizeof dims / sizeof *dims)
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
  hb_vector_from_f16(halves, floats, 65536);
  hb_vector_to_f16(floats, back, 65536);
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
  hb_vector_to_f16(&x, &half, 1);
  assert_int_equal(half, expected);
  x = -x;
  hb_vector_to_f16(&x, &half, 1);
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
    hb_vector_from_f16(halves, floats, count);
    hb_vector_to_f16(floats, back, count);
    assert_memory_equal(halves, back, count * sizeof *back);
    assert_true(floats[count] == CANARY);
    assert_int_equal(back[count], 99);
  }
}

static void normalizing_gives_unit_length_and_keeps_the_direction(void **state) {
  (void)state;
  static const float scales[] = {1, 1e-30f, 1e30f, 1e-38f};
  for (size_t d = 1; d < DIMS; d++)
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
      hb_random random = {d};
      float vector[1000], before[1000];
      for (size_t i = 0; i < dims[d]; i++) before[i] = vector[i] = random_float(&random) * scales[s];
      hb_vector_normalize(vector, dims[d]);
      assert_true(fabs(dot_double(vector, vector, dims[d]) - 1) < 1e-6);
      assert_true(cosine_double(vector, before, dims[d]) > 1 - 1e-6);
    }
}

static void a_zero_vector_is_left_alone(void **state) {
  (void)state;
  float zeros[513] = {0}, expected[513] = {0};
  hb_vector_normalize(zeros, 513);
  assert_same_bits(zeros, expected, 513);
  hb_vector_normalize(zeros, 0);
}

static void vectors_are_added(void **state) {
  (void)state;
  for (size_t d = 0; d < DIMS; d++) {
    hb_random random = {d};
    float sum[1001], expected[1001], vector[1000];
    for (size_t i = 0; i < 1001; i++) expected[i] = sum[i] = random_float(&random);
    for (size_t i = 0; i < 1000; i++) vector[i] = random_float(&random);
    for (size_t i = 0; i < dims[d]; i++) expected[i] += vector[i];
    hb_vector_add(sum, vector, dims[d]);
    assert_same_bits(sum, expected, 1001);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_half_expands_to_its_value_and_comes_back),
      cmocka_unit_test(floats_round_to_the_nearest_half_and_ties_to_even),
      cmocka_unit_test(halves_are_converted_up_to_the_count),
      cmocka_unit_test(normalizing_gives_unit_length_and_keeps_the_direction),
      cmocka_unit_test(a_zero_vector_is_left_alone),
      cmocka_unit_test(vectors_are_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
