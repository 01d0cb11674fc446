/* topk.h: the k best of a stream of scores, in a heap whose memory belongs to the caller. */
#ifndef HB_BASE_TOPK_H
#define HB_BASE_TOPK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  float score;
  uint32_t id;
} hb_hit;

/* A larger score is better; of equal scores the smaller id, so that answers do not depend on the order of scanning. */
static inline bool hb_hit_is_better(hb_hit a, hb_hit b) {
  return a.score > b.score || (a.score == b.score && a.id < b.id);
}

typedef struct {
  hb_hit *hits; /* room for k; the worst of them first while the heap is being filled */
  uint32_t k, count;
} hb_topk;

/* For hb_topk_offer: keeps a hit that is a number, if there is room or in place of the worst. */
void hb_topk_keep(hb_topk *top, hb_hit hit);

/* Offers a hit; it is kept if there is room or it beats the worst that is kept. A NaN score is dropped. */
static inline void hb_topk_offer(hb_topk *top, hb_hit hit) {
  if (top->count == top->k && (top->k == 0 || !hb_hit_is_better(hit, top->hits[0]))) return; /* most of them */
  if (hit.score == hit.score) hb_topk_keep(top, hit);
}

/* Sorts the hits best first. The heap cannot be offered more after this. */
void hb_topk_sort(hb_topk *top);

#endif
