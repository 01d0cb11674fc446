/* head_learn.h, head_moments.h, prepared_features.h: what is learned has the properties that define it, computed here
 * from the pictures themselves, in two passes and by other algorithms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/head_learn.h"
#include "vector/linear_algebra.h"
#include "vector/prepared_features.h"

#define N HB_FEATURES_DIM
#define ROW (N + 1)

/* Prepared features of a collection whose labels follow each other. */
typedef struct {
  uint32_t count, labels;
  float *x;        /* [count][N] */
  uint32_t *label; /* [count], ascending */
} pictures;

/* Each label has features of its own, and pictures differ from them. */
static pictures make(uint32_t labels, uint32_t each, uint64_t seed) {
  hb_random random = {seed};
  pictures p = {labels * each, labels, must_allocate(labels * each * N * sizeof(float)),
                must_allocate(labels * each * sizeof(uint32_t))};
  float own[N], features[N];
  for (uint32_t i = 0; i < p.count; i++) {
    p.label[i] = i / each;
    for (int k = 0; i % each == 0 && k < N; k++) own[k] = fabsf(random_float(&random));
    for (int k = 0; k < N; k++) features[k] = own[k] + fabsf(random_float(&random));
    hb_features_prepare(features, p.x + (size_t)i * N);
  }
  return p;
}

static void release(pictures *p) {
  free(p->x);
  free(p->label);
}

static hb_moments moments_of(const pictures *p) {
  hb_moments m;
  assert_ok(hb_moments_create(&m, &failure));
  for (uint32_t i = 0; i < p->count; i++) {
    hb_moments_add(&m, p->x + (size_t)i * N);
    if (i + 1 == p->count || p->label[i + 1] != p->label[i]) hb_moments_end_label(&m);
  }
  hb_moments_finish(&m);
  return m;
}

static hb_learned_head learn(const pictures *p, hb_head_kind kind, uint32_t dim) {
  hb_moments m = moments_of(p);
  hb_learned_head head;
  assert_ok(hb_head_learn(kind, dim, &m, &head, &failure));
  hb_moments_free(&m);
  return head;
}

/* The means of all pictures (label UINT32_MAX) or of a label's. */
static uint32_t mean_of(const pictures *p, uint32_t label, double *mean) {
  uint32_t count = 0;
  memset(mean, 0, N * sizeof *mean);
  for (uint32_t i = 0; i < p->count; i++) {
    if (label != UINT32_MAX && p->label[i] != label) continue;
    for (int k = 0; k < N; k++) mean[k] += p->x[(size_t)i * N + k];
    count++;
  }
  for (int k = 0; k < N; k++) mean[k] /= count;
  return count;
}

static double *matrix(void) { return memset(must_allocate(N * N * sizeof(double)), 0, N * N * sizeof(double)); }

static void add_square(double factor, const double *x, double *a) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i * N + j] += factor * x[i] * x[j];
}

/* The covariance of all pictures, that within labels, and that of the labels' means about the mean of all. */
static void covariances(const pictures *p, double *total, double *within, double *between) {
  double all[N], own[N], x[N];
  mean_of(p, UINT32_MAX, all);
  for (uint32_t l = 0; l < p->labels; l++) {
    mean_of(p, l, own);
    for (uint32_t i = 0; i < p->count; i++) {
      if (p->label[i] != l) continue;
      for (int k = 0; k < N; k++) x[k] = p->x[(size_t)i * N + k] - all[k];
      add_square(1.0 / p->count, x, total);
      for (int k = 0; k < N; k++) x[k] += all[k] - own[k];
      add_square(1.0 / p->count, x, within);
    }
    for (int k = 0; k < N; k++) own[k] -= all[k];
    add_square(1, own, between);
  }
}

static void shrink(double *a, double share) {
  double trace = 0;
  for (int i = 0; i < N; i++) trace += a[i * N + i];
  for (int i = 0; i < N * N; i++) a[i] *= 1 - share;
  for (int i = 0; i < N; i++) a[i * N + i] += share * trace / N;
}

/* a . matrix . b for two rows of a head. */
static double form(const double *a, const double *m, const double *b) {
  double sum = 0;
  for (int i = 0; i < N; i++) {
    double inner = 0;
    for (int j = 0; j < N; j++) inner += m[i * N + j] * b[j];
    sum += a[i] * inner;
  }
  return sum;
}

static double cosine_of(const double *a, const double *b, uint32_t dim) {
  double ab = 0, aa = 0, bb = 0;
  for (uint32_t d = 0; d < dim; d++) ab += a[d] * b[d], aa += a[d] * a[d], bb += b[d] * b[d];
  return ab / sqrt(aa * bb);
}

