/* row_store.h: keeps what will be in the bundle, in byte order of paths: names in memory, codes in a temporary file. */
#ifndef HB_BUILDER_ROW_STORE_H
#define HB_BUILDER_ROW_STORE_H

#include "builder/temporary_rows.h"
#include "vector/row_encoding.h"

typedef struct {
  uint64_t content, path; /* `path` is a place in `paths` */
  uint32_t id, label;
  bool moved; /* the base has it under another path, so it gives up its id if an image there keeps it */
} hb_row_info;

typedef struct {
  hb_encoding encoding;
  uint32_t dim, count, capacity;
  hb_row_info *info; /* [count] */
  float *scales;     /* [count] */
  hb_temporary_rows *codes;
  void *code; /* scratch memory for the codes of a row */
  char *paths;
  size_t path_bytes, path_capacity;
  char **labels;         /* in the order in which they first came */
  uint32_t *label_order; /* [label_count]: their numbers in byte order of the labels */
  uint32_t label_count, label_capacity;
} hb_row_store;

#define HB_ID_NEW UINT32_MAX

/* Keeps the codes in a temporary file at `path`. */
hb_status hb_row_store_create(hb_row_store *rows, hb_encoding encoding, uint32_t dim, const char *path,
                              hb_error *error);
/* Begins to keep codes in a store of zeros but for its `encoding`, which may have rows with names already. */
hb_status hb_row_store_start(hb_row_store *rows, uint32_t dim, const char *path, hb_error *error);
void hb_row_store_free(hb_row_store *rows);
/* Adds a row without its codes. One of the next two functions must add those. */
hb_status hb_row_store_name(hb_row_store *rows, const char *path, const char *label, uint64_t content, uint32_t id,
                            hb_error *error);
hb_status hb_row_store_add_vector(hb_row_store *rows, uint32_t row, const float *unit, hb_error *error);
hb_status hb_row_store_add_codes(hb_row_store *rows, uint32_t row, const hb_rows *stored, hb_error *error);
/* Finds the number of a label, and adds the label if it is new. */
hb_status hb_row_store_label(hb_row_store *rows, const char *label, uint32_t *out, hb_error *error);
/* Numbers labels in byte order, drops those without rows, and gives rows the ids 0, 1, ... */
hb_status hb_row_store_renumber(hb_row_store *rows, hb_error *error);
/* Gives ids to the rows that have none, and to those whose id another row has. */
hb_status hb_row_store_give_ids(hb_row_store *rows, hb_error *error);
/* Reads a block of rows into `codes`, which has room for count * hb_row_bytes. */
hb_status hb_row_store_read(const hb_row_store *rows, uint32_t first, uint32_t count, void *codes, hb_rows *out,
                            hb_error *error);
/* Returns how many rows to read at a time. */
uint32_t hb_row_store_block(const hb_row_store *rows);

#endif
