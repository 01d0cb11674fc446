/* head.h: the last linear map, and the smaller ones that are made of it or read from a file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/head_make.h"
#include "vector/prepared_features.h"

#define ROW (HB_POOLED_DIM + 1) /* floats of a head for each dimension */

static hb_head *zeros(hb_head_kind kind, uint32_t dim) {
  hb_head *head = NULL;
  assert_ok(hb_head_create(kind, HB_FEATURES_LAYER4, dim, &head, &failure));
  return head;
}

/* A fully connected layer. */
static hb_head *random_logits(uint64_t seed) {
  hb_random random = {seed};
  hb_head *head = zeros(HB_HEAD_LOGITS, HB_LOGITS_DIM);
  for (size_t i = 0; i < HB_LOGITS_DIM * HB_POOLED_DIM; i++) head->matrix[i] = 0.1f * random_float(&random);
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) head->bias[i] = 0.3f * random_float(&random);
  return head;
}

static hb_head *exact_of(const hb_head *logits) {
  hb_head *exact = NULL;
  assert_ok(hb_head_make_exact(logits, &exact, &failure));
  return exact;
}

/* Made once, because an unoptimised build takes seconds. */
static struct { hb_head *logits, *exact; } shared;

static int make_shared(void **state) {
  (void)state;
  shared.logits = random_logits(3);
  shared.exact = exact_of(shared.logits);
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  hb_head_free(shared.logits);
  hb_head_free(shared.exact);
  return 0;
}

/* Pooled features as they come out of the network: not negative, many small. */
static void random_pooled(hb_random *random, float *pooled) {
  for (size_t i = 0; i < HB_POOLED_DIM; i++) {
    float x = random_float(random);
    pooled[i] = 3 * x * x * x * x;
  }
}

/* The pooled features [count][HB_POOLED_DIM] of random pictures, some far from the others. The caller frees. */
static float *pictures(size_t count, uint64_t seed) {
  hb_random random = {seed};
  float *pooled = must_allocate(count * HB_POOLED_DIM * sizeof *pooled);
  for (size_t i = 0; i < count; i++) {
    random_pooled(&random, pooled + i * HB_POOLED_DIM);
    if (i % 3 == 2) pooled[i * HB_POOLED_DIM + i] += 30;
  }
  return pooled;
}

/* The same of pictures that all are mixtures of `kinds` ones, so that their embeddings have as many directions. */
static float *mixtures(size_t count, size_t kinds, uint64_t seed) {
  hb_random random = {seed};
  float *kind = pictures(kinds, seed), *pooled = must_allocate(count * HB_POOLED_DIM * sizeof *pooled);
  for (size_t i = 0; i < count; i++) {
    float *row = pooled + i * HB_POOLED_DIM, total = 0, weights[16];
    for (size_t k = 0; k < kinds; k++) total += weights[k] = (float)hb_random_unit(&random);
    for (size_t d = 0; d < HB_POOLED_DIM; d++) {
      row[d] = 0;
      for (size_t k = 0; k < kinds; k++) row[d] += weights[k] / total * kind[k * HB_POOLED_DIM + d];
    }
  }
  free(kind);
  return pooled;
}

static float *embeddings(const hb_head *head, const float *pooled, size_t count) {
  float *out = must_allocate(count * head->dim * sizeof *out);
  for (size_t i = 0; i < count; i++) hb_head_apply(head, pooled + i * HB_POOLED_DIM, out + i * head->dim);
  return out;
}

/* The largest difference between the cosines of both heads, over pairs of pictures. */
static double worst_cosine_difference(const hb_head *a, const hb_head *b, const float *pooled, size_t count) {
  float *x = embeddings(a, pooled, count), *y = embeddings(b, pooled, count);
  double worst = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++)
      worst = fmax(worst, fabs(dot_double(x + i * a->dim, x + j * a->dim, a->dim) -
                               dot_double(y + i * b->dim, y + j * b->dim, b->dim)));
  free(x);
  free(y);
  return worst;
}

