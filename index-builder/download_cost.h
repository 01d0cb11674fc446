/* download_cost.h: counts what a browser downloads of a bundle for a search. It asks an index that has no lists which
 * ones it plans to probe. */
#ifndef DOWNLOAD_COST_H
#define DOWNLOAD_COST_H

#include <heybagh.h>

typedef struct {
  hb_index *index;
  hb_search *search;
  uint64_t needed_bytes; /* index.json, centroids and head */
  uint64_t head_bytes;   /* the head's share of them */
  /* The current query, from its nearest list on: */
  uint32_t places;       /* lists counted so far */
  bool *counted;         /* [files]: the file was counted */
  uint64_t bytes, files; /* size and number of the files with these lists */
} download_cost;

/* Opens the bundle for one thread. Free with download_cost_close, also after a failure. */
hb_status download_cost_open(const char *directory, download_cost *out, hb_error *error);
void download_cost_close(download_cost *f);

/* Begins the next query, for which nothing is counted yet. */
hb_status download_cost_start(download_cost *f, const float *query, hb_error *error);
/* Counts what a first search with this nprobe downloads. From call to call, nprobe must not fall. */
void download_cost_widen(download_cost *f, uint32_t nprobe);

#endif
