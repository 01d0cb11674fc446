/* bundle_files.h: checks the files of a bundle as they come, and keeps them while they are used. */
#ifndef HB_BUNDLE_BUNDLE_FILES_H
#define HB_BUNDLE_BUNDLE_FILES_H

#include "bundle/index.h"

/* Makes sure that the file of a list is there. Sets *missing to true if the caller has to provide the file. */
hb_status hb_index_load_list(hb_index *index, uint32_t list, bool *missing, hb_error *error);
/* Checks that all files are there which every search needs. */
hb_status hb_index_check_ready(const hb_index *index, hb_error *error);

#endif
