#include "builder/nprobe_calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RECALL_K 4      /* the page shows four results */
#define SAMPLE_MAX 2000 /* queries in the sample; fewer ... */
#define SAMPLE_MIN 200
#define SAMPLE_COMPARISONS 5e8 /* ... if there would be more comparisons, to bound the time on large sets */
#define TOGETHER 16            /* the number of queries that are compared at a time */

typedef struct {
  hb_query *queries; /* [TOGETHER] */
  float *scores;     /* [max(TOGETHER * block, nlist)] */
} worker;

typedef struct {
  const hb_row_store *rows;
  const hb_clusters *clusters;
  uint32_t count;                  /* queries */
  uint32_t *numbers;               /* [count]: their rows */
  float *queries;                  /* [count][dim] */
  hb_hit *nearest;                 /* [count][RECALL_K] */
  hb_topk *top;                    /* [count]: heaps in `nearest` */
  hb_hit *order;                   /* [nlist] */
  uint64_t *found_at, *scanned_at; /* [nlist]: neighbours found and vectors scanned in the n-th lists */
  worker *workers;
  uint32_t threads;
  hb_rows block; /* the rows that are compared now, from row `first` on */
  uint32_t first;
} calibration;

static bool allocate(calibration *c, uint32_t block) {
  uint32_t nlist = c->clusters->nlist, dim = c->rows->dim;
  size_t scores = (size_t)TOGETHER * block > nlist ? (size_t)TOGETHER * block : nlist;
  c->numbers = malloc(c->count * sizeof *c->numbers);
  c->queries = malloc((size_t)c->count * dim * sizeof *c->queries);
  c->nearest = malloc((size_t)c->count * RECALL_K * sizeof *c->nearest);
  c->top = malloc(c->count * sizeof *c->top);
  c->order = malloc(nlist * sizeof *c->order);
  c->found_at = calloc(nlist, sizeof *c->found_at);
  c->scanned_at = calloc(nlist, sizeof *c->scanned_at);
  c->workers = calloc(c->threads, sizeof *c->workers);
  if (!c->numbers || !c->queries || !c->nearest || !c->top || !c->order || !c->found_at || !c->scanned_at ||
      !c->workers)
    return false;
  for (uint32_t t = 0; t < c->threads; t++) {
    worker *w = &c->workers[t];
    w->scores = malloc(scores * sizeof *w->scores);
    if (w->scores == NULL || hb_queries_create(c->rows->encoding, dim, TOGETHER, &w->queries, NULL) != HB_OK)
      return false;
  }
  return true;
}

static void release(calibration *c) {
  for (uint32_t t = 0; c->workers != NULL && t < c->threads; t++) {
    hb_queries_free(c->workers[t].queries, TOGETHER);
    free(c->workers[t].scores);
  }
  free(c->workers);
  free(c->numbers);
  free(c->queries);
  free(c->nearest);
  free(c->top);
  free(c->order);
  free(c->found_at);
  free(c->scanned_at);
}

/* Decodes the queries, which are rows spread evenly. */
static hb_status read_queries(calibration *c, hb_error *error) {
  const hb_row_store *rows = c->rows;
  void *codes = malloc(hb_row_bytes(rows->encoding, rows->dim));
  hb_status status = codes != NULL ? HB_OK : hb_fail_memory(error);
  for (uint32_t q = 0; q < c->count && status == HB_OK; q++) {
    hb_rows one;
    c->numbers[q] = (uint32_t)((uint64_t)q * rows->count / c->count);
    c->top[q] = (hb_topk){c->nearest + (size_t)q * RECALL_K, RECALL_K, 0};
    status = hb_row_store_read(rows, c->numbers[q], 1, codes, &one, error);
    if (status == HB_OK) hb_row_decode(&one, 0, c->queries + (size_t)q * rows->dim);
  }
  free(codes);
  return status;
}

static void keep_nearest(calibration *c, size_t q, const float *scores) {
  for (uint32_t i = 0; i < c->block.count; i++)
    if (c->first + i != c->numbers[q]) hb_topk_offer(&c->top[q], (hb_hit){scores[i], c->first + i});
}

