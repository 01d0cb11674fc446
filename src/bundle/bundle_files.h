/* bundle_files.h: a bundle's files: checked as they come, kept while they are used. */
#ifndef HB_BUNDLE_BUNDLE_FILES_H
#define HB_BUNDLE_BUNDLE_FILES_H

#include "bundle/index.h"

/* For a search: HB_OK if the file of this list is there, or is now. A file that must be provided sets *missing. */
hb_status hb_index_load_list(hb_index *index, uint32_t list, bool *missing, hb_error *error);
/* HB_OK once centroids and head are there. */
hb_status hb_index_check_ready(const hb_index *index, hb_error *error);

#endif
