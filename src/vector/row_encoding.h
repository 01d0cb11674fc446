/* row_encoding.h: how a bundle keeps its vectors (and centroids, and the head's rows): f32, f16 or i8. Arrays in memory
 * only.
 *
 * A row is `dim` numbers. f32 and f16 (IEEE-754 binary16, round to nearest even) keep them as they are. i8 keeps
 * round(x / s * 127) with s the largest magnitude of the row, and beside it one f32 `scale`: of a row of unit length
 * the scale makes the decoded row have unit length again, so that scores stay cosines; else it is s / 127.
 * Decoding and encoding again gives the same bits, so rows may be copied, decoded and retrained without wear.
 *
 * Scores are computed alike on every machine, bit by bit: f32 as dot.h says, f16 likewise after exact expansion,
 * i8 in whole numbers: the query is rounded to int16 codes, products are summed in int32, which cannot overflow. */
#ifndef HB_VECTOR_ROW_ENCODING_H
#define HB_VECTOR_ROW_ENCODING_H

#include "base/error.h"

/* Rows in memory, a view: owns nothing. */
typedef struct {
  hb_encoding encoding;
  uint32_t dim, count;
  const void *codes;   /* [count][dim] float, uint16_t or int8_t; aligned to 4 bytes */
  const float *scales; /* [count] for i8, else NULL */
} hb_rows;

/* Bytes of one row's codes: dim * 4, 2 or 1. */
size_t hb_row_bytes(hb_encoding encoding, uint32_t dim);

/* Encodes a row; `codes` has hb_row_bytes, *scale is set to 1 but for i8. `unit`: the row has unit length, or is all
 * zeros (scale 0 then), and must decode to unit length. A number that is not finite counts as 0; in f16,
 * larger ones than 65504 count as 65504. */
void hb_row_encode(hb_encoding encoding, uint32_t dim, const float *row, bool unit, void *codes, float *scale);
/* Writes the row's `dim` floats. */
void hb_row_decode(const hb_rows *rows, uint32_t row, float *out);

/* A query, made ready for one encoding. */
typedef struct {
  hb_encoding encoding;
  uint32_t dim;
  const float *vector; /* [dim], the caller's */
  int16_t *codes;      /* [dim] for i8, else NULL */
  float scale;         /* a code's worth */
  float *expanded;     /* [HB_QUERY_BLOCK][dim] scratch for f16, else NULL */
} hb_query;

/* Rows that are expanded, or meet several queries, at a time: few enough to stay in the second-level cache until then.
 */
#define HB_QUERY_BLOCK 16

/* Allocates the memory of queries of this kind; to be filled by hb_query_set as often as wanted. */
hb_status hb_query_create(hb_encoding encoding, uint32_t dim, hb_query *out, hb_error *error);
void hb_query_free(hb_query *query);
/* Takes `vector`, which must stay as it is while the query is used. */
void hb_query_set(hb_query *query, const float *vector);

/* scores[i] = the dot product of the query with row i, for `count` rows from `first` on. The query's scratch makes it
 * usable by one thread at a time. */
void hb_rows_score(const hb_rows *rows, uint32_t first, uint32_t count, const hb_query *query, float *scores);

/* ---- Several queries, which share the reading of the rows: for the builder and its measurements ---- */

/* `count` queries as of hb_query_create, in fresh memory; set each with hb_query_set. */
hb_status hb_queries_create(hb_encoding encoding, uint32_t dim, uint32_t count, hb_query **out, hb_error *error);
void hb_queries_free(hb_query *queries, uint32_t count);

/* scores[q * stride + i] = the dot product of query q with row i, for all rows, with hb_rows_score's bits; stride >=
 * rows->count. Queries are best a multiple of four (HB_DOT_QUERIES). */
void hb_rows_score_many(const hb_rows *rows, const hb_query *queries, uint32_t query_count, float *scores,
                        size_t stride);

#endif
