/* row_encoding.h: rows survive encoding and decoding, and scores are cosines to the storage's precision. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "support.h"
#include "vector/dot.h"
#include "vector/row_encoding.h"

#define DIM_MOST 1000
#define COUNT 70 /* more than two blocks of any storage's scoring */

static const uint32_t dims[] = {1, 2, 7, 8, 31, 256, 513, DIM_MOST};
#define DIMS (sizeof dims / sizeof *dims)
static const hb_encoding encodings[] = {HB_ENCODING_F32, HB_ENCODING_F16, HB_ENCODING_I8};
#define ENCODINGS (sizeof encodings / sizeof *encodings)

/* One encoded row. */
typedef struct {
  union {
    float f32[DIM_MOST];
    uint16_t f16[DIM_MOST];
    int8_t i8[DIM_MOST];
  } codes;
  float scale, decoded[DIM_MOST];
} kept_row;

static kept_row keep(hb_encoding encoding, uint32_t dim, const float *row, bool unit) {
  kept_row kept;
  memset(&kept, 0x55, sizeof kept);
  hb_row_encode(encoding, dim, row, unit, &kept.codes, &kept.scale);
  const hb_rows rows = {encoding, dim, 1, &kept.codes, encoding == HB_ENCODING_I8 ? &kept.scale : NULL};
  hb_row_decode(&rows, 0, kept.decoded);
  return kept;
}

/* Encodes, decodes, and does it again: nothing may change, not even what lies behind the row. */
static kept_row keep_twice(hb_encoding encoding, uint32_t dim, const float *row, bool unit) {
  const kept_row first = keep(encoding, dim, row, unit), again = keep(encoding, dim, first.decoded, unit);
  assert_memory_equal(&first.codes, &again.codes, sizeof first.codes);
  assert_same_bits(&first.scale, &again.scale, 1);
  assert_same_bits(first.decoded, again.decoded, DIM_MOST);
  return first;
}

/* Random rows: even, and with most of their length in few numbers. */
static void fill_row(hb_random *random, uint32_t dim, float *row) {
  const int power = 1 + 2 * (int)hb_random_below(random, 5);
  for (uint32_t i = 0; i < dim; i++) row[i] = powf(random_float(random), (float)power);
}

static void names_are_read_back(void **state) {
  (void)state;
  static const char *const names[] = {"f32", "f16", "i8"};
  hb_encoding encoding;
  for (size_t s = 0; s < ENCODINGS; s++) {
    assert_string_equal(hb_encoding_name(encodings[s]), names[s]);
    assert_true(hb_encoding_parse(names[s], &encoding));
    assert_int_equal(encoding, encodings[s]);
  }
  encoding = HB_ENCODING_F16;
  assert_false(hb_encoding_parse("f64", &encoding) || hb_encoding_parse("", &encoding) ||
               hb_encoding_parse("i8 ", &encoding));
  assert_int_equal(encoding, HB_ENCODING_F16);
}

static void a_row_takes_four_two_or_one_byte_a_number(void **state) {
  (void)state;
  assert_int_equal(hb_row_bytes(HB_ENCODING_F32, 513), 2052);
  assert_int_equal(hb_row_bytes(HB_ENCODING_F16, 513), 1026);
  assert_int_equal(hb_row_bytes(HB_ENCODING_I8, 513), 513);
}

static void decoding_and_encoding_again_changes_no_bit(void **state) {
  (void)state;
  hb_random random = {1};
  float row[DIM_MOST];
  for (size_t d = 0; d < DIMS; d++)
    for (int round = 0; round < 400; round++) {
      const bool unit = round % 2 == 0;
      fill_row(&random, dims[d], row);
      if (unit) hb_vector_normalize(row, dims[d]);
      for (size_t s = 0; s < ENCODINGS; s++) keep_twice(encodings[s], dims[d], row, unit);
    }
}

static void the_scale_of_a_row_of_any_length_changes_no_bit(void **state) {
  (void)state;
  hb_random random = {2};
  for (int round = 0; round < 20000; round++) {
    const float size = ldexpf(1 + (float)hb_random_unit(&random), (int)hb_random_below(&random, 276) - 149);
    const float row[3] = {size, size * random_float(&random), -size * random_float(&random)};
    keep_twice(HB_ENCODING_I8, 3, row, false);
  }
}

