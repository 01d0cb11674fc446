/* vector.h: dot products against scalar ones, in value and in bits. */
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
      cmocka_unit_test(normalizing_gives_unit_length_and_keeps_the_direction),
      cmocka_unit_test(a_zero_vector_is_left_alone),
      cmocka_unit_test(vectors_are_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
