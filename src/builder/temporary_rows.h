/* temporary_rows.h: a temporary file of rows of one size, written once from the front and read in pieces, so that
 * building needs memory for a piece and not for all. */
#ifndef HB_BUILDER_TEMPORARY_ROWS_H
#define HB_BUILDER_TEMPORARY_ROWS_H

#include "base/error.h"

typedef struct hb_temporary_rows hb_temporary_rows;

/* A fresh file at `path`, which loses its name at once: whatever happens, it is not left behind. */
hb_status hb_temporary_rows_create(const char *path, size_t row_bytes, hb_temporary_rows **out, hb_error *error);
hb_status hb_temporary_rows_add(hb_temporary_rows *temporary, const void *row, hb_error *error);
/* Copies rows first .. first + count - 1, which have been added. */
hb_status hb_temporary_rows_read(hb_temporary_rows *temporary, uint32_t first, uint32_t count, void *rows,
                                 hb_error *error);
void hb_temporary_rows_free(hb_temporary_rows *temporary);

#endif
