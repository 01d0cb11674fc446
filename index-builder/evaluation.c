#include "evaluation.h"

#include <pthreadpool.h>
#include <stdlib.h>
#include <string.h>

#include "fetches.h"
#include "progress.h"

/* What a thread owns. */
typedef struct {
  hb_engine *engine;
  fetches fetches;
  float *vector, *scores;             /* of the query */
  float *other_vector, *other_scores; /* the same in the other bundle */
  float *relevant;                    /* scores of the images with the query's label */
  uint32_t *ranks;
  probe_figures probes[EVALUATION_PROBES_MAX];
  hb_error error; /* the first that went wrong */
} worker;

typedef struct {
  evaluation *e;
  worker *workers;
  progress progress;
} work;

/* The true neighbours of a query, in one bundle. An image whose score equals the last one's is as true as that one:
 * copies of a picture have equal scores, and which of them is found is chance. */
typedef struct {
  const float *scores;
  hb_hit hits[EVALUATION_K_MAX];
  uint32_t count;
} truth;

static bool is_true(const truth *t, uint32_t number) {
  return t->count > 0 && t->scores[number] >= t->hits[t->count - 1].score;
}

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

static int descending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

/* Scores of the images with the query's label, best first, into w->relevant. */
static uint32_t find_relevant(const evaluation *e, worker *w, uint32_t number) {
  uint32_t relevant = 0, count = hb_catalog_count(e->catalog), own = e->class_of[number];
  for (uint32_t other = 0; other < count; other++)
    if (other != number && e->class_of[other] == own) w->relevant[relevant++] = w->scores[other];
  qsort(w->relevant, relevant, sizeof *w->relevant, descending);
  return relevant;
}

/* Average precision without sorting all scores: an image of the own label that is the n-th of those and has m images
 * of other labels before it adds (n / (n + m)). Equal scores count as before it. */