static void embed(const double *rows, uint32_t dim, const float *x, double *out) {
  for (uint32_t d = 0; d < dim; d++) {
    out[d] = rows[(size_t)d * ROW + N];
    for (int k = 0; k < N; k++) out[d] += rows[(size_t)d * ROW + k] * x[k];
  }
}

/* Cosines between pictures must be those by `expected`, rows [dim][N + 1] that need not have the same directions. */
static void check_cosines(const pictures *p, const hb_learned_head *head, const double *expected, uint32_t dim) {
  double *e = must_allocate(2 * (size_t)p->count * N * sizeof *e), *w = e + (size_t)p->count * N;
  for (uint32_t i = 0; i < p->count; i++) {
    embed(head->rows, head->dim, p->x + (size_t)i * N, e + (size_t)i * N);
    embed(expected, dim, p->x + (size_t)i * N, w + (size_t)i * N);
  }
  for (uint32_t i = 0; i < p->count; i++)
    for (uint32_t j = 0; j < i; j++)
      assert_true(fabs(cosine_of(e + (size_t)i * N, e + (size_t)j * N, head->dim) -
                       cosine_of(w + (size_t)i * N, w + (size_t)j * N, dim)) < 1e-9);
  free(e);
}

/* Sets the biases so that `mean` becomes zero. */
static void set_biases(double *rows, uint32_t dim, const double *mean) {
  for (uint32_t d = 0; d < dim; d++) {
    double *row = rows + (size_t)d * ROW;
    row[N] = 0;
    for (int k = 0; k < N; k++) row[N] -= row[k] * mean[k];
  }
}

/* ---- Preparation ---- */

static void prepared_parts_have_unit_length_and_roots(void **state) {
  (void)state;
  float features[N], out[N];
  for (int i = 0; i < N; i++) features[i] = (float)(i % 7) + 0.25f;
  features[0] = -1, features[1] = NAN;
  hb_features_prepare(features, out);
  assert_true(out[0] == 0 && out[1] == 0);
  double squares[2] = {0, 0};
  for (int i = 0; i < N; i++) squares[i >= 512] += (double)out[i] * out[i];
  assert_true(fabs(squares[0] - 1) < 1e-6 && fabs(squares[1] - 1) < 1e-6);
  for (int i = 3; i < 512; i++) assert_true(fabs((double)out[i] / out[2] - sqrt((double)features[i] / 2.25)) < 1e-6);
  for (int i = 513; i < N; i++)
    assert_true(fabs((double)out[i] / out[512] - sqrt((double)(features[i] / features[512]))) < 1e-6);
  memset(features, 0, 512 * sizeof *features);
  hb_features_prepare(features, out);
  for (int i = 0; i < 512; i++) assert_true(out[i] == 0);
}

/* ---- Moments ---- */

static void moments_are_sums_over_pictures_and_labels(void **state) {
  (void)state;
  pictures p = make(7, 5, 1); /* 35 pictures: two blocks and a part of one */
  hb_moments m = moments_of(&p);
  double *total = matrix(), *between = matrix(), *means = matrix(), mean[N], x[N];
  for (uint32_t i = 0; i < p.count; i++) {
    for (int k = 0; k < N; k++) x[k] = p.x[(size_t)i * N + k];
    add_square(1, x, total);
  }
  for (uint32_t l = 0; l < 7; l++) {
    add_square(mean_of(&p, l, mean), mean, between);
    add_square(1, mean, means);
  }
  assert_true(m.count == 35 && m.labels == 7);
  mean_of(&p, UINT32_MAX, mean);
  for (int i = 0; i < N; i++) {
    assert_true(fabs(m.sum[i] - 35 * mean[i]) < 1e-12 && fabs(m.mean_sum[i] - 7 * mean[i]) < 1e-12);
    for (int j = i; j < N; j++) {
      assert_true(fabs(m.total[i * N + j] - total[i * N + j]) < 1e-12);
      assert_true(fabs(m.between[i * N + j] - between[i * N + j]) < 1e-12);
      assert_true(fabs(m.means[i * N + j] - means[i * N + j]) < 1e-12);
    }
  }
  free(total), free(between), free(means);
  hb_moments_free(&m);
  release(&p);
}

/* ---- Heads ---- */

/* Covariances of a collection, and the eigenvectors of that within labels: a whitening other than Cholesky's. */
typedef struct {
  double mean[N], values[N];
  double *total, *within, *between, *vectors;
} facts;

