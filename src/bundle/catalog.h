/* catalog.h: gives the builder the stored rows of a catalog. Not in the browser. */
#ifndef HB_BUNDLE_CATALOG_H
#define HB_BUNDLE_CATALOG_H

#include <heybagh.h>

#include "vector/row_encoding.h"

/* Returns the stored row of an image, as a view of one row. */
hb_rows hb_catalog_row(const hb_catalog *catalog, uint32_t number);

#endif
