#include "bundle/distinct.h"

#include <stdlib.h>

/* Hits that are collected between two sortings, besides the k best: so many that sorting costs little for each. */
#define SPARE 1024

bool hb_distinct_reserve(hb_distinct *d, uint32_t k) {
  const uint32_t capacity = 2 * k + SPARE; /* k is at most HB_K_MAX */
  if (capacity <= d->capacity) return true;
  hb_distinct_hit *hits = realloc(d->hits, capacity * sizeof *hits);
  if (hits == NULL) return false;
  d->hits = hits;
  d->capacity = capacity;
  return true;
}

void hb_distinct_start(hb_distinct *d, uint32_t k) {
  d->k = k;
  d->count = 0;
  d->full = false;
}

void hb_distinct_offer(hb_distinct *d, hb_hit hit, uint64_t content) {
  if (hit.score != hit.score || (d->full && hit.score < d->floor)) return;
  if (d->count == d->capacity) hb_distinct_sort(d);
  d->hits[d->count++] = (hb_distinct_hit){hit, content, 0};
}

static int best_first(const void *a, const void *b) {
  const hb_distinct_hit *x = a, *y = b;
  return hb_hit_is_better(x->hit, y->hit) ? -1 : hb_hit_is_better(y->hit, x->hit);
}

static int by_content(const void *a, const void *b) {
  const hb_distinct_hit *x = a, *y = b;
  if (x->content != y->content) return x->content < y->content ? -1 : 1;
  return best_first(a, b);
}

/* Hits of one content follow each other, the best of them first: it stands for all. */
static void merge_copies(hb_distinct *d) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < d->count; i++) {
    if (kept > 0 && d->hits[i].content != 0 && d->hits[i].content == d->hits[kept - 1].content)
      d->hits[kept - 1].copies += 1 + d->hits[i].copies;
    else
      d->hits[kept++] = d->hits[i];
  }
  d->count = kept;
}

void hb_distinct_sort(hb_distinct *d) {
  if (d->count == 0) return;
  qsort(d->hits, d->count, sizeof *d->hits, by_content);
  merge_copies(d);
  qsort(d->hits, d->count, sizeof *d->hits, best_first);
  if (d->count < d->k) return;
  d->count = d->k;
  d->full = true;
  d->floor = d->hits[d->k - 1].hit.score;
}

void hb_distinct_free(hb_distinct *d) {
  free(d->hits);
  *d = (hb_distinct){0};
}
