/* dot.h: dot products against scalar ones, in value and in bits, of one query and of four, in all forms that this
 * machine has. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support.h"
#include "vector/dot_i8.h"

static const size_t dims[] = {0, 1, 7, 8, 9, 513, 1000};
#define DIMS (sizeof dims / sizeof *dims)
#define CANARY 12345.0f

/* dot.h's order of additions, spelled out: 8 lanes, folded at a distance of 4, 2, 1, then the tail. */
static float dot_in_order(const float *a, const float *b, size_t dim) {
  float lane[8] = {0};
  size_t whole = dim - dim % 8;
  for (size_t i = 0; i < whole; i++) lane[i % 8] += a[i] * b[i];
  float sum = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  for (size_t i = whole; i < dim; i++) sum += a[i] * b[i];
  return sum;
}

#define COUNT_MOST 9
#define STRIDE (COUNT_MOST + 2)

/* Four queries and `count` rows at an odd distance from where malloc aligns to. */
static void check_rows(size_t dim, size_t count, size_t shift) {
  hb_random random = {dim * 100 + count};
  float *memory = must_allocate((shift + dim * (count + HB_DOT_QUERIES)) * sizeof *memory);
  float *rows = memory + shift, scores[HB_DOT_QUERIES * STRIDE], alone[STRIDE];
  const float *queries[HB_DOT_QUERIES];
  for (size_t i = 0; i < dim * (count + HB_DOT_QUERIES); i++) rows[i] = random_float(&random);
  for (size_t q = 0; q < HB_DOT_QUERIES; q++) queries[q] = rows + (count + (q + 2) % HB_DOT_QUERIES) * dim;
  for (size_t i = 0; i < HB_DOT_QUERIES * STRIDE; i++) scores[i] = CANARY;
  hb_dot_rows_by_4(queries, rows, count, dim, scores, STRIDE);
  for (size_t q = 0; q < HB_DOT_QUERIES; q++) {
    for (size_t i = 0; i < STRIDE; i++) alone[i] = CANARY;
    hb_dot_rows(queries[q], rows, count, dim, alone);
    for (size_t r = 0; r < count; r++) {
      const float expected = dot_in_order(queries[q], rows + r * dim, dim);
      assert_float_equal(alone[r], dot_double(queries[q], rows + r * dim, dim), 1e-4);
      assert_same_bits(&alone[r], &expected, 1);
    }
    for (size_t r = count; r < STRIDE; r++) assert_true(alone[r] == CANARY);
    assert_same_bits(scores + q * STRIDE, alone, STRIDE);
  }
  free(memory);
}

static void rows_match_a_scalar_product_in_every_bit(void **state) {
  (void)state;
  for (size_t d = 0; d < DIMS; d++)
    for (size_t count = 0; count <= COUNT_MOST; count++)
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

typedef struct {
  size_t dim, count;
  int16_t *memory; /* of the queries */
  const int16_t *queries[HB_DOT_QUERIES];
  int8_t *rows;
} whole_numbers;

/* `extreme`: all numbers as large as they get. */
static whole_numbers make_numbers(size_t dim, size_t count, hb_random *random, bool extreme) {
  const int32_t most = dim < 513 ? 32767 : (int32_t)(INT32_MAX / (128 * dim));
  whole_numbers n = {.dim = dim, .count = count};
  n.memory = must_allocate(HB_DOT_QUERIES * dim * sizeof *n.memory + 1);
  n.rows = must_allocate(dim * count + 1);
  for (size_t i = 0; i < HB_DOT_QUERIES * dim; i++)
    n.memory[i] = (int16_t)(extreme ? most : most - (int32_t)hb_random_below(random, most * 2 + 1));
  for (size_t i = 0; i < dim * count; i++) n.rows[i] = (int8_t)(extreme ? -128 : hb_random_below(random, 256) - 128);
  for (size_t q = 0; q < HB_DOT_QUERIES; q++) n.queries[q] = n.memory + (q + 2) % HB_DOT_QUERIES * dim;
  return n;
}

/* Nothing but the `count` sums of a query was written. */
static void check_dots(const whole_numbers *n, size_t q, const int32_t *dots) {
  for (size_t r = 0; r < STRIDE; r++) {
    int64_t expected = r < n->count ? 0 : 12345;
    for (size_t i = 0; r < n->count && i < n->dim; i++) expected += (int64_t)n->queries[q][i] * n->rows[r * n->dim + i];
    assert_true(dots[r] == expected);
  }
}

static void check_form(const whole_numbers *n, const hb_dot_i8 *form) {
  int32_t dots[HB_DOT_QUERIES * STRIDE];
  for (size_t by_4 = 0; by_4 < 2; by_4++) {
    for (size_t i = 0; i < HB_DOT_QUERIES * STRIDE; i++) dots[i] = 12345;
    if (by_4) form->rows_by_4(n->queries, n->rows, n->count, n->dim, dots, STRIDE);
    for (size_t q = 0; q < HB_DOT_QUERIES; q++) {
      if (!by_4) form->rows(n->queries[q], n->rows, n->count, n->dim, dots + q * STRIDE);
      check_dots(n, q, dots + q * STRIDE);
    }
  }
}

/* All forms that are here, and the one that is chosen. */
static void rows_of_int8_match_whole_numbers(void **state) {
  (void)state;
  static const size_t odd_dims[] = {0, 1, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 256, 513, 1000, 32768};
  static const hb_dot_i8 chosen = {hb_dot_rows_i8, hb_dot_rows_i8_by_4};
  hb_random random = {4};
  for (size_t d = 0; d < sizeof odd_dims / sizeof *odd_dims; d++)
    for (size_t i = 0; i <= 2 * COUNT_MOST; i++) {
      whole_numbers n = make_numbers(odd_dims[d], i / 2, &random, i % 2);
      check_form(&n, &chosen);
      for (int kind = 0; kind < HB_DOT_I8_FORMS; kind++)
        if (hb_dot_i8_form(kind) != NULL) check_form(&n, hb_dot_i8_form(kind));
      free(n.memory), free(n.rows);
    }
}

static void every_machine_has_the_portable_form(void **state) {
  (void)state;
  assert_ptr_equal(hb_dot_i8_form(HB_DOT_I8_PORTABLE), &hb_dot_i8_portable);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_match_a_scalar_product_in_every_bit), cmocka_unit_test(scores_of_dimension_zero_are_zero),
      cmocka_unit_test(what_is_not_a_number_stays_in_its_row),    cmocka_unit_test(rows_of_int8_match_whole_numbers),
      cmocka_unit_test(every_machine_has_the_portable_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
