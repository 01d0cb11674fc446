/* head.h: the last linear map, and the smaller one with the same cosines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "head.h"
#include "support.h"

#define EXACT_DIM 513
#define MATRIX (HB_LOGITS_DIM * HB_POOLED_DIM)

/* A fully connected layer and the exact head that is made of it. */
typedef struct {
  float *kernel, *bias;             /* [1000][512], [1000] */
  float *exact_matrix, *exact_bias; /* [513][512], [513] */
  hb_head logits, exact;
} layer;

static layer layer_make(uint64_t seed) {
  hb_random random = {seed};
  layer l = {.kernel = must_allocate(MATRIX * sizeof(float)),
             .bias = must_allocate(HB_LOGITS_DIM * sizeof(float)),
             .exact_matrix = must_allocate(EXACT_DIM * HB_POOLED_DIM * sizeof(float)),
             .exact_bias = must_allocate(EXACT_DIM * sizeof(float))};
  for (size_t i = 0; i < MATRIX; i++) l.kernel[i] = 0.1f * random_float(&random);
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) l.bias[i] = 0.3f * random_float(&random);
  l.logits = (hb_head){HB_HEAD_LOGITS, HB_LOGITS_DIM, l.kernel, l.bias};
  l.exact = (hb_head){HB_HEAD_EXACT, EXACT_DIM, l.exact_matrix, l.exact_bias};
  return l;
}

static void layer_free(layer *l) {
  free(l->kernel);
  free(l->bias);
  free(l->exact_matrix);
  free(l->exact_bias);
}

static void make_exact(layer *l) {
  assert_ok(hb_head_make_exact(l->kernel, l->bias, l->exact_matrix, l->exact_bias, &failure));
}

/* Pooled features as they come out of the network: not negative, many small. */
static void random_pooled(hb_random *random, float *pooled) {
  for (size_t i = 0; i < HB_POOLED_DIM; i++) {
    float x = random_float(random);
    pooled[i] = 3 * x * x * x * x;
  }
}

/* The largest difference between the cosines of both heads, over pairs of `count` random pictures. */
static double worst_cosine_difference(const layer *l, int count, uint64_t seed) {
  hb_random random = {seed};
  float pooled[HB_POOLED_DIM];
  float *logits = must_allocate((size_t)count * HB_LOGITS_DIM * sizeof *logits);
  float *exact = must_allocate((size_t)count * EXACT_DIM * sizeof *exact);
  for (int i = 0; i < count; i++) {
    random_pooled(&random, pooled);
    if (i % 3 == 2) pooled[i] += 30; /* some far from the others */
    hb_head_apply(&l->logits, pooled, logits + i * HB_LOGITS_DIM);
    hb_head_apply(&l->exact, pooled, exact + i * EXACT_DIM);
  }
  double worst = 0;
  for (int a = 0; a < count; a++)
    for (int b = 0; b < count; b++) {
      double x = dot_double(logits + a * HB_LOGITS_DIM, logits + b * HB_LOGITS_DIM, HB_LOGITS_DIM);
      double y = dot_double(exact + a * EXACT_DIM, exact + b * EXACT_DIM, EXACT_DIM);
      worst = fmax(worst, fabs(x - y));
    }
  free(logits);
  free(exact);
  return worst;
}

static void heads_have_names_and_sizes(void **state) {
  (void)state;
  assert_int_equal(hb_head_dim(HB_HEAD_LOGITS), 1000);
  assert_int_equal(hb_head_dim(HB_HEAD_EXACT), 513);
  for (int kind = HB_HEAD_LOGITS; kind <= HB_HEAD_EXACT; kind++) {
    hb_head_kind back = (hb_head_kind)99;
    assert_true(hb_head_parse(hb_head_name((hb_head_kind)kind), &back));
    assert_int_equal(back, kind);
  }
  static const char *const strangers[] = {"", "Logits", "exact ", "logit", "svd:256"};
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
    hb_head_kind back = HB_HEAD_EXACT;
    assert_false(hb_head_parse(strangers[i], &back));
    assert_int_equal(back, HB_HEAD_EXACT);
  }
}

