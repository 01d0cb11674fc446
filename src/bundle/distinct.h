/* distinct.h: the k best hits of a search, one for each content. Copies of an image all have the score of that image,
 * so that a heap of k would hold nothing else. */
#ifndef HB_BUNDLE_DISTINCT_H
#define HB_BUNDLE_DISTINCT_H

#include "base/topk.h"

typedef struct {
  hb_hit hit; /* the best of its content */
  uint64_t content;
  uint32_t copies; /* further hits with this content */
} hb_distinct_hit;

typedef struct {
  hb_distinct_hit *hits; /* [capacity]; after hb_distinct_sort the best first, each content once, at most k */
  uint32_t k, count, capacity;
  float floor; /* once k contents were found: the score of the k-th; nothing below it can be among the best */
  bool full;   /* they were */
} hb_distinct;

/* Makes room for hits of `k` contents; false without memory, and then nothing has changed. */
bool hb_distinct_reserve(hb_distinct *distinct, uint32_t k);
/* Forgets all hits. `k` is at most what was reserved. */
void hb_distinct_start(hb_distinct *distinct, uint32_t k);
/* Takes a hit. A NaN score is dropped. The content 0 stands for unknown: such hits are copies of nothing. Hits of one
 * content come in the order of their ids and with one score, as rows of a list do; else copies may be missed. */
void hb_distinct_offer(hb_distinct *distinct, hb_hit hit, uint64_t content);
/* Leaves the k best contents, best first. More may be offered after this. */
void hb_distinct_sort(hb_distinct *distinct);
void hb_distinct_free(hb_distinct *distinct);

#endif
