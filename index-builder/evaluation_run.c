#include "evaluation_run.h"

#include <pthreadpool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "download_cost.h"
#include "evaluation_classes.h"
#include "nprobe_sweep.h"
#include "progress.h"

/* The number of queries that are compared with all images at once. Each thread has memory for their scores, 4 bytes for
 * each query and image. */
#define TOGETHER 16

/* Some queries, and the scores that exact search gives them in one bundle. */
typedef struct {
  float *vectors; /* [TOGETHER][dim] */
  float *scores;  /* [TOGETHER][count] */
} exact_search;

/* What a thread owns. */
typedef struct {
  download_cost cost;
  nprobe_sweep sweep;
  exact_search own, other;
  float *relevant; /* scores of the images with the label of the query */
  uint32_t *ranks;
  probe_figures probes[EVALUATION_PROBES_MAX];
  hb_error error; /* the first failure */
} worker;

typedef struct {
  evaluation *e;
  worker *workers;
  progress progress;
} work;

/* The true neighbours of a query in one bundle. An image whose score equals that of the last neighbour counts as true,
 * too: copies of a picture have equal scores, and chance decides which of them is found. */
typedef struct {
  const float *scores;
  hb_hit hits[EVALUATION_K_MAX];
  uint32_t count;
} truth;

static bool is_true(const truth *t, uint32_t number) {
  return t->count > 0 && t->scores[number] >= t->hits[t->count - 1].score;
}

static int descending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

/* Puts the scores of the images with the query's label into w->relevant, best first, and returns how many there are. */
static uint32_t find_relevant(const evaluation *e, worker *w, const float *scores, uint32_t number) {
  uint32_t relevant = 0, count = hb_catalog_count(e->catalog), own = e->class_of[number];
  for (uint32_t other = 0; other < count; other++)
    if (other != number && e->class_of[other] == own) w->relevant[relevant++] = scores[other];
  qsort(w->relevant, relevant, sizeof *w->relevant, descending);
  return relevant;
}

/* Computes average precision without sorting all scores: the n-th image with the query's label, which has m images with
 * other labels before it, adds n / (n + m). Images with equal scores count as if they were before it. */
static double average_precision(const evaluation *e, worker *w, const float *scores, uint32_t number) {
  uint32_t relevant = find_relevant(e, w, scores, number), count = hb_catalog_count(e->catalog);
  if (relevant == 0) return 0;
  memset(w->ranks, 0, (relevant + 1) * sizeof *w->ranks);
  for (uint32_t other = 0; other < count; other++) {
    if (e->class_of[other] == e->class_of[number]) continue;
    uint32_t low = 0, high = relevant; /* the first relevant score that is not larger */
    while (low < high) {
      uint32_t middle = (low + high) / 2;
      if (w->relevant[middle] > scores[other])
        low = middle + 1;
      else
        high = middle;
    }
    w->ranks[low]++;
  }
  double sum = 0;
  uint32_t before = 0;
  for (uint32_t n = 0; n < relevant; n++) {
    before += w->ranks[n];
    sum += (double)(n + 1) / (n + 1 + before);
  }
  return sum / relevant;
}

/* Adds the figures for one nprobe, which is larger than the one before. `other` is NULL without another bundle. */
static void probe(worker *w, const truth *own, const truth *other, probe_figures *sums) {
  nprobe_sweep_widen(&w->sweep, sums->nprobe, own->scores);
  download_cost_widen(&w->cost, sums->nprobe);
  for (uint32_t i = 0; i < w->sweep.found.count; i++) {
    const uint32_t number = hb_catalog_number_at(w->sweep.catalog, w->sweep.found.hits[i].id);
    sums->recalled += is_true(own, number);
    if (other != NULL) sums->against += is_true(other, number);
  }
  sums->scanned += w->sweep.scanned;
  sums->bytes += w->cost.bytes;
  sums->files += w->cost.files;
}