/* The largest share of a collection's energy that one dimension has. */
static double largest_share(const hb_head *head, const float *pooled, size_t count) {
  float *x = embeddings(head, pooled, count);
  double largest = 0;
  for (size_t d = 0; d < head->dim; d++) {
    double energy = 0;
    for (size_t i = 0; i < count; i++) energy += (double)x[i * head->dim + d] * x[i * head->dim + d];
    largest = fmax(largest, energy / (double)count);
  }
  free(x);
  return largest;
}

/* Of their exact embeddings. The caller frees. */
static double *moment_of(const float *pooled, size_t count) {
  double *moment = must_allocate(HB_EXACT_DIM * HB_EXACT_DIM * sizeof *moment);
  memset(moment, 0, HB_EXACT_DIM * HB_EXACT_DIM * sizeof *moment);
  float *x = embeddings(shared.exact, pooled, count);
  for (size_t i = 0; i < count; i++) hb_head_add_moment(x + i * HB_EXACT_DIM, moment);
  free(x);
  return moment;
}

/* The svd head of these pictures. */
static hb_head *svd_of(const float *pooled, size_t count, uint32_t dim) {
  double *moment = moment_of(pooled, count);
  hb_head *head = NULL;
  assert_ok(hb_head_make_svd(shared.exact, moment, dim, &head, &failure));
  assert_int_equal(head->kind, HB_HEAD_SVD);
  assert_int_equal(hb_head_dim(head), dim);
  free(moment);
  return head;
}

/* ---- Any head ---- */

static void heads_have_names(void **state) {
  (void)state;
  static const char *const names[] = {"logits", "exact", "svd", "file", "none"};
  for (int kind = HB_HEAD_LOGITS; kind <= HB_HEAD_NONE; kind++) {
    hb_head_kind back = (hb_head_kind)99;
    assert_string_equal(hb_head_name((hb_head_kind)kind), names[kind]);
    assert_true(hb_head_parse(names[kind], &back));
    assert_int_equal(back, kind);
  }
  static const char *const strangers[] = {"", "Logits", "exact ", "logit", "svd:256"};
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
    hb_head_kind back = HB_HEAD_EXACT;
    assert_false(hb_head_parse(strangers[i], &back));
    assert_int_equal(back, HB_HEAD_EXACT);
  }
}

static void a_new_head_is_all_zeros_with_the_bias_behind_the_matrix(void **state) {
  (void)state;
  hb_head *head = zeros(HB_HEAD_FILE, 7);
  assert_int_equal(head->kind, HB_HEAD_FILE);
  assert_int_equal(hb_head_dim(head), 7);
  assert_ptr_equal(head->bias, head->matrix + 7 * HB_POOLED_DIM);
  for (size_t i = 0; i < 7 * ROW; i++) assert_true(head->matrix[i] == 0);
  hb_head_free(head);
  hb_head_free(NULL);
}

static void a_head_reads_rows_that_end_with_their_bias(void **state) {
  (void)state;
  float rows[3 * ROW];
  for (size_t i = 0; i < 3 * ROW; i++) rows[i] = (float)i;
  hb_head *head = zeros(HB_HEAD_EXACT, 3);
  hb_head_read_rows(head, &(hb_rows){HB_ENCODING_F32, ROW, 3, rows, NULL});
  for (size_t r = 0; r < 3; r++) {
    assert_same_bits(head->matrix + r * HB_POOLED_DIM, rows + r * ROW, HB_POOLED_DIM);
    assert_true(head->bias[r] == rows[r * ROW + HB_POOLED_DIM]);
  }
  hb_head_free(head);
}

static void an_embedding_is_matrix_times_pooled_plus_bias_at_unit_length(void **state) {
  (void)state;
  hb_head *logits = random_logits(1);
  hb_random random = {2};
  float pooled[HB_POOLED_DIM], embedding[HB_LOGITS_DIM];
  double expected[HB_LOGITS_DIM], square = 0;
  random_pooled(&random, pooled);
  for (size_t o = 0; o < HB_LOGITS_DIM; o++) {
    expected[o] = logits->bias[o] + dot_double(logits->matrix + o * HB_POOLED_DIM, pooled, HB_POOLED_DIM);
    square += expected[o] * expected[o];
  }
  hb_head_apply(logits, pooled, embedding);
  for (size_t o = 0; o < HB_LOGITS_DIM; o++) assert_true(fabs(embedding[o] - expected[o] / sqrt(square)) < 1e-6);
  assert_true(fabs(dot_double(embedding, embedding, HB_LOGITS_DIM) - 1) < 1e-6);
  hb_head_free(logits);
}

