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
} download_cost;

/* For one thread. Free with download_cost_close, also after a failure. */
hb_status download_cost_open(const char *directory, download_cost *out, hb_error *error);
void download_cost_close(download_cost *f);

/* Takes the next query, for which nothing is there yet. */
hb_status download_cost_start(download_cost *f, const float *query, hb_error *error);
/* Counts what a search with this nprobe fetches, if it is the first; nprobe must not fall. */
void download_cost_widen(download_cost *f, uint32_t nprobe);

#endif
