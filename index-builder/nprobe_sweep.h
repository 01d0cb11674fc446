/* nprobe_sweep.h: finds what searches with growing nprobe find for a query, without the query's own image. A search
 * gives a row the score that exact search gives it, bit for bit. So the scores of one exact search are enough, and each
 * list is looked at once, not for every nprobe. */
#ifndef NPROBE_SWEEP_H
#define NPROBE_SWEEP_H

#include <heybagh.h>

#include "base/topk.h"

typedef struct {
  const hb_index *index;
  const hb_catalog *catalog;
  hb_search *search; /* plans which lists are probed; it is never run */
  /* The current query: */
  uint32_t self, nprobe; /* its own image; lists probed so far */
  uint64_t scanned;      /* rows in these lists */
  hb_topk found;         /* not sorted; ids are positions (hb_catalog_number_at) */
} nprobe_sweep;

/* Creates a sweep for searches with this `k`, one at a time. `index` and `catalog` still belong to the caller. Free
 * with nprobe_sweep_free, also after a failure. */
hb_status nprobe_sweep_create(hb_index *index, const hb_catalog *catalog, uint32_t k, nprobe_sweep *out,
                              hb_error *error);
void nprobe_sweep_free(nprobe_sweep *sweep);

/* Begins the next query. */
hb_status nprobe_sweep_start(nprobe_sweep *sweep, const float *query, uint32_t self, hb_error *error);
/* Probes up to `nprobe` lists; from call to call it must not fall. `scores` are those of all images, by number. */
void nprobe_sweep_widen(nprobe_sweep *sweep, uint32_t nprobe, const float *scores);

#endif