/* ---- exact ---- */

static void exact_has_the_cosines_of_logits(void **state) {
  (void)state;
  assert_int_equal(shared.exact->kind, HB_HEAD_EXACT);
  assert_int_equal(hb_head_dim(shared.exact), 513);
  float *pooled = pictures(40, 4);
  assert_true(worst_cosine_difference(shared.logits, shared.exact, pooled, 40) < 1e-5);
  free(pooled);
}

/* Column c of [W b], times column d. */
static double column_product(const hb_head *head, size_t c, size_t d) {
  double sum = 0;
  for (size_t r = 0; r < head->dim; r++) {
    const float *row = head->matrix + r * HB_POOLED_DIM;
    double x = c < HB_POOLED_DIM ? row[c] : head->bias[r], y = d < HB_POOLED_DIM ? row[d] : head->bias[r];
    sum += x * y;
  }
  return sum;
}

static void exact_has_the_gram_matrix_of_logits(void **state) {
  (void)state;
  const hb_head *logits = shared.logits, *exact = shared.exact;
  static const size_t columns[] = {0, 1, 255, 511, 512};
  for (int a = 0; a < 5; a++)
    for (int b = 0; b < 5; b++)
      assert_true(fabs(column_product(exact, columns[a], columns[b]) - column_product(logits, columns[a], columns[b])) <
                  1e-5);
}

/* What int8 storage wants. Without the rotation one dimension would have nearly all of this energy. */
static void exact_spreads_the_energy_over_all_dimensions(void **state) {
  (void)state;
  hb_head *logits = random_logits(6);
  for (size_t r = 0; r < HB_LOGITS_DIM; r++) logits->matrix[r * HB_POOLED_DIM] += 9;
  hb_head *exact = exact_of(logits);
  float *pooled = pictures(40, 7);
  assert_true(largest_share(exact, pooled, 40) < 0.02);
  free(pooled);
  hb_head_free(logits);
  hb_head_free(exact);
}

static void exact_is_the_same_whenever_it_is_made(void **state) {
  (void)state;
  hb_head *again = exact_of(shared.logits);
  assert_same_bits(shared.exact->matrix, again->matrix, HB_EXACT_DIM * ROW);
  hb_head_free(again);
}

/* Columns that are zero, copies or sums of others, as in a layer that was pruned. */
static void a_layer_without_full_rank_works_as_well(void **state) {
  (void)state;
  hb_head *logits = random_logits(6);
  for (size_t r = 0; r < HB_LOGITS_DIM; r++) {
    float *row = logits->matrix + r * HB_POOLED_DIM;
    for (size_t c = 0; c < HB_POOLED_DIM; c++) {
      if (c % 7 == 0)
        row[c] = 0;
      else if (c % 7 == 1 && c > 7)
        row[c] = row[1];
      else if (c % 7 == 2 && c > 7)
        row[c] = row[2] + row[3];
    }
    logits->bias[r] = row[4];
  }
  hb_head *exact = exact_of(logits);
  for (size_t i = 0; i < HB_EXACT_DIM * ROW; i++) assert_true(isfinite(exact->matrix[i]));
  float *pooled = pictures(30, 7);
  assert_true(worst_cosine_difference(logits, exact, pooled, 30) < 1e-5);
  free(pooled);
  hb_head_free(logits);
  hb_head_free(exact);
}

static void a_layer_of_zeros_gives_zeros(void **state) {
  (void)state;
  hb_head *logits = zeros(HB_HEAD_LOGITS, HB_LOGITS_DIM), *exact = exact_of(logits);
  float pooled[HB_POOLED_DIM], embedding[HB_LOGITS_DIM];
  hb_random random = {1};
  random_pooled(&random, pooled);
  hb_head_apply(logits, pooled, embedding);
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) assert_true(embedding[i] == 0);
  hb_head_apply(exact, pooled, embedding);
  for (size_t i = 0; i < HB_EXACT_DIM; i++) assert_true(embedding[i] == 0);
  hb_head_free(logits);
  hb_head_free(exact);
}

