#include "evaluation.h"

#include <stdlib.h>

uint32_t evaluation_query(const evaluation *e, uint32_t i) {
  return (uint32_t)((uint64_t)i * hb_catalog_count(e->catalog) / e->queries);
}

uint32_t evaluation_nearest(const float *scores, uint32_t count, uint32_t self, uint32_t k, hb_hit *out) {
  hb_topk top = {out, k, 0};
  for (uint32_t i = 0; i < count; i++)
    if (i != self) hb_topk_offer(&top, (hb_hit){scores[i], i});
  hb_topk_sort(&top);
  return top.count;
}

void evaluation_free(evaluation *e) {
  free(e->figures);
  free(e->classes);
  free(e->class_of);
}

probe_means evaluation_probe(const evaluation *e, uint32_t probe) {
  const probe_figures *sums = &e->probes[probe];
  uint32_t count = hb_catalog_count(e->catalog), neighbours = count - 1 < e->k ? count - 1 : e->k;
  double queries = e->queries, true_ones = queries * neighbours;
  return (probe_means){
      .recall = neighbours > 0 ? (double)sums->recalled / true_ones : 1,
      .against = neighbours > 0 ? (double)sums->against / true_ones : 1,
      .scanned = (double)sums->scanned / queries / count,
      .bytes = (double)sums->bytes / queries,
      .files = (double)sums->files / queries,
  };
}

bool evaluation_flatters(const evaluation *e) {
  const hb_head_kind kind = hb_index_head(e->index);
  return kind == HB_HEAD_LDA || kind == HB_HEAD_DISCRIMINANT;
}

uint32_t evaluation_default_probe(const evaluation *e) {
  uint32_t p = 0;
  while (e->probes[p].nprobe != hb_index_nprobe(e->index)) p++;
  return p;
}
