/* row_encoding.h: how a bundle encodes the rows of its vectors, its centroids and its head: in f32, f16 or i8. It works
 * on arrays in memory.
 *
 * A row is `dim` numbers. f32 and f16 (IEEE-754 binary16, rounded to the nearest, ties to even) keep them as they are.
 * i8 keeps round(x / s * 127), where s is the row's largest magnitude, and one f32 `scale` for the row. If the row has
 * unit length, the scale gives the decoded row unit length, too, so that scores stay cosines; else it is s / 127. A
 * decoded row that is encoded again gives its first codes and scale, bit for bit, so that rows lose nothing however
 * often they are copied.
 *
 * All machines compute identical scores. Rows in f32 are multiplied as dot.h says, those in f16 likewise after they are
 * expanded, which is exact. i8 is computed in whole numbers: the query is rounded to int16 codes, and products are
 * added up in int32, which cannot overflow. */
#ifndef HB_VECTOR_ROW_ENCODING_H
#define HB_VECTOR_ROW_ENCODING_H

#include "base/error.h"

/* A view of rows in memory. It owns nothing. */
typedef struct {
  hb_encoding encoding;
  uint32_t dim, count;
  const void *codes;   /* [count][dim] float, uint16_t or int8_t; aligned to 4 bytes */
  const float *scales; /* [count] for i8, else NULL */
} hb_rows;

/* Returns the bytes of one row's codes: dim * 4, 2 or 1. */
size_t hb_row_bytes(hb_encoding encoding, uint32_t dim);

/* Encodes a row. `codes` has hb_row_bytes; *scale is 1 except in i8. `unit` says that the row has unit length and must
 * decode to unit length; if it is all zeros, its scale is 0. A number that is not finite counts as 0, and in f16 one
 * that is larger than 65504 as 65504. */
void hb_row_encode(hb_encoding encoding, uint32_t dim, const float *row, bool unit, void *codes, float *scale);
/* Decodes a row and writes its `dim` floats. */
void hb_row_decode(const hb_rows *rows, uint32_t row, float *out);

/* A query, prepared for one row encoding. */
typedef struct {
  hb_encoding encoding;
  uint32_t dim;
  const float *vector; /* [dim], the caller's */
  int16_t *codes;      /* [dim] for i8, else NULL */
  float scale;         /* what a code of 1 is worth */
  float *expanded;     /* [HB_QUERY_BLOCK][dim] scratch for f16, else NULL */
} hb_query;

/* Rows that are expanded, or multiplied with several queries, at a time. They are few enough to stay in the
 * second-level cache meanwhile. */
#define HB_QUERY_BLOCK 16

/* Allocates the memory of a query for this row encoding. hb_query_set may fill it any number of times. */
hb_status hb_query_create(hb_encoding encoding, uint32_t dim, hb_query *out, hb_error *error);
void hb_query_free(hb_query *query);
/* Sets the query to `vector`, which must stay unchanged while the query is used. */
void hb_query_set(hb_query *query, const float *vector);

/* Computes scores[i], the dot product of the query with row first + i, for `count` rows. Only one thread at a time may
 * use a query, because it has scratch. */
void hb_rows_score(const hb_rows *rows, uint32_t first, uint32_t count, const hb_query *query, float *scores);

/* ---- Several queries, which share the reading of the rows. Only the builder uses them ---- */

/* Creates an array of `count` queries like hb_query_create. Set each with hb_query_set. */
hb_status hb_queries_create(hb_encoding encoding, uint32_t dim, uint32_t count, hb_query **out, hb_error *error);
void hb_queries_free(hb_query *queries, uint32_t count);

/* Computes scores[q * stride + i], the dot product of query q with row i, for all rows, with hb_rows_score's bits.
 * `stride` is at least rows->count. It is fastest with a multiple of HB_DOT_QUERIES queries. */
void hb_rows_score_many(const hb_rows *rows, const hb_query *queries, uint32_t query_count, float *scores,
                        size_t stride);

#endif
