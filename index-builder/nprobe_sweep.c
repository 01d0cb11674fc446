#include "nprobe_sweep.h"

#include <stdlib.h>

#include "base/error.h"

hb_status nprobe_sweep_create(hb_index *index, const hb_catalog *catalog, uint32_t k, nprobe_sweep *out,
                              hb_error *error) {
  *out = (nprobe_sweep){.index = index, .catalog = catalog, .found = {malloc(k * sizeof *out->found.hits), k, 0}};
  return out->found.hits != NULL ? hb_search_create(index, &out->search, error) : hb_fail_memory(error);
}

void nprobe_sweep_free(nprobe_sweep *s) {
  hb_search_free(s->search);
  free(s->found.hits);
}

hb_status nprobe_sweep_start(nprobe_sweep *s, const float *query, uint32_t self, hb_error *error) {
  s->self = self;
  s->nprobe = s->found.count = 0;
  s->scanned = 0;
  return hb_search_start(s->search, query, &(hb_search_options){.k = 1, .exact = true}, error);
}

void nprobe_sweep_widen(nprobe_sweep *s, uint32_t nprobe, const float *scores) {
  for (; s->nprobe < nprobe; s->nprobe++) {
    uint32_t first;
    const uint32_t count = hb_index_list_range(s->index, hb_search_list(s->search, s->nprobe), &first);
    for (uint32_t position = first; position < first + count; position++) {
      const uint32_t number = hb_catalog_number_at(s->catalog, position);
      if (number != s->self) hb_topk_offer(&s->found, (hb_hit){scores[number], position});
    }
    s->scanned += count;
  }
}