static void an_embedding_is_matrix_times_pooled_plus_bias_at_unit_length(void **state) {
  (void)state;
  layer l = layer_make(1);
  hb_random random = {2};
  float pooled[HB_POOLED_DIM], embedding[HB_LOGITS_DIM];
  double expected[HB_LOGITS_DIM], square = 0;
  random_pooled(&random, pooled);
  for (size_t o = 0; o < HB_LOGITS_DIM; o++) {
    expected[o] = l.bias[o] + dot_double(l.kernel + o * HB_POOLED_DIM, pooled, HB_POOLED_DIM);
    square += expected[o] * expected[o];
  }
  hb_head_apply(&l.logits, pooled, embedding);
  for (size_t o = 0; o < HB_LOGITS_DIM; o++) assert_true(fabs(embedding[o] - expected[o] / sqrt(square)) < 1e-6);
  assert_true(fabs(dot_double(embedding, embedding, HB_LOGITS_DIM) - 1) < 1e-6);
  layer_free(&l);
}

static void exact_has_the_cosines_of_logits(void **state) {
  (void)state;
  layer l = layer_make(3);
  make_exact(&l);
  assert_true(worst_cosine_difference(&l, 40, 4) < 1e-5);
  layer_free(&l);
}

/* R'R = [W b]'[W b], R upper triangular. */
static void exact_is_triangular_with_the_same_gram_matrix(void **state) {
  (void)state;
  layer l = layer_make(5);
  make_exact(&l);
  for (size_t i = 1; i < EXACT_DIM; i++)
    for (size_t j = 0; j < i && j < HB_POOLED_DIM; j++) assert_true(l.exact_matrix[i * HB_POOLED_DIM + j] == 0);
  static const size_t columns[] = {0, 1, 255, 510, 511};
  for (int a = 0; a < 5; a++)
    for (int b = 0; b < 5; b++) {
      double expected = 0, got = 0;
      for (size_t r = 0; r < HB_LOGITS_DIM; r++)
        expected += (double)l.kernel[r * HB_POOLED_DIM + columns[a]] * l.kernel[r * HB_POOLED_DIM + columns[b]];
      for (size_t r = 0; r < EXACT_DIM; r++)
        got += (double)l.exact_matrix[r * HB_POOLED_DIM + columns[a]] * l.exact_matrix[r * HB_POOLED_DIM + columns[b]];
      assert_true(fabs(got - expected) < 1e-5);
    }
  layer_free(&l);
}

/* Columns that are zero, copies or sums of others, as in a layer that was pruned. */
static void a_layer_without_full_rank_works_as_well(void **state) {
  (void)state;
  layer l = layer_make(6);
  for (size_t r = 0; r < HB_LOGITS_DIM; r++) {
    float *row = l.kernel + r * HB_POOLED_DIM;
    for (size_t c = 0; c < HB_POOLED_DIM; c++) {
      if (c % 7 == 0)
        row[c] = 0;
      else if (c % 7 == 1 && c > 7)
        row[c] = row[1];
      else if (c % 7 == 2 && c > 7)
        row[c] = row[2] + row[3];
    }
    l.bias[r] = row[4];
  }
  make_exact(&l);
  for (size_t i = 0; i < EXACT_DIM * HB_POOLED_DIM; i++) assert_true(isfinite(l.exact_matrix[i]));
  assert_true(worst_cosine_difference(&l, 30, 7) < 1e-5);
  layer_free(&l);
}

static void a_layer_of_zeros_gives_zeros(void **state) {
  (void)state;
  layer l = layer_make(8);
  memset(l.kernel, 0, MATRIX * sizeof *l.kernel);
  memset(l.bias, 0, HB_LOGITS_DIM * sizeof *l.bias);
  make_exact(&l);
  float pooled[HB_POOLED_DIM], embedding[HB_LOGITS_DIM];
  hb_random random = {1};
  random_pooled(&random, pooled);
  hb_head_apply(&l.logits, pooled, embedding);
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) assert_true(embedding[i] == 0);
  hb_head_apply(&l.exact, pooled, embedding);
  for (size_t i = 0; i < EXACT_DIM; i++) assert_true(embedding[i] == 0);
  layer_free(&l);
}

static void without_memory_it_fails(void **state) {
  (void)state;
  layer l = layer_make(9);
  allocations_fail_from(0);
  hb_status status = hb_head_make_exact(l.kernel, l.bias, l.exact_matrix, l.exact_bias, &failure);
  allocations_work();
  assert_int_equal(status, HB_OUT_OF_MEMORY);
  layer_free(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(heads_have_names_and_sizes),
      cmocka_unit_test(an_embedding_is_matrix_times_pooled_plus_bias_at_unit_length),
      cmocka_unit_test(exact_has_the_cosines_of_logits),
      cmocka_unit_test(exact_is_triangular_with_the_same_gram_matrix),
      cmocka_unit_test(a_layer_without_full_rank_works_as_well),
      cmocka_unit_test(a_layer_of_zeros_gives_zeros),
      cmocka_unit_test(without_memory_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
