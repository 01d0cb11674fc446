#include "embed_many.h"

#include <pthreadpool.h>
#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "progress.h"

/* What one thread has and adds up; a cache line apart from the next thread's. */
typedef struct {
  _Alignas(64) hb_engine *engine;
  hb_timings timings;
  double read;
} worker;

typedef struct {
  const embed_job *job;
  embed_result *result;
  worker *workers;
  uint32_t dim;
  progress progress;
} run;

hb_status embed_file(hb_engine *engine, const char *path, float *embedding, hb_timings *timings, double *read,
                     hb_error *error) {
  double started = hb_now();
  hb_mapping file;
  hb_status status = hb_file_map(path, &file, error);
  if (status != HB_OK) return status;
  if (read != NULL) *read += hb_now() - started;
  status = hb_engine_embed(engine, file.bytes, file.size, embedding, timings, error);
  hb_file_unmap(file);
  return status;
}

static void add_timings(hb_timings *sum, const hb_timings *t) {
  sum->decode += t->decode;
  sum->preprocess += t->preprocess;
  sum->network += t->network;
  sum->head += t->head;
}

static void embed_one(void *context, size_t thread, size_t i) {
  run *r = context;
  worker *w = &r->workers[thread];
  hb_error *error = &r->result->errors[i];
  hb_timings timings;
  char *path = hb_path_join(r->job->folder, r->job->paths[i]);
  hb_status status = path == NULL
                         ? hb_fail_memory(error)
                         : embed_file(w->engine, path, r->result->vectors + i * r->dim, &timings, &w->read, error);
  if (status == HB_OK) add_timings(&w->timings, &timings);
  free(path);
  progress_step(&r->progress);
}

/* One after the other: engines of one model share its packed weights. */
static hb_status create_engines(const embed_job *job, worker *workers, hb_error *error) {
  hb_status status = HB_OK;
  for (uint32_t t = 0; t < job->threads && status == HB_OK; t++) {
    status = hb_engine_create(job->model, NULL, &workers[t].engine, error);
    if (status == HB_OK) status = hb_engine_use_head(workers[t].engine, job->head, error);
  }
  return status;
}

static hb_status run_all(run *r, hb_error *error) {
  const embed_job *job = r->job;
  hb_status status = create_engines(job, r->workers, error);
  if (status != HB_OK) return status;
  pthreadpool_t pool = job->threads > 1 ? pthreadpool_create(job->threads) : NULL;
  if (job->threads > 1 && pool == NULL) return hb_fail(error, HB_INTERNAL, "cannot start %u threads", job->threads);
  progress_start(&r->progress, "embedding", job->count);
  double started = hb_now();
  pthreadpool_parallelize_1d_with_thread(pool, embed_one, r, job->count, 0);
  r->result->milliseconds = hb_now() - started;
  progress_end(&r->progress);
  pthreadpool_destroy(pool);
  return HB_OK;
}

hb_status embed_many(const embed_job *job, embed_result *out, hb_error *error) {
  embed_result result = {0};
  run r = {.job = job, .result = &result, .dim = hb_head_dim(job->head)};
  size_t vector_bytes, worker_bytes = job->threads * sizeof *r.workers;
  bool fits = hb_size_mul(job->count, r.dim * sizeof(float), &vector_bytes);
  result.vectors = fits ? malloc(vector_bytes) : NULL;
  result.errors = calloc(job->count, sizeof *result.errors);
  r.workers = aligned_alloc(64, worker_bytes);
  hb_status status = HB_OK;
  if (result.vectors == NULL || result.errors == NULL || r.workers == NULL) {
    status = hb_fail_memory(error);
  } else {
    for (uint32_t t = 0; t < job->threads; t++) r.workers[t] = (worker){0};
    status = run_all(&r, error);
    for (uint32_t t = 0; t < job->threads; t++) {
      add_timings(&result.timings, &r.workers[t].timings);
      result.read += r.workers[t].read;
      hb_engine_free(r.workers[t].engine);
    }
  }
  free(r.workers);
  if (status != HB_OK) return embed_result_free(&result), status;
  *out = result;
  return HB_OK;
}

void embed_result_free(embed_result *result) {
  free(result->vectors);
  free(result->errors);
  *result = (embed_result){0};
}