/* ---- svd ---- */

static void a_moment_is_the_sum_of_squares_in_the_upper_triangle(void **state) {
  (void)state;
  double *moment = must_allocate(HB_EXACT_DIM * HB_EXACT_DIM * sizeof *moment);
  memset(moment, 0, HB_EXACT_DIM * HB_EXACT_DIM * sizeof *moment);
  float *x = random_unit_vectors(2, HB_EXACT_DIM, 3), *y = x + HB_EXACT_DIM;
  hb_head_add_moment(x, moment);
  hb_head_add_moment(y, moment);
  for (size_t i = 0; i < HB_EXACT_DIM; i++)
    for (size_t j = 0; j < HB_EXACT_DIM; j++) {
      double expected = j < i ? 0 : (double)x[i] * x[j] + (double)y[i] * y[j];
      assert_true(moment[i * HB_EXACT_DIM + j] == expected);
    }
  free(x);
  free(moment);
}

static void svd_in_all_dimensions_has_the_cosines_of_exact(void **state) {
  (void)state;
  float *pooled = pictures(30, 12), *others = pictures(30, 13);
  hb_head *svd = svd_of(pooled, 30, HB_EXACT_DIM);
  assert_true(worst_cosine_difference(shared.exact, svd, pooled, 30) < 1e-5);
  assert_true(worst_cosine_difference(shared.exact, svd, others, 30) < 1e-5);
  free(pooled);
  free(others);
  hb_head_free(svd);
}

/* Embeddings of mixtures of 12 pictures lie in 12 dimensions: as many keep all, fewer cannot. */
static void svd_keeps_the_leading_directions_of_the_collection(void **state) {
  (void)state;
  float *pooled = mixtures(60, 12, 15);
  hb_head *whole = svd_of(pooled, 60, 12), *less = svd_of(pooled, 60, 8);
  assert_true(worst_cosine_difference(shared.exact, whole, pooled, 60) < 1e-5);
  double lost = worst_cosine_difference(shared.exact, less, pooled, 60);
  assert_true(lost > 1e-4 && lost < 0.3);
  free(pooled);
  hb_head_free(whole);
  hb_head_free(less);
}

/* One direction has most of the energy of such a collection: all pictures are like their mean. */
static void svd_spreads_the_energy_over_its_dimensions(void **state) {
  (void)state;
  float *pooled = mixtures(60, 12, 17);
  hb_head *one = svd_of(pooled, 60, 1), *many = svd_of(pooled, 60, 64);
  float *x = embeddings(many, pooled, 60);
  assert_true(cosine_double(x, x + 64, 64) > 0.5);
  assert_true(largest_share(one, pooled, 60) > 0.99);
  assert_true(largest_share(many, pooled, 60) < 0.2);
  free(x);
  free(pooled);
  hb_head_free(one);
  hb_head_free(many);
}

static void svd_is_the_same_whenever_it_is_made(void **state) {
  (void)state;
  float *pooled = pictures(30, 19);
  hb_head *first = svd_of(pooled, 30, 100), *again = svd_of(pooled, 30, 100);
  assert_same_bits(first->matrix, again->matrix, 100 * ROW);
  free(pooled);
  hb_head_free(first);
  hb_head_free(again);
}

