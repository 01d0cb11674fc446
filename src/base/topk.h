/* topk.h: keeps the k best of a stream of scores in a heap. The heap's memory belongs to the caller. */
#ifndef HB_BASE_TOPK_H
#define HB_BASE_TOPK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  float score;
  uint32_t id;
} hb_hit;

/* A larger score is better. If scores are equal, the smaller id is, so that answers do not depend on the order of
 * scanning. */
static inline bool hb_hit_is_better(hb_hit a, hb_hit b) {
  return a.score > b.score || (a.score == b.score && a.id < b.id);
}

typedef struct {
  hb_hit *hits; /* room for k; the worst is first while the heap is being filled */
  uint32_t k, count;
} hb_topk;

/* Keeps a hit whose score is no NaN, in place of the worst if there is no room. Only hb_topk_offer calls it. */
void hb_topk_keep(hb_topk *top, hb_hit hit);

/* Offers a hit, which is kept if there is room or it beats the worst that is kept. A NaN score is dropped. */
static inline void hb_topk_offer(hb_topk *top, hb_hit hit) {
  if (top->count == top->k && (top->k == 0 || !hb_hit_is_better(hit, top->hits[0]))) return; /* most hits end here */
  if (hit.score == hit.score) hb_topk_keep(top, hit);
}

/* Sorts the hits, the best first. Nothing can be offered to the heap afterwards. */
void hb_topk_sort(hb_topk *top);

#endif