static void f32_and_f16_keep_numbers_as_they_are(void **state) {
  (void)state;
  hb_random random = {3};
  float row[DIM_MOST];
  fill_row(&random, DIM_MOST, row);
  const kept_row f32 = keep(HB_ENCODING_F32, DIM_MOST, row, false), f16 = keep(HB_ENCODING_F16, DIM_MOST, row, false);
  assert_same_bits(f32.decoded, row, DIM_MOST);
  for (uint32_t i = 0; i < DIM_MOST; i++)
    assert_true(fabsf(f16.decoded[i] - row[i]) <= fmaxf(fabsf(row[i]) * 0x1p-11f, 0x1p-25f));
  assert_true(f32.scale == 1 && f16.scale == 1);
}

static void i8_rounds_to_the_nearest_of_254_steps(void **state) {
  (void)state;
  static const float row[] = {254, -254, 0, 1, 3, -1, -3, 2, 126.9f, 1e-30f, -0.0f};
  static const int8_t expected[] = {127, -127, 0, 0, 2, 0, -2, 1, 63, 0, 0}; /* ties to even */
  const kept_row kept = keep(HB_ENCODING_I8, 11, row, false);
  assert_memory_equal(kept.codes.i8, expected, 11);
  assert_true(kept.scale == 2);
  for (int i = 0; i < 11; i++) assert_true(kept.decoded[i] == expected[i] * 2);
}

static void i8_rows_of_any_length_keep_their_size(void **state) {
  (void)state;
  hb_random random = {5};
  float row[256];
  for (int round = 0; round < 200; round++) {
    fill_row(&random, 256, row);
    float largest = 0;
    for (int i = 0; i < 256; i++) largest = fmaxf(largest, fabsf(row[i] *= 100));
    const kept_row kept = keep(HB_ENCODING_I8, 256, row, false);
    for (int i = 0; i < 256; i++) assert_true(fabsf(kept.decoded[i] - row[i]) <= largest / 127 * 0.502f);
  }
}

static void rows_of_unit_length_decode_to_unit_length(void **state) {
  (void)state;
  hb_random random = {6};
  float row[DIM_MOST];
  for (size_t d = 0; d < DIMS; d++)
    for (int round = 0; round < 100; round++) {
      fill_row(&random, dims[d], row);
      hb_vector_normalize(row, dims[d]);
      const kept_row kept = keep(HB_ENCODING_I8, dims[d], row, true);
      assert_true(fabs(dot_double(kept.decoded, kept.decoded, dims[d]) - 1) < 3e-7);
      assert_true(cosine_double(kept.decoded, row, dims[d]) > 0.995);
    }
}

static void a_row_with_one_number_decodes_to_it(void **state) {
  (void)state;
  for (size_t s = 0; s < ENCODINGS; s++)
    for (uint32_t at = 0; at < 31; at++) {
      float row[31] = {0};
      row[at] = at % 2 ? -1 : 1;
      const kept_row kept = keep_twice(encodings[s], 31, row, true);
      for (uint32_t i = 0; i < 31; i++) assert_true(fabsf(kept.decoded[i] - row[i]) < 1e-7f);
    }
}

static void zeros_stay_zeros(void **state) {
  (void)state;
  const float zeros[256] = {0};
  for (size_t s = 0; s < ENCODINGS; s++)
    for (int unit = 0; unit < 2; unit++) {
      const kept_row kept = keep_twice(encodings[s], 256, zeros, unit);
      assert_same_bits(kept.decoded, zeros, 256);
      assert_true(kept.scale == (encodings[s] == HB_ENCODING_I8 ? 0 : 1));
    }
}

