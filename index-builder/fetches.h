/* fetches.h: what a browser fetches of a bundle for a search: an index without lists is asked what it misses. */
#ifndef FETCHES_H
#define FETCHES_H

#include "heybagh.h"

typedef struct {
  hb_index *index;
  hb_search *search;
  uint32_t *missing;     /* [files] */
  uint64_t needed_bytes; /* index.json, centroids and head */
  uint64_t head_bytes;   /* of these the head */
} fetches;

/* For one thread. Free with fetches_close, also after a failure. */
hb_status fetches_open(const char *directory, fetches *out, hb_error *error);
void fetches_close(fetches *f);

/* Adds the files of lists, and their bytes, that this search fetches if it is the first. */
hb_status fetches_count(fetches *f, const float *query, const hb_search_options *options, uint64_t *bytes,
                        uint64_t *files, hb_error *error);

#endif