static void svd_needs_a_dimension_and_a_collection(void **state) {
  (void)state;
  hb_head *head = (hb_head *)&head;
  float *pooled = pictures(3, 21);
  double *moment = moment_of(pooled, 3);
  assert_fails(hb_head_make_svd(shared.exact, moment, 0, &head, &failure), HB_INVALID_ARGUMENT, "svd:0");
  assert_fails(hb_head_make_svd(shared.exact, moment, 514, &head, &failure), HB_INVALID_ARGUMENT, "svd:1 to svd:513");
  static const size_t places[] = {0, 1, 512, 513 * 513 - 1};
  static const double strangers[] = {NAN, INFINITY, -INFINITY};
  for (int p = 0; p < 4; p++)
    for (int s = 0; s < 3; s++) {
      double kept = moment[places[p]];
      moment[places[p]] = strangers[s];
      assert_fails(hb_head_make_svd(shared.exact, moment, 10, &head, &failure), HB_INVALID_ARGUMENT, "not finite");
      moment[places[p]] = kept;
    }
  memset(moment, 0, HB_EXACT_DIM * HB_EXACT_DIM * sizeof *moment);
  assert_fails(hb_head_make_svd(shared.exact, moment, 10, &head, &failure), HB_INVALID_ARGUMENT, "all zero");
  assert_ptr_equal(head, &head);
  free(moment);
  free(pooled);
}

typedef hb_status (*maker)(const double *moment, hb_head **out);

static hb_status try_exact(const double *moment, hb_head **out) {
  (void)moment;
  return hb_head_make_exact(shared.logits, out, &failure);
}

static hb_status try_svd(const double *moment, hb_head **out) {
  return hb_head_make_svd(shared.exact, moment, 5, out, &failure);
}

/* With more and more memory, until it is enough. */
static void without_memory_making_fails_cleanly(void **state) {
  (void)state;
  static const maker makers[] = {try_exact, try_svd};
  float *pooled = pictures(3, 23);
  double *moment = moment_of(pooled, 3);
  for (int m = 0; m < 2; m++) {
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      hb_head *head = NULL;
      allocations_fail_from(n);
      hb_status status = makers[m](moment, &head);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
      assert_int_equal(head == NULL, refused);
      hb_head_free(head);
    }
  }
  free(moment);
  free(pooled);
}

/* ---- Features ---- */

static void heads_of_two_layers_take_prepared_features(void **state) {
  (void)state;
  enum { dim = 9 };
  hb_random random = {12};
  hb_head *head = NULL;
  assert_ok(hb_head_create(HB_HEAD_DISCRIMINANT, HB_FEATURES_SQRT, dim, &head, &failure));
  assert_int_equal(head->inputs, 768);
  assert_ptr_equal(head->bias, head->matrix + dim * 768);
  float features[HB_FEATURES_DIM], prepared[HB_FEATURES_DIM], embedding[dim];
  double expected[dim], length = 0;
  for (int i = 0; i < dim * (768 + 1); i++) head->matrix[i] = random_float(&random);
  for (int i = 0; i < HB_FEATURES_DIM; i++) features[i] = fabsf(random_float(&random));
  hb_features_prepare(features, prepared);
  for (int d = 0; d < dim; d++) {
    expected[d] = head->bias[d] + dot_double(head->matrix + d * 768, prepared, 768);
    length += expected[d] * expected[d];
  }
  hb_head_apply(head, features, embedding);
  for (int d = 0; d < dim; d++) assert_true(fabs(embedding[d] - expected[d] / sqrt(length)) < 1e-6);
  hb_head_free(head);
}

static void rows_of_768_numbers_and_a_bias_come_back(void **state) {
  (void)state;
  hb_head *head = NULL, *again = NULL, *copy = NULL;
  hb_random random = {13};
  assert_ok(hb_head_create(HB_HEAD_PCA, HB_FEATURES_SQRT, 5, &head, &failure));
  assert_ok(hb_head_create(HB_HEAD_PCA, HB_FEATURES_SQRT, 5, &again, &failure));
  for (int i = 0; i < 5 * 769; i++) head->matrix[i] = random_float(&random);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    void *codes = NULL;
    float *scales = NULL;
    hb_rows rows;
    assert_ok(hb_head_encode(head, encoding, &rows, &codes, &scales, &failure));
    assert_int_equal(rows.dim, 769);
    hb_head_read_rows(again, &rows);
    static const float allowed[] = {0, 0.0006f, 0.005f};
    for (int i = 0; i < 5 * 769; i++) assert_true(fabsf(again->matrix[i] - head->matrix[i]) <= allowed[encoding]);
    free(codes);
    free(scales);
  }
  assert_false(hb_head_equal(head, again));
  assert_ok(hb_head_copy(head, &copy, &failure));
  assert_true(hb_head_equal(head, copy));
  copy->bias[4] += 1;
  assert_false(hb_head_equal(head, copy));
  hb_head_free(head), hb_head_free(again), hb_head_free(copy);
}

