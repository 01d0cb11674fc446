#include "base/topk.h"

static void swap(hb_hit *a, hb_hit *b) {
  hb_hit t = *a;
  *a = *b;
  *b = t;
}

/* Moves the hit at `at` down until it is no better than its children. */
static void sift_down(hb_hit *hits, uint32_t count, uint32_t at) {
  for (;;) {
    uint32_t left = 2 * at + 1, right = left + 1, worst = at;
    if (left < count && hb_hit_is_better(hits[worst], hits[left])) worst = left;
    if (right < count && hb_hit_is_better(hits[worst], hits[right])) worst = right;
    if (worst == at) return;
    swap(&hits[at], &hits[worst]);
    at = worst;
  }
}

static void sift_up(hb_hit *hits, uint32_t at) {
  while (at > 0) {
    uint32_t parent = (at - 1) / 2;
    if (!hb_hit_is_better(hits[parent], hits[at])) return;
    swap(&hits[at], &hits[parent]);
    at = parent;
  }
}

void hb_topk_keep(hb_topk *top, hb_hit hit) {
  if (top->count < top->k) {
    top->hits[top->count] = hit;
    sift_up(top->hits, top->count++);
  } else {
    top->hits[0] = hit;
    sift_down(top->hits, top->count, 0);
  }
}

void hb_topk_sort(hb_topk *top) {
  for (uint32_t left = top->count; left > 1; left--) {
    swap(&top->hits[0], &top->hits[left - 1]);
    sift_down(top->hits, left - 1, 0);
  }
}
