/* row_store.h: what will be in the bundle, in byte order of paths: names in memory, codes in a temporary file. */
#ifndef HB_BUILDER_ROW_STORE_H
#define HB_BUILDER_ROW_STORE_H

#include "builder/temporary_rows.h"
#include "vector/row_encoding.h"

typedef struct {
  uint64_t content, path; /* path: its place in `paths` */
  uint32_t id, label;
  bool moved; /* kept from the base under another path: gives its id up to the one that stayed */
} hb_row_info;

typedef struct {
  hb_encoding encoding;
  uint32_t dim, count, capacity;
  hb_row_info *info; /* [count] */
  float *scales;     /* [count] */
  hb_temporary_rows *codes;
  void *code; /* scratch: one row's codes */
  char *paths;
  size_t path_bytes, path_capacity;
  char **labels;         /* as they came first */
  uint32_t *label_order; /* [label_count] the same in byte order */
  uint32_t label_count, label_capacity;
} hb_row_store;

#define HB_ID_NEW UINT32_MAX

/* `path` is where the codes are kept for the time being. */
hb_status hb_row_store_create(hb_row_store *rows, hb_encoding encoding, uint32_t dim, const char *path,
                              hb_error *error);
void hb_row_store_free(hb_row_store *rows);
/* All but the codes; those follow with one of the next two. */
hb_status hb_row_store_name(hb_row_store *rows, const char *path, const char *label, uint64_t content, uint32_t id,
                            hb_error *error);
hb_status hb_row_store_add_vector(hb_row_store *rows, uint32_t row, const float *unit, hb_error *error);
hb_status hb_row_store_add_codes(hb_row_store *rows, uint32_t row, const hb_rows *stored, hb_error *error);
/* The number of a label, which is added if it is new. */
hb_status hb_row_store_label(hb_row_store *rows, const char *label, uint32_t *out, hb_error *error);
/* Numbers labels in byte order, and rows from 0. */
hb_status hb_row_store_renumber(hb_row_store *rows, hb_error *error);
/* Gives ids to the rows that have none, and to those whose id another row has. */
hb_status hb_row_store_give_ids(hb_row_store *rows, hb_error *error);
/* Reads a block of rows; `codes` has room for count * hb_row_bytes. */
hb_status hb_row_store_read(const hb_row_store *rows, uint32_t first, uint32_t count, void *codes, hb_rows *out,
                            hb_error *error);
/* Rows that are read at a time. */
uint32_t hb_row_store_block(const hb_row_store *rows);

#endif