static facts facts_of(const pictures *p, double shrinkage) {
  facts f = {.total = matrix(), .within = matrix(), .between = matrix(), .vectors = matrix()};
  double *scratch = matrix();
  mean_of(p, UINT32_MAX, f.mean);
  covariances(p, f.total, f.within, f.between);
  shrink(f.within, shrinkage);
  memcpy(scratch, f.within, N * N * sizeof *scratch);
  assert_ok(hb_matrix_eigen(scratch, N, f.values, f.vectors, &failure));
  free(scratch);
  return f;
}

static void facts_free(facts *f) { free(f->total), free(f->within), free(f->between), free(f->vectors); }

/* LDA makes the covariance within labels a multiple of the identity, and keeps all of what there is between them: the
 * trace of within^-1 between. */
static void lda_whitens_within_labels_and_keeps_all_between_them(void **state) {
  (void)state;
  pictures p = make(6, 12, 2);
  hb_learned_head head = learn(&p, HB_HEAD_LDA, 0);
  assert_int_equal(head.dim, 5);
  facts f = facts_of(&p, 0.03);
  const double unit = form(head.rows, f.within, head.rows);
  double kept = 0, all = 0;
  for (uint32_t a = 0; a < 5; a++) {
    for (uint32_t b = 0; b <= a; b++)
      assert_true(fabs(form(head.rows + a * ROW, f.within, head.rows + b * ROW) / unit - (a == b)) < 1e-9);
    kept += form(head.rows + a * ROW, f.between, head.rows + a * ROW) / unit;
  }
  for (int i = 0; i < N; i++) all += form(f.vectors + i * N, f.between, f.vectors + i * N) / f.values[i];
  assert_true(fabs(kept / all - 1) < 1e-9);
  for (uint32_t d = 0; d < 5; d++) {
    double at_mean = head.rows[d * ROW + N];
    for (int k = 0; k < N; k++) at_mean += head.rows[d * ROW + k] * f.mean[k];
    assert_true(fabs(at_mean) < 1e-10);
  }
  facts_free(&f);
  free(head.rows);
  release(&p);
}

/* With fewer directions LDA keeps those with the most between labels. */
static void lda_of_fewer_numbers_keeps_the_best_directions(void **state) {
  (void)state;
  pictures p = make(6, 12, 2);
  hb_learned_head whole = learn(&p, HB_HEAD_LDA, 9), part = learn(&p, HB_HEAD_LDA, 2);
  assert_true(whole.dim == 5 && part.dim == 2);
  facts f = facts_of(&p, 0.03);
  double g[25], values[5], vectors[25], kept = 0;
  for (uint32_t a = 0; a < 5; a++)
    for (uint32_t b = 0; b < 5; b++) g[a * 5 + b] = form(whole.rows + a * ROW, f.between, whole.rows + b * ROW);
  const double unit = form(whole.rows, f.within, whole.rows), part_unit = form(part.rows, f.within, part.rows);
  assert_ok(hb_matrix_eigen(g, 5, values, vectors, &failure));
  for (uint32_t a = 0; a < 2; a++) kept += form(part.rows + a * ROW, f.between, part.rows + a * ROW) / part_unit;
  assert_true(fabs(kept / ((values[0] + values[1]) / unit) - 1) < 1e-9);
  facts_free(&f);
  free(whole.rows);
  free(part.rows);
  release(&p);
}

/* out [N][N + 1] = vectors divided by the roots of the values. */
static void whitening(const facts *f, double *out) {
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) out[i * ROW + k] = f->vectors[i * N + k] / sqrt(f->values[i]);
}

static void a_discriminant_is_the_weighted_whitening_within_labels(void **state) {
  (void)state;
  enum { dim = 8 };
  pictures p = make(6, 12, 3);
  hb_learned_head head = learn(&p, HB_HEAD_DISCRIMINANT, dim);
  assert_int_equal(head.dim, dim);
  facts f = facts_of(&p, 0.1);
  double *white = must_allocate(N * ROW * sizeof *white), *spread = matrix(), *half = matrix(), *vectors = matrix();
  double *expected = must_allocate(dim * ROW * sizeof *expected), values[N];
  memset(expected, 0, dim * ROW * sizeof *expected);
  whitening(&f, white);
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++)
      for (int j = 0; j < N; j++) half[i * N + j] += white[i * ROW + k] * f.total[k * N + j];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      for (int k = 0; k < N; k++) spread[i * N + j] += half[i * N + k] * white[j * ROW + k];
  assert_ok(hb_matrix_eigen(spread, N, values, vectors, &failure));
  for (int d = 0; d < dim; d++) {
    const double between = values[d] - 1;
    assert_true(between > 0);
    for (int i = 0; i < N; i++)
      for (int k = 0; k < N; k++)
        expected[d * ROW + k] += vectors[d * N + i] * white[i * ROW + k] * sqrt(between / (between + 0.1));
  }
  set_biases(expected, dim, f.mean);
  check_cosines(&p, &head, expected, dim);
  facts_free(&f);
  free(white), free(spread), free(half), free(vectors), free(expected);
  free(head.rows);
  release(&p);
}

