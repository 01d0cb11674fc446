/* nprobe_sweep.h: what searches of one query find with nprobe after nprobe, its own image left out. Search scores a row
 * of a probed list as exact search does, bit by bit, so that exact search's scores will do for all: each list is looked
 * at once, not for every nprobe. */
#ifndef NPROBE_SWEEP_H
#define NPROBE_SWEEP_H

#include "bundle/bundle.h"

typedef struct {
  const hb_index *index;
  const hb_catalog *catalog;
  hb_query query;
  float *list_scores; /* [nlist] */
  hb_hit *order;      /* [nlist] */
  /* of the query: */
  uint32_t self, nprobe; /* its image; lists that were probed */
  uint64_t scanned;      /* rows in them */
  hb_topk found;         /* not sorted; ids are positions (hb_catalog_number) */
} probing;

/* For searches of `k`, one at a time. `index` and `catalog` stay the caller's. Free with probing_free, also after a
 * failure. */
hb_status probing_create(const hb_index *index, const hb_catalog *catalog, uint32_t k, probing *out, hb_error *error);
void probing_free(probing *p);

/* Takes the next query. */
void probing_start(probing *p, const float *query, uint32_t self);
/* Probes up to `nprobe` lists, which must not fall; `scores` are the query's with all images, by number. */
void probing_widen(probing *p, uint32_t nprobe, const float *scores);

#endif