static truth find_truth(const evaluation *e, const exact_search *search, uint32_t place, uint32_t number) {
  const uint32_t count = hb_catalog_count(e->catalog);
  truth t = {.scores = search->scores + (size_t)place * count};
  t.count = evaluation_nearest(t.scores, count, number, e->k, t.hits);
  return t;
}

static void compare(const truth *own, const truth *other, query_figures *f) {
  f->same = true;
  for (uint32_t i = 0; i < own->count; i++) {
    f->same = f->same && own->hits[i].id == other->hits[i].id;
    f->overlap += is_true(other, own->hits[i].id);
  }
}

/* Measures the query at `place` among those that were searched together. */
static hb_status measure(const evaluation *e, worker *w, uint32_t place, uint32_t number, query_figures *f) {
  const float *vector = w->own.vectors + (size_t)place * hb_index_dim(e->index);
  const truth own = find_truth(e, &w->own, place, number);
  const truth other = e->other != NULL ? find_truth(e, &w->other, place, number) : own;
  for (uint32_t i = 0; i < own.count; i++) f->hits += e->class_of[own.hits[i].id] == e->class_of[number];
  f->average = average_precision(e, w, own.scores, number);
  if (e->other != NULL) compare(&own, &other, f);
  hb_status status = nprobe_sweep_start(&w->sweep, vector, number, &w->error);
  if (status == HB_OK) status = download_cost_start(&w->cost, vector, &w->error);
  for (uint32_t p = 0; p < e->probe_count && status == HB_OK; p++)
    probe(w, &own, e->other != NULL ? &other : NULL, &w->probes[p]);
  return status;
}

static hb_status search_exactly(const evaluation *e, const hb_index *index, const hb_catalog *catalog, uint32_t first,
                                uint32_t count, exact_search *out, hb_error *error) {
  const size_t dim = hb_index_dim(index);
  for (uint32_t q = 0; q < count; q++)
    hb_catalog_vector(catalog, evaluation_query(e, first + q), out->vectors + q * dim);
  return hb_catalog_scores(catalog, out->vectors, count, out->scores, error);
}

static hb_status measure_from(const evaluation *e, worker *w, uint32_t first, uint32_t count) {
  hb_status status = search_exactly(e, e->index, e->catalog, first, count, &w->own, &w->error);
  if (status == HB_OK && e->other != NULL)
    status = search_exactly(e, e->other_index, e->other, first, count, &w->other, &w->error);
  for (uint32_t q = 0; q < count && status == HB_OK; q++)
    status = measure(e, w, q, evaluation_query(e, first + q), &e->figures[first + q]);
  return status;
}

static void measure_some(void *context, size_t thread, size_t turn) {
  work *job = context;
  worker *w = &job->workers[thread];
  const uint32_t first = (uint32_t)turn * TOGETHER, left = job->e->queries - first;
  const uint32_t count = left < TOGETHER ? left : TOGETHER;
  if (w->error.status == HB_OK) measure_from(job->e, w, first, count);
  for (uint32_t q = 0; q < count; q++) progress_step(&job->progress);
}

static uint32_t largest_class(const evaluation *e) {
  uint32_t largest = 0;
  for (uint32_t c = 0; c < e->class_count; c++)
    if (e->classes[c].images > largest) largest = e->classes[c].images;
  return largest;
}

static hb_status prepare_search(const hb_index *index, const hb_catalog *catalog, exact_search *out, hb_error *error) {
  out->vectors = calloc((size_t)TOGETHER * hb_index_dim(index), sizeof *out->vectors);
  out->scores = calloc((size_t)TOGETHER * hb_catalog_count(catalog), sizeof *out->scores);
  return out->vectors != NULL && out->scores != NULL ? HB_OK : hb_fail_memory(error);
}

