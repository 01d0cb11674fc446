/* vector.h: dot products against scalar ones, in value and in bits; halves against their definition. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "vector.h"

static const size_t dims[] = {0, 1, 7, 8, 9, 513, 1000};
#define DIMS (sizeof dims / sizeof *dims)
#define CANARY 12345.0f

/* vector.h's order of additions, spelled out: 8 lanes, folded at a distance of 4, 2, 1, then the tail. */
static float dot_in_order(const float *a, const float *b, size_t dim) {
  float lane[8] = {0};
  size_t whole = dim - dim % 8;
  for (size_t i = 0; i < whole; i++) lane[i % 8] += a[i] * b[i];
  float sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  for (size_t i = whole; i < dim; i++) sum += a[i] * b[i];
  return sum;
}

/* A query and `count` rows at an odd distance from where malloc aligns to. */
static void check_rows(size_t dim, size_t count, size_t shift) {
  hb_random random = {dim * 100 + count};
  float *memory = must_allocate((shift + dim * (count + 1)) * sizeof *memory), scores[10];
  float *query = memory + shift, *rows = query + dim;
  for (size_t i = 0; i < dim * (count + 1); i++) query[i] = random_float(&random);
  for (size_t i = 0; i < 10; i++) scores[i] = CANARY;
  hb_dot_rows(query, rows, count, dim, scores);
  for (size_t r = 0; r < count; r++) {
    const float *row = rows + r * dim;
    float expected = dot_in_order(query, row, dim), alone;
    assert_float_equal(scores[r], dot_double(query, row, dim), 1e-4);
    assert_same_bits(&scores[r], &expected, 1);
    hb_dot_rows(query, row, 1, dim, &alone);
    assert_same_bits(&scores[r], &alone, 1);
  }
  for (size_t r = count; r < 10; r++) assert_true(scores[r] == CANARY);
  free(memory);
}

static void rows_match_a_scalar_product_in_every_bit(void **state) {
  (void)state;
  for (size_t d = 0; d < DIMS; d++)
    for (size_t count = 0; count <= 9; count++)
      for (size_t shift = 0; shift < 5; shift++) check_rows(dims[d], count, shift);
}

static void scores_of_dimension_zero_are_zero(void **state) {
  (void)state;
  float nothing = 1, scores[5] = {9, 9, 9, 9, 9};
  hb_dot_rows(&nothing, &nothing, 5, 0, scores);
  for (int i = 0; i < 5; i++) assert_true(scores[i] == 0);
}

static void what_is_not_a_number_stays_in_its_row(void **state) {
  (void)state;
  float query[9], rows[6 * 9], scores[6];
  for (size_t i = 0; i < 9; i++) query[i] = 1;
  for (size_t i = 0; i < 54; i++) rows[i] = 1;
  rows[2 * 9 + 4] = NAN;
  rows[5 * 9 + 8] = INFINITY;
  hb_dot_rows(query, rows, 6, 9, scores);
  for (size_t r = 0; r < 6; r++) {
    if (r == 2)
      assert_true(isnan(scores[r]));
    else if (r == 5)
      assert_true(isinf(scores[r]));
    else
      assert_true(scores[r] == 9);
  }
}

static void check_rows_i8(size_t dim, size_t count, hb_random *random, int32_t query_most, bool extreme) {
  int16_t *query = must_allocate(dim * sizeof *query + 1);
  int8_t *rows = must_allocate(dim * count + 1);
  int32_t dots[10];
  for (size_t i = 0; i < dim; i++)
    query[i] = (int16_t)(query_most - (int32_t)hb_random_below(random, query_most * 2 + 1));
  for (size_t i = 0; i < dim * count; i++) rows[i] = (int8_t)(hb_random_below(random, 256) - 128);
  for (size_t i = 0; extreme && i < dim; i++) query[i] = (int16_t)query_most;
  if (extreme) memset(rows, -128, dim * count);
  for (size_t r = 0; r < 10; r++) dots[r] = 12345;
  hb_dot_rows_i8(query, rows, count, dim, dots);
  for (size_t r = 0; r < 10; r++) {
    int64_t expected = r < count ? 0 : 12345;
    for (size_t i = 0; r < count && i < dim; i++) expected += (int64_t)query[i] * rows[r * dim + i];
    assert_true(dots[r] == expected);
  }
  free(query), free(rows);
}

static void rows_of_int8_match_whole_numbers(void **state) {
  (void)state;
  static const size_t odd_dims[] = {0, 1, 3, 7, 8, 15, 16, 17, 31, 32, 33, 256, 513, 1000, 32768};
  hb_random random = {4};
  for (size_t d = 0; d < sizeof odd_dims / sizeof *odd_dims; d++)
    for (size_t count = 0; count <= 9; count++) {
      const size_t dim = odd_dims[d];
      const int32_t most = dim < 513 ? 32767 : (int32_t)(INT32_MAX / (128 * dim));
      check_rows_i8(dim, count, &random, most, false);
      check_rows_i8(dim, count, &random, most, true);
    }
}

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
  hb_float_to_half(floats, back, 65536);
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
  hb_float_to_half(&x, &half, 1);
  assert_int_equal(half, expected);
  x = -x;
  hb_float_to_half(&x, &half, 1);
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
    hb_float_to_half(floats, back, count);
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
      hb_normalize(vector, dims[d]);
      assert_true(fabs(dot_double(vector, vector, dims[d]) - 1) < 1e-6);
      assert_true(cosine_double(vector, before, dims[d]) > 1 - 1e-6);
    }
}

static void a_zero_vector_is_left_alone(void **state) {
  (void)state;
  float zeros[513] = {0}, expected[513] = {0};
  hb_normalize(zeros, 513);
  assert_same_bits(zeros, expected, 513);
  hb_normalize(zeros, 0);
}

static void vectors_are_added(void **state) {
  (void)state;
  for (size_t d = 0; d < DIMS; d++) {
    hb_random random = {d};
    float sum[1001], expected[1001], vector[1000];
    for (size_t i = 0; i < 1001; i++) expected[i] = sum[i] = random_float(&random);
    for (size_t i = 0; i < 1000; i++) vector[i] = random_float(&random);
    for (size_t i = 0; i < dims[d]; i++) expected[i] += vector[i];
    hb_add(sum, vector, dims[d]);
    assert_same_bits(sum, expected, 1001);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_match_a_scalar_product_in_every_bit),
      cmocka_unit_test(scores_of_dimension_zero_are_zero),
      cmocka_unit_test(what_is_not_a_number_stays_in_its_row),
      cmocka_unit_test(rows_of_int8_match_whole_numbers),
      cmocka_unit_test(every_half_expands_to_its_value_and_comes_back),
      cmocka_unit_test(floats_round_to_the_nearest_half_and_ties_to_even),
      cmocka_unit_test(halves_are_converted_up_to_the_count),
      cmocka_unit_test(normalizing_gives_unit_length_and_keeps_the_direction),
      cmocka_unit_test(a_zero_vector_is_left_alone),
      cmocka_unit_test(vectors_are_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
