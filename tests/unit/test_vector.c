/* vector.h: vectors against scalar arithmetic. */
#include <math.h>

#include "support.h"
#include "vector/vector.h"

static const size_t dims[] = {0, 1, 7, 8, 9, 513, 1000};
#define DIMS (sizeof dims / sizeof *dims)

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
      cmocka_unit_test(normalizing_gives_unit_length_and_keeps_the_direction),
      cmocka_unit_test(a_zero_vector_is_left_alone),
      cmocka_unit_test(vectors_are_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