/* Compares the queries from `turn` * TOGETHER on with the block. */
static void compare(void *context, size_t thread, size_t turn) {
  calibration *c = context;
  worker *w = &c->workers[thread];
  const size_t first = turn * TOGETHER, left = c->count - first;
  const uint32_t count = left < TOGETHER ? (uint32_t)left : TOGETHER;
  for (size_t q = 0; q < count; q++) hb_query_set(&w->queries[q], c->queries + (first + q) * c->rows->dim);
  hb_rows_score_many(&c->block, w->queries, count, w->scores, c->block.count);
  for (size_t q = 0; q < count; q++) keep_nearest(c, first + q, w->scores + q * c->block.count);
}

static hb_status find_neighbours(calibration *c, pthreadpool_t threads, uint32_t block, hb_error *error) {
  void *codes = malloc(block * hb_row_bytes(c->rows->encoding, c->rows->dim));
  hb_status status = codes != NULL ? HB_OK : hb_fail_memory(error);
  const size_t turns = (c->count + TOGETHER - 1) / TOGETHER;
  for (c->first = 0; c->first < c->rows->count && status == HB_OK; c->first += block) {
    uint32_t count = c->rows->count - c->first < block ? c->rows->count - c->first : block;
    status = hb_row_store_read(c->rows, c->first, count, codes, &c->block, error);
    if (status == HB_OK) pthreadpool_parallelize_1d_with_thread(threads, compare, c, turns, 0);
  }
  free(codes);
  return status;
}

/* Counts in which list each neighbour of a query is found, and what every further list costs. */
static void follow_lists(calibration *c, uint32_t q) {
  const hb_clusters *clusters = c->clusters;
  worker *w = &c->workers[0];
  hb_query_set(&w->queries[0], c->queries + (size_t)q * c->rows->dim);
  hb_ivf_order(&clusters->centroids, &w->queries[0], clusters->nlist, w->scores, c->order);
  for (uint32_t n = 0; n < clusters->nlist; n++) {
    uint32_t l = c->order[n].id;
    c->scanned_at[n] += clusters->ends[l] - hb_clusters_begin(clusters, l);
    for (uint32_t i = 0; i < c->top[q].count; i++) c->found_at[n] += clusters->list_of[c->top[q].hits[i].id] == l;
  }
}

static void choose(const calibration *c, double wanted, hb_build_report *report) {
  uint64_t neighbours = 0, found = 0, scanned = 0;
  for (uint32_t q = 0; q < c->count; q++) neighbours += c->top[q].count;
  uint32_t n = 0;
  do {
    found += c->found_at[n];
    scanned += c->scanned_at[n];
  } while (++n < c->clusters->nlist && (double)found < wanted * (double)neighbours);
  report->nprobe = n;
  report->recall = neighbours > 0 ? (double)found / (double)neighbours : 1;
  report->scanned = (double)scanned / ((double)c->count * c->rows->count);
}

hb_status hb_nprobe_calibrate(const hb_row_store *rows, const hb_clusters *clusters, double wanted,
                              pthreadpool_t threads, hb_build_report *report, hb_error *error) {
  calibration c = {.rows = rows, .clusters = clusters};
  c.threads = (uint32_t)pthreadpool_get_threads_count(threads);
  c.count = (uint32_t)fmin(SAMPLE_MAX, fmax(SAMPLE_MIN, SAMPLE_COMPARISONS / rows->count));
  if (c.count > rows->count) c.count = rows->count;
  uint32_t block = hb_row_store_block(rows);
  hb_status status = allocate(&c, block) ? read_queries(&c, error) : hb_fail_memory(error);
  if (status == HB_OK) status = find_neighbours(&c, threads, block, error);
  for (uint32_t q = 0; q < c.count && status == HB_OK; q++) follow_lists(&c, q);
  if (status == HB_OK) choose(&c, wanted, report);
  release(&c);
  return status;
}