static void directions_without_variance_between_labels_are_left_out(void **state) {
  (void)state;
  pictures p = make(3, 4, 4);
  hb_learned_head head = learn(&p, HB_HEAD_DISCRIMINANT, 256);
  assert_true(head.dim >= 2 && head.dim <= 11); /* 12 pictures span 11 directions */
  free(head.rows);
  release(&p);
}

static void pca_has_the_directions_of_most_variance(void **state) {
  (void)state;
  enum { dim = 20 };
  pictures p = make(10, 12, 5);
  hb_learned_head head = learn(&p, HB_HEAD_PCA, dim);
  assert_int_equal(head.dim, dim);
  double *covariance = matrix(), *vectors = matrix(), *expected = must_allocate(dim * ROW * sizeof *expected);
  double mean[N], x[N], values[N];
  mean_of(&p, UINT32_MAX, mean);
  for (int k = 0; k < N; k++) mean[k] *= 120.0 / (120 + 64);
  for (uint32_t i = 0; i < p.count; i++) {
    for (int k = 0; k < N; k++) x[k] = (p.x[(size_t)i * N + k] - mean[k]) * (k < 512 ? 1 : 0.5);
    add_square(1.0 / p.count, x, covariance);
  }
  assert_ok(hb_matrix_eigen(covariance, N, values, vectors, &failure));
  for (int d = 0; d < dim; d++)
    for (int k = 0; k < N; k++)
      expected[d * ROW + k] = vectors[d * N + k] * (k < 512 ? 1 : 0.5) * pow(values[d], -0.125);
  set_biases(expected, dim, mean);
  check_cosines(&p, &head, expected, dim);
  free(covariance), free(vectors), free(expected);
  free(head.rows);
  release(&p);
}

/* Rows share out the energy, so that int8 codes use their range, and no number is beyond 1, so that f16 holds all. */
static void the_numbers_of_a_head_are_at_most_one(void **state) {
  (void)state;
  static const hb_head_kind kinds[] = {HB_HEAD_PCA, HB_HEAD_LDA, HB_HEAD_DISCRIMINANT};
  pictures p = make(6, 12, 6);
  for (int k = 0; k < 3; k++) {
    hb_learned_head head = learn(&p, kinds[k], 5);
    double largest = 0;
    for (size_t i = 0; i < head.dim * (size_t)ROW; i++) largest = fmax(largest, fabs(head.rows[i]));
    assert_true(largest == 1);
    free(head.rows);
  }
  release(&p);
}

static void the_same_pictures_give_the_same_bits(void **state) {
  (void)state;
  pictures p = make(6, 12, 7);
  hb_learned_head a = learn(&p, HB_HEAD_DISCRIMINANT, 30), b = learn(&p, HB_HEAD_DISCRIMINANT, 30);
  assert_int_equal(a.dim, b.dim);
  assert_memory_equal(a.rows, b.rows, a.dim * ROW * sizeof *a.rows);
  free(a.rows);
  free(b.rows);
  release(&p);
}

/* ---- Collections that are not fit ---- */

static void refused(const pictures *p, hb_head_kind kind, const char *words) {
  hb_moments m = moments_of(p);
  hb_learned_head head;
  assert_fails(hb_head_learn(kind, 256, &m, &head, &failure), HB_INVALID_ARGUMENT, words);
  hb_moments_free(&m);
}

static void labels_that_teach_nothing_are_refused_in_a_sentence(void **state) {
  (void)state;
  static const hb_head_kind kinds[] = {HB_HEAD_LDA, HB_HEAD_DISCRIMINANT};
  pictures one = make(1, 20, 1), alone = make(20, 1, 1), equal = make(4, 5, 1), none = {0};
  for (uint32_t i = 1; i < equal.count; i++) memcpy(equal.x + (size_t)i * N, equal.x, N * sizeof(float));
  for (int k = 0; k < 2; k++) {
    refused(&one, kinds[k], "only one");
    refused(&alone, kinds[k], "no label has two pictures that differ");
    refused(&equal, kinds[k], "no label has two pictures that differ");
    refused(&none, kinds[k], "has none");
  }
  refused(&none, HB_HEAD_PCA, "no images");
  release(&one), release(&alone), release(&equal);
}