static void names_of_features_are_read_back(void **state) {
  (void)state;
  hb_head_features features = HB_FEATURES_SQRT;
  assert_true(hb_head_features_parse("layer4", &features) && features == HB_FEATURES_LAYER4);
  assert_true(hb_head_features_parse("sqrt-layer4-layer3", &features) && features == HB_FEATURES_SQRT);
  assert_false(hb_head_features_parse("layer3", &features));
  assert_string_equal(hb_head_features_name(HB_FEATURES_SQRT), "sqrt-layer4-layer3");
}

static void heads_are_chosen_by_name_and_number(void **state) {
  (void)state;
  static const struct {
    const char *name;
    hb_head_kind kind;
    uint32_t dim;
  } good[] = {{"logits", HB_HEAD_LOGITS, 1000},
              {"exact", HB_HEAD_EXACT, 513},
              {"svd:1", HB_HEAD_SVD, 1},
              {"svd:513", HB_HEAD_SVD, 513},
              {"pca", HB_HEAD_PCA, 256},
              {"pca:768", HB_HEAD_PCA, 768},
              {"lda", HB_HEAD_LDA, 0},
              {"lda:30", HB_HEAD_LDA, 30},
              {"discriminant", HB_HEAD_DISCRIMINANT, 256},
              {"discriminant:64", HB_HEAD_DISCRIMINANT, 64},
              {"ldap.safetensors", HB_HEAD_FILE, 0},
              {"svdfile", HB_HEAD_FILE, 0}};
  static const char *const bad[] = {"svd",     "svd:",   "svd:0", "svd:514", "pca:",   "pca:0",
                                    "pca:769", "pca:-1", "lda:0", "lda: 4",  "lda:4x", "discriminant:99999999999999"};
  hb_head_kind kind;
  uint32_t dim;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_true(hb_head_choose(good[i].name, &kind, &dim));
    assert_true(kind == good[i].kind && dim == good[i].dim);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(hb_head_choose(bad[i], &kind, &dim));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(heads_have_names),
      cmocka_unit_test(a_new_head_is_all_zeros_with_the_bias_behind_the_matrix),
      cmocka_unit_test(a_head_reads_rows_that_end_with_their_bias),
      cmocka_unit_test(an_embedding_is_matrix_times_pooled_plus_bias_at_unit_length),
      cmocka_unit_test(exact_has_the_cosines_of_logits),
      cmocka_unit_test(exact_has_the_gram_matrix_of_logits),
      cmocka_unit_test(exact_spreads_the_energy_over_all_dimensions),
      cmocka_unit_test(exact_is_the_same_whenever_it_is_made),
      cmocka_unit_test(a_layer_without_full_rank_works_as_well),
      cmocka_unit_test(a_layer_of_zeros_gives_zeros),
      cmocka_unit_test(a_moment_is_the_sum_of_squares_in_the_upper_triangle),
      cmocka_unit_test(svd_in_all_dimensions_has_the_cosines_of_exact),
      cmocka_unit_test(svd_keeps_the_leading_directions_of_the_collection),
      cmocka_unit_test(svd_spreads_the_energy_over_its_dimensions),
      cmocka_unit_test(svd_is_the_same_whenever_it_is_made),
      cmocka_unit_test(svd_needs_a_dimension_and_a_collection),
      cmocka_unit_test(without_memory_making_fails_cleanly),
      cmocka_unit_test(heads_of_two_layers_take_prepared_features),
      cmocka_unit_test(rows_of_768_numbers_and_a_bias_come_back),
      cmocka_unit_test(names_of_features_are_read_back),
      cmocka_unit_test(heads_are_chosen_by_name_and_number),
  };
  return cmocka_run_group_tests(tests, make_shared, free_shared);
}
