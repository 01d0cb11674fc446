#include "nprobe_sweep.h"

#include <stdlib.h>

hb_status nprobe_sweep_create(const hb_index *index, const hb_catalog *catalog, uint32_t k, nprobe_sweep *out,
                              hb_error *error) {
  *out = (nprobe_sweep){.index = index, .catalog = catalog};
  out->list_scores = malloc(index->nlist * sizeof *out->list_scores);
  out->order = malloc(index->nlist * sizeof *out->order);
  out->found = (hb_topk){malloc(k * sizeof *out->found.hits), k, 0};
  if (out->list_scores == NULL || out->order == NULL || out->found.hits == NULL) return hb_fail_memory(error);
  return hb_query_create(index->encoding, index->dim, &out->query, error);
}

void nprobe_sweep_free(nprobe_sweep *p) {
  hb_query_free(&p->query);
  free(p->list_scores);
  free(p->order);
  free(p->found.hits);
}

void nprobe_sweep_start(nprobe_sweep *p, const float *query, uint32_t self) {
  hb_query_set(&p->query, query);
  hb_ivf_order(&p->index->centroids, &p->query, p->index->nlist, p->list_scores, p->order);
  p->self = self;
  p->nprobe = p->found.count = 0;
  p->scanned = 0;
}

void nprobe_sweep_widen(nprobe_sweep *p, uint32_t nprobe, const float *scores) {
  for (; p->nprobe < nprobe; p->nprobe++) {
    const hb_bundle_list *list = &p->index->lists[p->order[p->nprobe].id];
    for (uint32_t position = list->ivf.first; position < list->ivf.first + list->count; position++) {
      const uint32_t number = hb_catalog_number_at(p->catalog, position);
      if (number != p->self) hb_topk_offer(&p->found, (hb_hit){scores[number], position});
    }
    p->scanned += list->count;
  }
}