static void numbers_that_are_not_finite_count_as_zero(void **state) {
  (void)state;
  const float row[] = {NAN, 0.6f, INFINITY, -0.8f, -INFINITY, -NAN}, none[] = {NAN, INFINITY, -INFINITY};
  for (size_t s = 0; s < ENCODINGS; s++)
    for (int unit = 0; unit < 2; unit++) {
      const kept_row kept = keep_twice(encodings[s], 6, row, unit), zeros = keep_twice(encodings[s], 3, none, unit);
      for (int i = 0; i < 6; i += i == 4 ? 1 : 2) assert_true(kept.decoded[i] == 0);
      assert_true(fabsf(kept.decoded[1] - 0.6f) < 0.004f && fabsf(kept.decoded[3] + 0.8f) < 0.004f);
      for (int i = 0; i < 3; i++) assert_true(zeros.decoded[i] == 0);
    }
}

static void tiny_and_huge_numbers_survive(void **state) {
  (void)state;
  static const float sizes[] = {FLT_TRUE_MIN, 1e-44f, 1e-40f, FLT_MIN, 2e-36f, 1e-20f, 1e20f, 3e38f};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const float row[] = {sizes[i], -sizes[i], 0, sizes[i]};
    for (size_t s = 0; s < ENCODINGS; s++) {
      const kept_row kept = keep_twice(encodings[s], 4, row, false);
      for (int j = 0; j < 4; j++) assert_true(isfinite(kept.decoded[j]));
    }
    const kept_row unit = keep(HB_ENCODING_I8, 4, row, true);
    assert_true(fabs(dot_double(unit.decoded, unit.decoded, 4) - 1) < 3e-7);
  }
}

/* ---- Scores ---- */

typedef struct {
  hb_rows rows;
  float *vectors, *decoded, *scales;
  uint8_t *codes;
} fixture;

static fixture make_rows(hb_encoding encoding, uint32_t dim) {
  const size_t bytes = hb_row_bytes(encoding, dim);
  fixture f = {.vectors = random_unit_vectors(COUNT, dim, dim), .codes = must_allocate(COUNT * bytes)};
  f.decoded = must_allocate(COUNT * dim * sizeof *f.decoded);
  f.scales = must_allocate(COUNT * sizeof *f.scales);
  f.rows = (hb_rows){encoding, dim, COUNT, f.codes, encoding == HB_ENCODING_I8 ? f.scales : NULL};
  for (uint32_t i = 0; i < COUNT; i++) {
    hb_row_encode(encoding, dim, f.vectors + i * dim, true, f.codes + i * bytes, &f.scales[i]);
    hb_row_decode(&f.rows, i, f.decoded + i * dim);
  }
  return f;
}

static void free_rows(fixture *f) { free(f->vectors), free(f->decoded), free(f->scales), free(f->codes); }

static hb_query make_query(hb_encoding encoding, uint32_t dim, const float *vector) {
  hb_query query;
  assert_ok(hb_query_create(encoding, dim, &query, &failure));
  hb_query_set(&query, vector);
  return query;
}

static void check_scores(const fixture *f, const hb_query *query) {
  const uint32_t dim = f->rows.dim;
  float scores[COUNT + 1], exact[COUNT];
  hb_dot_rows(query->vector, f->decoded, COUNT, dim, exact);
  for (uint32_t first = 0; first < COUNT; first += 23)
    for (uint32_t count = 0; count <= COUNT - first; count++) {
      for (uint32_t i = 0; i <= COUNT; i++) scores[i] = 7;
      hb_rows_score(&f->rows, first, count, query, scores);
      /* f32 and f16 are in the order of dot.h; the query of i8 is rounded */
      if (f->rows.encoding != HB_ENCODING_I8) assert_same_bits(scores, exact + first, count);
      for (uint32_t i = 0; i < count; i++)
        assert_true(fabs(scores[i] - dot_double(query->vector, f->decoded + (first + i) * dim, dim)) < 2e-4);
      assert_true(scores[count] == 7);
    }
}

static void scores_are_dot_products_with_the_decoded_rows(void **state) {
  (void)state;
  for (size_t s = 0; s < ENCODINGS; s++)
    for (size_t d = 0; d < DIMS; d++) {
      fixture f = make_rows(encodings[s], dims[d]);
      float *vectors = random_unit_vectors(2, dims[d], 99);
      hb_query query = make_query(encodings[s], dims[d], vectors);
      check_scores(&f, &query);
      hb_query_set(&query, vectors + dims[d]);
      check_scores(&f, &query);
      hb_query_free(&query);
      free(vectors);
      free_rows(&f);
    }
}

