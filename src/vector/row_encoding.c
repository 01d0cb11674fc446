#include "vector/row_encoding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "vector/dot.h"

#define I8_MOST 127
#define F16_INFINITE 0x7c00 /* the largest finite half is one less */
#define DOTS 64             /* dot products of i8 that are computed at a time */

static const char *const names[] = {[HB_ENCODING_F32] = "f32", [HB_ENCODING_F16] = "f16", [HB_ENCODING_I8] = "i8"};
static const size_t sizes[] = {[HB_ENCODING_F32] = 4, [HB_ENCODING_F16] = 2, [HB_ENCODING_I8] = 1};

const char *hb_encoding_name(hb_encoding encoding) { return names[encoding]; }

bool hb_encoding_parse(const char *name, hb_encoding *out) {
  for (size_t encoding = 0; encoding < sizeof names / sizeof *names; encoding++) {
    if (strcmp(name, names[encoding]) != 0) continue;
    *out = (hb_encoding)encoding;
    return true;
  }
  return false;
}

size_t hb_row_bytes(hb_encoding encoding, uint32_t dim) { return dim * sizes[encoding]; }

/* ---- Whole numbers ---- */

static float finite_or_zero(float x) { return isfinite(x) ? x : 0; }

static float largest_magnitude(const float *vector, uint32_t dim) {
  float largest = 0;
  for (uint32_t i = 0; i < dim; i++) largest = fmaxf(largest, fabsf(finite_or_zero(vector[i])));
  return largest;
}

/* Returns the code of x, where `largest`, which is not 0, gets the code `most`. Ties go to the even code. */
static long code_of(float x, float largest, float most) { return lrintf(finite_or_zero(x) / largest * most); }

/* Returns the scale that gives the decoded row unit length. The sum of squares is exact, so that the scale depends only
 * on the codes. */
static float unit_scale(const int8_t *codes, uint32_t dim) {
  int64_t square = 0;
  for (uint32_t i = 0; i < dim; i++) square += codes[i] * codes[i];
  return square > 0 ? (float)(1 / sqrt((double)square)) : 0;
}

/* If a scale of s / 127 is multiplied by 127, rounded, divided by 127 and rounded again, it does not change, so that a
 * decoded row is encoded with its old scale. This was tried with all floats except the largest, which overflow. */
static void encode_i8(uint32_t dim, const float *row, bool unit, int8_t *codes, float *scale) {
  const float largest = largest_magnitude(row, dim), plain = largest / I8_MOST;
  const bool zero = unit ? largest == 0 : plain == 0;
  for (uint32_t i = 0; i < dim; i++) codes[i] = zero ? 0 : (int8_t)code_of(row[i], largest, I8_MOST);
  *scale = unit ? unit_scale(codes, dim) : plain;
}

/* ---- Rows ---- */

/* A half that would be infinite becomes the largest finite one, so that it can be decoded and encoded again. */
static void encode_f16(uint32_t dim, const float *row, uint16_t *codes) {
  hb_half_from_float(row, codes, dim);
  for (uint32_t i = 0; i < dim; i++)
    if ((codes[i] & F16_INFINITE) == F16_INFINITE)
      codes[i] = isfinite(row[i]) ? (uint16_t)(codes[i] & 0x8000) | (F16_INFINITE - 1) : 0;
}

void hb_row_encode(hb_encoding encoding, uint32_t dim, const float *row, bool unit, void *codes, float *scale) {
  float *floats = codes;
  *scale = 1;
  switch (encoding) {
    case HB_ENCODING_F32:
      for (uint32_t i = 0; i < dim; i++) floats[i] = finite_or_zero(row[i]);
      break;
    case HB_ENCODING_F16: encode_f16(dim, row, codes); break;
    case HB_ENCODING_I8: encode_i8(dim, row, unit, codes, scale); break;
  }
}

static const void *codes_at(const hb_rows *rows, uint32_t row) {
  return (const char *)rows->codes + row * hb_row_bytes(rows->encoding, rows->dim);
}

static void decode_i8(uint32_t dim, const int8_t *codes, float scale, float *out) {
  for (uint32_t i = 0; i < dim; i++) out[i] = (float)codes[i] * scale;
}

void hb_row_decode(const hb_rows *rows, uint32_t row, float *out) {
  const void *codes = codes_at(rows, row);
  switch (rows->encoding) {
    case HB_ENCODING_F32: memcpy(out, codes, hb_row_bytes(HB_ENCODING_F32, rows->dim)); break;
    case HB_ENCODING_F16: hb_half_to_float(codes, out, rows->dim); break;
    case HB_ENCODING_I8: decode_i8(rows->dim, codes, rows->scales[row], out); break;
  }
}

/* ---- Queries ---- */

hb_status hb_query_create(hb_encoding encoding, uint32_t dim, hb_query *out, hb_error *error) {
  if (dim == 0 || dim > HB_DIM_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "a query has %u dimensions, and must have 1 to %d", dim, HB_DIM_MAX);
  hb_query query = {.encoding = encoding, .dim = dim};
  if (encoding == HB_ENCODING_I8) query.codes = malloc(dim * sizeof *query.codes);
  if (encoding == HB_ENCODING_F16) query.expanded = malloc(HB_QUERY_BLOCK * dim * sizeof *query.expanded);
  if ((encoding == HB_ENCODING_I8 && query.codes == NULL) || (encoding == HB_ENCODING_F16 && query.expanded == NULL))
    return hb_query_free(&query), hb_fail_memory(error);
  *out = query;
  return HB_OK;
}

void hb_query_free(hb_query *query) {
  free(query->codes);
  free(query->expanded);
  *query = (hb_query){0};
}

/* Returns the largest code of a query. It fits into int16, and is so small that the sum of `dim` products with int8
 * fits into int32, also if a foreign file has codes of -128. */