static void pictures_without_labels_cannot_teach_them(void **state) {
  (void)state;
  pictures p = make(2, 5, 1);
  hb_moments m;
  hb_learned_head head;
  assert_ok(hb_moments_create(&m, &failure));
  for (uint32_t i = 0; i < p.count; i++) hb_moments_add(&m, p.x + (size_t)i * N);
  hb_moments_finish(&m);
  assert_fails(hb_head_learn(HB_HEAD_LDA, 0, &m, &head, &failure), HB_INVALID_ARGUMENT, "has none");
  hb_moments_free(&m);
  release(&p);
}

static void numbers_that_are_not_finite_are_refused(void **state) {
  (void)state;
  static const hb_head_kind kinds[] = {HB_HEAD_PCA, HB_HEAD_LDA, HB_HEAD_DISCRIMINANT};
  static const float strangers[] = {NAN, INFINITY, -INFINITY};
  for (int k = 0; k < 3; k++) {
    pictures p = make(4, 5, 1);
    p.x[7 * N + 100] = strangers[k];
    for (int s = 0; s < 3; s++) refused(&p, kinds[s], "not finite");
    release(&p);
  }
}

/* One picture, equal pictures, pictures of zeros, fewer pictures than numbers: PCA gives a head whose embeddings are
 * numbers, and by which a picture is most like itself. */
static void pca_fits_every_collection(void **state) {
  (void)state;
  pictures single = make(1, 1, 1), equal = make(1, 30, 2), zeros = make(1, 3, 3), few = make(5, 1, 4),
           other = make(3, 1, 9);
  for (uint32_t i = 1; i < equal.count; i++) memcpy(equal.x + (size_t)i * N, equal.x, N * sizeof(float));
  memset(zeros.x, 0, zeros.count * N * sizeof(float));
  const pictures *all[] = {&single, &equal, &zeros, &few};
  for (int c = 0; c < 4; c++) {
    hb_learned_head head = learn(all[c], HB_HEAD_PCA, 64);
    assert_int_equal(head.dim, 64);
    double own[64], stranger[64];
    for (size_t i = 0; i < 64 * (size_t)ROW; i++) assert_true(isfinite(head.rows[i]));
    embed(head.rows, 64, all[c]->x, own);
    for (uint32_t i = 0; i < other.count; i++) {
      embed(head.rows, 64, other.x + (size_t)i * N, stranger);
      if (all[c] != &zeros) assert_true(cosine_of(own, stranger, 64) < 0.98);
    }
    free(head.rows);
  }
  release(&single), release(&equal), release(&zeros), release(&few), release(&other);
}

static void without_memory_there_is_no_head(void **state) {
  (void)state;
  pictures p = make(3, 4, 8);
  hb_moments m = moments_of(&p), none;
  hb_learned_head head;
  for (int from = 0; from < 4; from++) {
    allocations_fail_from(from);
    hb_status status = hb_head_learn(HB_HEAD_LDA, 0, &m, &head, &failure);
    allocations_work();
    assert_int_equal(status, HB_OUT_OF_MEMORY);
  }
  allocations_fail_from(0);
  hb_status status = hb_moments_create(&none, &failure);
  allocations_work();
  assert_int_equal(status, HB_OUT_OF_MEMORY);
  hb_moments_free(&none);
  hb_moments_free(&m);
  release(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prepared_parts_have_unit_length_and_roots),
      cmocka_unit_test(moments_are_sums_over_pictures_and_labels),
      cmocka_unit_test(lda_whitens_within_labels_and_keeps_all_between_them),
      cmocka_unit_test(lda_of_fewer_numbers_keeps_the_best_directions),
      cmocka_unit_test(a_discriminant_is_the_weighted_whitening_within_labels),
      cmocka_unit_test(directions_without_variance_between_labels_are_left_out),
      cmocka_unit_test(pca_has_the_directions_of_most_variance),
      cmocka_unit_test(the_numbers_of_a_head_are_at_most_one),
      cmocka_unit_test(the_same_pictures_give_the_same_bits),
      cmocka_unit_test(labels_that_teach_nothing_are_refused_in_a_sentence),
      cmocka_unit_test(pictures_without_labels_cannot_teach_them),
      cmocka_unit_test(numbers_that_are_not_finite_are_refused),
      cmocka_unit_test(pca_fits_every_collection),
      cmocka_unit_test(without_memory_there_is_no_head),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
