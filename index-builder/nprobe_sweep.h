/* nprobe_sweep.h: what searches of one query find with nprobe after nprobe, its own image left out. Search scores a row
 * of a probed list as exact search does, bit by bit, so that exact search's scores will do for all: each list is looked
 * at once, not for every nprobe. */
#ifndef NPROBE_SWEEP_H
#define NPROBE_SWEEP_H

#include <heybagh.h>

#include "base/topk.h"

typedef struct {
  const hb_index *index;
  const hb_catalog *catalog;
  hb_search *search; /* which lists are probed; it is never run */
  /* of the query: */
  uint32_t self, nprobe; /* its image; lists that were probed */
  uint64_t scanned;      /* rows in them */
  hb_topk found;         /* not sorted; ids are positions (hb_catalog_number_at) */
} nprobe_sweep;

/* For searches of `k`, one at a time. `index` and `catalog` stay the caller's. Free with nprobe_sweep_free, also after
 * a failure. */
hb_status nprobe_sweep_create(hb_index *index, const hb_catalog *catalog, uint32_t k, nprobe_sweep *out,
                              hb_error *error);
void nprobe_sweep_free(nprobe_sweep *sweep);

/* Takes the next query. */
hb_status nprobe_sweep_start(nprobe_sweep *sweep, const float *query, uint32_t self, hb_error *error);
/* Probes up to `nprobe` lists, which must not fall; `scores` are the query's with all images, by number. */
void nprobe_sweep_widen(nprobe_sweep *sweep, uint32_t nprobe, const float *scores);

#endif