/* ---- Several queries ---- */

#define QUERIES 9 /* twice as many as are computed at once, and one */
#define STRIDE (COUNT + 3)

static void check_many(const fixture *f, const hb_query *queries, uint32_t query_count, uint32_t count) {
  const hb_rows some = {f->rows.encoding, f->rows.dim, count, f->rows.codes, f->rows.scales};
  float scores[QUERIES * STRIDE], expected[QUERIES * STRIDE];
  for (size_t i = 0; i < QUERIES * STRIDE; i++) scores[i] = expected[i] = 7;
  for (uint32_t q = 0; q < query_count; q++) hb_rows_score(&some, 0, count, &queries[q], expected + q * STRIDE);
  hb_rows_score_many(&some, queries, query_count, scores, STRIDE);
  assert_same_bits(scores, expected, QUERIES * STRIDE);
}

static void many_queries_score_as_each_alone(void **state) {
  (void)state;
  for (size_t s = 0; s < ENCODINGS; s++)
    for (size_t d = 0; d < DIMS; d++) {
      fixture f = make_rows(encodings[s], dims[d]);
      float *vectors = random_unit_vectors(QUERIES, dims[d], 99);
      hb_query *queries;
      assert_ok(hb_queries_create(encodings[s], dims[d], QUERIES, &queries, &failure));
      for (uint32_t q = 0; q < QUERIES; q++) hb_query_set(&queries[q], vectors + q * dims[d]);
      for (uint32_t query_count = 0; query_count <= QUERIES; query_count++)
        for (uint32_t count = 0; count <= COUNT; count += count < 20 ? 1 : 25)
          check_many(&f, queries, query_count, count);
      hb_queries_free(queries, QUERIES);
      free(vectors);
      free_rows(&f);
    }
}

/* row_encoding.h's order of operations, spelled out. */
static void scores_of_i8_are_whole_numbers_times_two_scales(void **state) {
  (void)state;
  fixture f = make_rows(HB_ENCODING_I8, 256);
  hb_query query = make_query(HB_ENCODING_I8, 256, f.vectors);
  float scores[COUNT], largest = 0;
  hb_rows_score(&f.rows, 0, COUNT, &query, scores);
  for (int i = 0; i < 256; i++) largest = fmaxf(largest, fabsf(f.vectors[i]));
  for (int i = 0; i < 256; i++) assert_int_equal(query.codes[i], lrintf(f.vectors[i] / largest * 32767));
  assert_true(query.scale == largest / 32767);
  for (uint32_t r = 0; r < COUNT; r++) {
    int32_t dot = 0;
    for (int i = 0; i < 256; i++) dot += query.codes[i] * (int8_t)f.codes[r * 256 + i];
    const float expected = (float)dot * (query.scale * f.scales[r]);
    assert_same_bits(&scores[r], &expected, 1);
  }
  hb_query_free(&query);
  free_rows(&f);
}

static void a_row_scores_one_with_itself(void **state) {
  (void)state;
  for (size_t s = 0; s < ENCODINGS; s++) {
    fixture f = make_rows(encodings[s], 256);
    for (uint32_t i = 0; i < COUNT; i++) {
      hb_query query = make_query(encodings[s], 256, f.vectors + i * 256);
      float score;
      hb_rows_score(&f.rows, i, 1, &query, &score);
      assert_true(fabsf(score - 1) < 2e-4f);
      hb_query_free(&query);
    }
    free_rows(&f);
  }
}

/* All numbers as large as they get, -128 included, which no row of ours has: the sum stays within int32. */
static void no_sum_overflows_in_any_dimension(void **state) {
  (void)state;
  static const uint32_t large[] = {1, 512, 513, 1000, HB_DIM_MAX - 1, HB_DIM_MAX};
  int8_t *codes = must_allocate(HB_DIM_MAX);
  float *vector = must_allocate(HB_DIM_MAX * sizeof *vector), score;
  const float scale = 1;
  memset(codes, -128, HB_DIM_MAX);
  for (uint32_t i = 0; i < HB_DIM_MAX; i++) vector[i] = 1;
  for (size_t d = 0; d < sizeof large / sizeof *large; d++) {
    hb_query query = make_query(HB_ENCODING_I8, large[d], vector);
    hb_rows_score(&(hb_rows){HB_ENCODING_I8, large[d], 1, codes, &scale}, 0, 1, &query, &score);
    assert_true(fabsf(score / (-128 * (float)large[d]) - 1) < 1e-6f);
    hb_query_free(&query);
  }
  free(codes), free(vector);
}

