/* list_table.h: where the lists of a large bundle are, in a file that takes the place of `lists` in index.json. */
#ifndef HB_BUNDLE_LIST_TABLE_H
#define HB_BUNDLE_LIST_TABLE_H

#include "bundle/index.h"

/* Takes lists and their files from the table. *right is false, and the index as before, if it contradicts itself. */
hb_status hb_list_table_read(hb_index *index, const uint8_t *bytes, size_t size, bool *right, hb_error *error);

#endif
