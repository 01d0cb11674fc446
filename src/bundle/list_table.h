/* list_table.h: reads the table that says where the lists of a large bundle are, instead of `lists` in index.json. */
#ifndef HB_BUNDLE_LIST_TABLE_H
#define HB_BUNDLE_LIST_TABLE_H

#include "bundle/index.h"

/* Adds the lists and their files to the index. If the table is not valid, sets *right to false and leaves the index as
 * it was. */
hb_status hb_list_table_read(hb_index *index, const uint8_t *bytes, size_t size, bool *right, hb_error *error);

#endif
