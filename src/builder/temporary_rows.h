/* temporary_rows.h: keeps rows of one size in a temporary file, which is written from the front and read in pieces, so
 * that a build needs memory for a piece and not for all rows. */
#ifndef HB_BUILDER_TEMPORARY_ROWS_H
#define HB_BUILDER_TEMPORARY_ROWS_H

#include "base/error.h"

typedef struct hb_temporary_rows hb_temporary_rows;

/* Makes a file at `path`, which loses its name at once: whatever happens, it is not left behind. */
hb_status hb_temporary_rows_create(const char *path, size_t row_bytes, hb_temporary_rows **out, hb_error *error);
hb_status hb_temporary_rows_add(hb_temporary_rows *temporary, const void *row, hb_error *error);
/* Copies rows first .. first + count - 1, which must have been added, to `rows`. */
hb_status hb_temporary_rows_read(hb_temporary_rows *temporary, uint32_t first, uint32_t count, void *rows,
                                 hb_error *error);
void hb_temporary_rows_free(hb_temporary_rows *temporary);

#endif
