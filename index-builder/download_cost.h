/* download_cost.h: what a browser fetches of a bundle for a search: an index without lists is asked which it plans to
 * probe.
 */
#ifndef DOWNLOAD_COST_H
#define DOWNLOAD_COST_H

#include <heybagh.h>

typedef struct {
  hb_index *index;
  hb_search *search;
  uint64_t needed_bytes; /* index.json, centroids and head */
  uint64_t head_bytes;   /* of these the head */
  /* of the query, from its nearest list on: */
  uint32_t places;       /* lists that were counted */
  bool *counted;         /* [files] */
  uint64_t bytes, files; /* of the files with these lists */
} fetches;

/* For one thread. Free with fetches_close, also after a failure. */
hb_status fetches_open(const char *directory, fetches *out, hb_error *error);
void fetches_close(fetches *f);

/* Takes the next query, for which nothing is there yet. */
hb_status fetches_start(fetches *f, const float *query, hb_error *error);
/* Counts what a search with this nprobe fetches, if it is the first; nprobe must not fall. */
void fetches_widen(fetches *f, uint32_t nprobe);

#endif