static void queries_that_are_zero_or_not_finite_score_finitely_in_i8(void **state) {
  (void)state;
  fixture f = make_rows(HB_ENCODING_I8, 8);
  const float zeros[8] = {0}, odd[8] = {NAN, INFINITY, -INFINITY, 0.5f, 0, 0, 0, -0.5f};
  const float *const vectors[] = {zeros, odd};
  for (int v = 0; v < 2; v++) {
    hb_query query = make_query(HB_ENCODING_I8, 8, vectors[v]);
    float scores[COUNT];
    hb_rows_score(&f.rows, 0, COUNT, &query, scores);
    for (uint32_t i = 0; i < COUNT; i++) {
      const float *row = f.decoded + i * 8, expected = v == 0 ? 0 : 0.5f * row[3] - 0.5f * row[7];
      assert_true(fabsf(scores[i] - expected) < 1e-4f);
    }
    hb_query_free(&query);
  }
  free_rows(&f);
}

static void queries_need_dimensions(void **state) {
  (void)state;
  hb_query query = {.dim = 77};
  assert_fails(hb_query_create(HB_ENCODING_I8, 0, &query, &failure), HB_INVALID_ARGUMENT, "0 dimensions");
  assert_fails(hb_query_create(HB_ENCODING_F16, HB_DIM_MAX + 1, &query, &failure), HB_INVALID_ARGUMENT, "1 to 32768");
  assert_int_equal(query.dim, 77);
}

static void queries_without_memory_are_refused(void **state) {
  (void)state;
  hb_query query = {.dim = 77}, *queries = &query;
  for (size_t s = 1; s < ENCODINGS; s++) {
    allocations_fail_from(0);
    assert_fails(hb_query_create(encodings[s], 256, &query, &failure), HB_OUT_OF_MEMORY, "memory");
    allocations_work();
    assert_int_equal(query.dim, 77);
    for (size_t n = 0; n < 4; n++) {
      allocations_fail_from(n);
      assert_fails(hb_queries_create(encodings[s], 256, 3, &queries, &failure), HB_OUT_OF_MEMORY, "memory");
      allocations_work();
      assert_ptr_equal(queries, &query);
    }
  }
  hb_queries_free(NULL, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_read_back),
      cmocka_unit_test(a_row_takes_four_two_or_one_byte_a_number),
      cmocka_unit_test(decoding_and_encoding_again_changes_no_bit),
      cmocka_unit_test(the_scale_of_a_row_of_any_length_changes_no_bit),
      cmocka_unit_test(f32_and_f16_keep_numbers_as_they_are),
      cmocka_unit_test(i8_rounds_to_the_nearest_of_254_steps),
      cmocka_unit_test(i8_rows_of_any_length_keep_their_size),
      cmocka_unit_test(rows_of_unit_length_decode_to_unit_length),
      cmocka_unit_test(a_row_with_one_number_decodes_to_it),
      cmocka_unit_test(zeros_stay_zeros),
      cmocka_unit_test(numbers_that_are_not_finite_count_as_zero),
      cmocka_unit_test(tiny_and_huge_numbers_survive),
      cmocka_unit_test(scores_are_dot_products_with_the_decoded_rows),
      cmocka_unit_test(many_queries_score_as_each_alone),
      cmocka_unit_test(scores_of_i8_are_whole_numbers_times_two_scales),
      cmocka_unit_test(a_row_scores_one_with_itself),
      cmocka_unit_test(no_sum_overflows_in_any_dimension),
      cmocka_unit_test(queries_that_are_zero_or_not_finite_score_finitely_in_i8),
      cmocka_unit_test(queries_need_dimensions),
      cmocka_unit_test(queries_without_memory_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