static double average_precision(const evaluation *e, worker *w, uint32_t number) {
  uint32_t relevant = find_relevant(e, w, number), count = hb_catalog_count(e->catalog);
  if (relevant == 0) return 0;
  memset(w->ranks, 0, (relevant + 1) * sizeof *w->ranks);
  for (uint32_t other = 0; other < count; other++) {
    if (e->class_of[other] == e->class_of[number]) continue;
    uint32_t low = 0, high = relevant; /* the first relevant score that is not larger */
    while (low < high) {
      uint32_t middle = (low + high) / 2;
      if (w->relevant[middle] > w->scores[other])
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

/* One nprobe, through the same search that visitors use. `other` is NULL if there is no other bundle. */
static hb_status probe(const evaluation *e, worker *w, uint32_t number, const truth *own, const truth *other,
                       probe_figures *sums) {
  const hb_search_options options = {.k = e->k + 1, .nprobe = sums->nprobe};
  const hb_result *results;
  hb_search_report report;
  hb_status status = hb_engine_search(w->engine, w->vector, &options, &results, &report, &w->error);
  if (status != HB_OK) return status;
  sums->scanned += report.scanned;
  for (uint32_t i = 0, taken = 0; i < report.found && taken < e->k; i++) {
    uint32_t found = hb_catalog_find(e->catalog, results[i].path);
    if (found == number) continue;
    taken++;
    sums->recalled += is_true(own, found);
    if (other != NULL) sums->against += is_true(other, found);
  }
  return fetches_count(&w->fetches, w->vector, &options, &sums->bytes, &sums->files, &w->error);
}

static hb_status find_truth(const evaluation *e, const hb_catalog *catalog, uint32_t number, float *vector,
                            float *scores, truth *out, hb_error *error) {
  hb_catalog_vector(catalog, number, vector);
  hb_status status = hb_catalog_scores(catalog, vector, scores, error);
  if (status != HB_OK) return status;
  out->scores = scores;
  out->count = evaluation_nearest(scores, hb_catalog_count(catalog), number, e->k, out->hits);
  return HB_OK;
}

static void compare(const truth *own, const truth *other, query_figures *f) {
  f->same = true;
  for (uint32_t i = 0; i < own->count; i++) {
    f->same = f->same && own->hits[i].id == other->hits[i].id;
    f->overlap += is_true(other, own->hits[i].id);
  }
}

static hb_status measure(const evaluation *e, worker *w, uint32_t number, query_figures *f) {
  truth own, other;
  hb_status status = find_truth(e, e->catalog, number, w->vector, w->scores, &own, &w->error);
  if (status == HB_OK && e->other != NULL)
    status = find_truth(e, e->other, number, w->other_vector, w->other_scores, &other, &w->error);
  if (status != HB_OK) return status;
  for (uint32_t i = 0; i < own.count; i++) f->hits += e->class_of[own.hits[i].id] == e->class_of[number];
  f->average = average_precision(e, w, number);
  if (e->other != NULL) compare(&own, &other, f);
  for (uint32_t p = 0; p < e->probe_count && status == HB_OK; p++)
    status = probe(e, w, number, &own, e->other != NULL ? &other : NULL, &w->probes[p]);
  return status;
}

static void measure_one(void *context, size_t thread, size_t i) {
  work *job = context;
  worker *w = &job->workers[thread];
  uint32_t query = (uint32_t)i;
  if (w->error.status == HB_OK) measure(job->e, w, evaluation_query(job->e, query), &job->e->figures[query]);
  progress_step(&job->progress);
}

static uint32_t largest_class(const evaluation *e) {
  uint32_t largest = 0;
  for (uint32_t c = 0; c < e->class_count; c++)
    if (e->classes[c].images > largest) largest = e->classes[c].images;
  return largest;
}

static hb_status prepare_worker(const evaluation *e, worker *w, hb_error *error) {
  uint32_t count = hb_catalog_count(e->catalog), largest = largest_class(e);
  w->vector = calloc(hb_index_dim(e->index), sizeof *w->vector);
  w->scores = calloc(count, sizeof *w->scores);
  w->relevant = calloc(largest, sizeof *w->relevant);
  w->ranks = calloc((size_t)largest + 1, sizeof *w->ranks);
  if (!w->vector || !w->scores || !w->relevant || !w->ranks) return hb_fail_memory(error);
  if (e->other != NULL) {
    w->other_vector = calloc(hb_index_dim(e->other_index), sizeof *w->other_vector);
    w->other_scores = calloc(count, sizeof *w->other_scores);
    if (!w->other_vector || !w->other_scores) return hb_fail_memory(error);
  }
  memcpy(w->probes, e->probes, sizeof w->probes);
  hb_status status = hb_engine_create(NULL, e->index, &w->engine, error);
  return status == HB_OK ? fetches_open(e->directory, &w->fetches, error) : status;
}

static void release_worker(worker *w) {
  hb_engine_free(w->engine);
  fetches_close(&w->fetches);
  free(w->vector);
  free(w->scores);
  free(w->other_vector);
  free(w->other_scores);
  free(w->relevant);
  free(w->ranks);
}

/* Sums are whole numbers, so that it does not matter which thread counted what. */
static void add_worker(evaluation *e, const worker *w) {
  for (uint32_t p = 0; p < e->probe_count; p++) {
    e->probes[p].recalled += w->probes[p].recalled;
    e->probes[p].against += w->probes[p].against;
    e->probes[p].scanned += w->probes[p].scanned;
    e->probes[p].bytes += w->probes[p].bytes;
    e->probes[p].files += w->probes[p].files;
  }
  e->needed_bytes = w->fetches.needed_bytes;
  e->head_bytes = w->fetches.head_bytes;
}

/* 1, 2, 4, ... up to nlist, with the default in its place. */
static void choose_probes(evaluation *e) {
  uint32_t nlist = hb_index_nlist(e->index), usual = hb_index_nprobe(e->index);
  bool waits = true; /* the default has not had its turn */
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
  pthreadpool_parallelize_1d_with_thread(pool, measure_one, job, e->queries, 0);
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

uint32_t evaluation_default_probe(const evaluation *e) {
  uint32_t p = 0;
  while (e->probes[p].nprobe != hb_index_nprobe(e->index)) p++;
  return p;
}