static hb_status prepare_worker(const evaluation *e, worker *w, hb_error *error) {
  const uint32_t largest = largest_class(e);
  w->relevant = calloc(largest, sizeof *w->relevant);
  w->ranks = calloc((size_t)largest + 1, sizeof *w->ranks);
  if (w->relevant == NULL || w->ranks == NULL) return hb_fail_memory(error);
  memcpy(w->probes, e->probes, sizeof w->probes);
  hb_status status = prepare_search(e->index, e->catalog, &w->own, error);
  if (status == HB_OK && e->other != NULL) status = prepare_search(e->other_index, e->other, &w->other, error);
  if (status == HB_OK) status = nprobe_sweep_create(e->index, e->catalog, e->k, &w->sweep, error);
  return status == HB_OK ? download_cost_open(e->directory, &w->cost, error) : status;
}

static void release_worker(worker *w) {
  download_cost_close(&w->cost);
  nprobe_sweep_free(&w->sweep);
  free(w->own.vectors);
  free(w->own.scores);
  free(w->other.vectors);
  free(w->other.scores);
  free(w->relevant);
  free(w->ranks);
}

/* Adds the sums of a thread. They are whole numbers, so it does not matter which thread counted what. */
static void add_worker(evaluation *e, const worker *w) {
  for (uint32_t p = 0; p < e->probe_count; p++) {
    e->probes[p].recalled += w->probes[p].recalled;
    e->probes[p].against += w->probes[p].against;
    e->probes[p].scanned += w->probes[p].scanned;
    e->probes[p].bytes += w->probes[p].bytes;
    e->probes[p].files += w->probes[p].files;
  }
  e->needed_bytes = w->cost.needed_bytes;
  e->head_bytes = w->cost.head_bytes;
}

/* Chooses 1, 2, 4, ... up to nlist, with the default in its place. */
static void choose_probes(evaluation *e) {
  uint32_t nlist = hb_index_nlist(e->index), usual = hb_index_nprobe(e->index);
  bool waits = true; /* the default is not among them yet */
  for (uint64_t n = 1; n < nlist; n *= 2) {
    if (waits && usual < n) e->probes[e->probe_count++].nprobe = usual;
    waits = waits && usual > n;
    e->probes[e->probe_count++].nprobe = (uint32_t)n;
  }
  if (waits && usual < nlist) e->probes[e->probe_count++].nprobe = usual;
  e->probes[e->probe_count++].nprobe = nlist;
}

static hb_status run_workers(work *job, hb_error *error) {
  evaluation *e = job->e;
  hb_status status = HB_OK;
  for (uint32_t t = 0; t < e->threads && status == HB_OK; t++) status = prepare_worker(e, &job->workers[t], error);
  if (status != HB_OK) return status;
  pthreadpool_t pool = e->threads > 1 ? pthreadpool_create(e->threads) : NULL;
  progress_start(&job->progress, "evaluating", e->queries);
  pthreadpool_parallelize_1d_with_thread(pool, measure_some, job, (e->queries + TOGETHER - 1) / TOGETHER, 0);
  progress_end(&job->progress);
  pthreadpool_destroy(pool);
  for (uint32_t t = 0; t < e->threads; t++) {
    const worker *w = &job->workers[t];
    if (w->error.status != HB_OK) return hb_fail(error, w->error.status, "%s", w->error.text);
    add_worker(e, w);
  }
  return HB_OK;
}

hb_status evaluation_run(evaluation *e, hb_error *error) {
  hb_status status = evaluation_find_classes(e, error);
  if (status != HB_OK) return status;
  choose_probes(e);
  work job = {.e = e, .workers = calloc(e->threads, sizeof *job.workers)};
  e->figures = calloc(e->queries, sizeof *e->figures);
  if (job.workers == NULL || e->figures == NULL) return free(job.workers), hb_fail_memory(error);
  status = run_workers(&job, error);
  if (status == HB_OK) evaluation_summarise(e);
  for (uint32_t t = 0; t < e->threads; t++) release_worker(&job.workers[t]);
  free(job.workers);
  return status;
}