static int32_t most_of_query(uint32_t dim) {
  const int32_t most = INT32_MAX / (128 * (int32_t)dim);
  return most < INT16_MAX ? most : INT16_MAX;
}

void hb_query_set(hb_query *query, const float *vector) {
  query->vector = vector;
  if (query->encoding != HB_ENCODING_I8) return;
  const float largest = largest_magnitude(vector, query->dim), most = (float)most_of_query(query->dim);
  for (uint32_t i = 0; i < query->dim; i++)
    query->codes[i] = largest > 0 ? (int16_t)code_of(vector[i], largest, most) : 0;
  query->scale = largest / most;
}

static void score_f16(const hb_rows *rows, uint32_t first, uint32_t count, const hb_query *query, float *scores) {
  for (uint32_t done = 0, n; done < count; done += n) {
    n = count - done < HB_QUERY_BLOCK ? count - done : HB_QUERY_BLOCK;
    hb_half_to_float(codes_at(rows, first + done), query->expanded, (size_t)n * rows->dim);
    hb_dot_rows(query->vector, query->expanded, n, rows->dim, scores + done);
  }
}

static void scale_dots(const hb_query *query, const int32_t *dots, const float *scales, uint32_t count, float *scores) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): rows in 8 bits have scales */
  for (uint32_t i = 0; i < count; i++) scores[i] = (float)dots[i] * (query->scale * scales[i]);
}

static void score_i8(const hb_rows *rows, uint32_t first, uint32_t count, const hb_query *query, float *scores) {
  int32_t dots[DOTS];
  for (uint32_t done = 0, n; done < count; done += n) {
    n = count - done < DOTS ? count - done : DOTS;
    hb_dot_rows_i8(query->codes, codes_at(rows, first + done), n, rows->dim, dots);
    scale_dots(query, dots, rows->scales + first + done, n, scores + done);
  }
}

void hb_rows_score(const hb_rows *rows, uint32_t first, uint32_t count, const hb_query *query, float *scores) {
  switch (rows->encoding) {
    case HB_ENCODING_F32: hb_dot_rows(query->vector, codes_at(rows, first), count, rows->dim, scores); break;
    case HB_ENCODING_F16: score_f16(rows, first, count, query, scores); break;
    case HB_ENCODING_I8: score_i8(rows, first, count, query, scores); break;
  }
}

/* ---- Several queries ---- */

hb_status hb_queries_create(hb_encoding encoding, uint32_t dim, uint32_t count, hb_query **out, hb_error *error) {
  hb_query *queries = calloc(count, sizeof *queries);
  hb_status status = queries != NULL ? HB_OK : hb_fail_memory(error);
  for (uint32_t q = 0; q < count && status == HB_OK; q++) status = hb_query_create(encoding, dim, &queries[q], error);
  if (status != HB_OK) return hb_queries_free(queries, count), status;
  *out = queries;
  return HB_OK;
}

void hb_queries_free(hb_query *queries, uint32_t count) {
  for (uint32_t q = 0; queries != NULL && q < count; q++) hb_query_free(&queries[q]);
  free(queries);
}

static void score_f32_by_4(const hb_rows *rows, const hb_query *queries, float *scores, size_t stride) {
  const float *vectors[HB_DOT_QUERIES];
  for (int q = 0; q < HB_DOT_QUERIES; q++) vectors[q] = queries[q].vector;
  hb_dot_rows_by_4(vectors, rows->codes, rows->count, rows->dim, scores, stride);
}

static void score_i8_by_4(const hb_rows *rows, const hb_query *queries, float *scores, size_t stride) {
  const int16_t *codes[HB_DOT_QUERIES];
  int32_t dots[HB_DOT_QUERIES][HB_QUERY_BLOCK];
  for (int q = 0; q < HB_DOT_QUERIES; q++) codes[q] = queries[q].codes;
  hb_dot_rows_i8_by_4(codes, rows->codes, rows->count, rows->dim, dots[0], HB_QUERY_BLOCK);
  for (int q = 0; q < HB_DOT_QUERIES; q++)
    scale_dots(&queries[q], dots[q], rows->scales, rows->count, scores + q * stride);
}

/* Returns a view of at most HB_QUERY_BLOCK rows. Those in f16 are expanded to f32 in the first query's scratch. */
static hb_rows take_block(const hb_rows *rows, uint32_t first, const hb_query *queries) {
  const uint32_t left = rows->count - first, count = left < HB_QUERY_BLOCK ? left : HB_QUERY_BLOCK;
  const void *codes = codes_at(rows, first);
  if (rows->encoding != HB_ENCODING_F16)
    return (hb_rows){rows->encoding, rows->dim, count, codes, rows->scales != NULL ? rows->scales + first : NULL};
  hb_half_to_float(codes, queries->expanded, (size_t)count * rows->dim);
  return (hb_rows){HB_ENCODING_F32, rows->dim, count, queries->expanded, NULL};
}

void hb_rows_score_many(const hb_rows *rows, const hb_query *queries, uint32_t query_count, float *scores,
                        size_t stride) {
  for (uint32_t first = 0; first < rows->count && query_count > 0; first += HB_QUERY_BLOCK, scores += HB_QUERY_BLOCK) {
    const hb_rows block = take_block(rows, first, queries);
    uint32_t q = 0;
    for (; q + HB_DOT_QUERIES <= query_count; q += HB_DOT_QUERIES)
      (block.encoding == HB_ENCODING_I8 ? score_i8_by_4 : score_f32_by_4)(&block, queries + q, scores + q * stride,
                                                                          stride);
    for (; q < query_count; q++) hb_rows_score(&block, 0, block.count, &queries[q], scores + q * stride);
  }
}
