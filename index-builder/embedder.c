#include "embedder.h"

#include <pthreadpool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "existing_bundle.h"
#include "file_kind.h"
#include "progress.h"

/* What a thread owns and adds up, a cache line apart from that of the next thread. */
typedef struct {
  _Alignas(64) hb_engine *engine;
  decoder_process *decoder;
  hb_timings timings;
  double read, thumb;
} worker;

struct embedder {
  const embed_options *options;
  worker *workers;
  bool has_engines; /* engines are created when an image first needs one */
  pthreadpool_t pool;
  progress progress;
  double milliseconds;
  image_task *tasks; /* the current chunk's, as is the next */
  float *features;
};

/* Embeds like hb_engine_embed, but decodes the picture in another process. */
static hb_status embed_apart(hb_engine *engine, decoder_process *decoder, const hb_mapping *file,
                             const hb_region *region, float *embedding, hb_timings *timings, hb_error *error) {
  hb_crops crops;
  const char *refusal = file_kind_refusal(file->bytes, file->size);
  if (refusal != NULL) return hb_fail(error, HB_UNSUPPORTED_IMAGE, "%s", refusal);
  hb_status status =
      decoder_process_crops(decoder, file->bytes, file->size, region, hb_engine_view(engine), &crops, timings, error);
  if (status != HB_OK) return status;
  status = hb_engine_embed_crops(engine, &crops, embedding, timings, error);
  free(crops.pixels);
  return status;
}

hb_status embed_file(hb_engine *engine, decoder_process *decoder, const char *path, const hb_region *region,
                     float *embedding, hb_error *error) {
  hb_mapping file;
  hb_status status = hb_file_map(path, &file, error);
  if (status != HB_OK) return status;
  status = embed_apart(engine, decoder, &file, region, embedding, NULL, error);
  hb_file_unmap(file);
  return status;
}

static void add_timings(hb_timings *sum, const hb_timings *t) {
  sum->decode += t->decode;
  sum->preprocess += t->preprocess;
  sum->network += t->network;
  sum->head += t->head;
}

static void read_one(void *context, size_t thread, size_t i) {
  embedder *e = context;
  worker *w = &e->workers[thread];
  image_task *task = &e->tasks[i];
  double started = hb_clock_milliseconds();
  char *path = hb_path_join(e->options->folder, task->path);
  task->error.status =
      path == NULL ? hb_fail_memory(&task->error) : content_map(path, &task->file, &task->content, &task->error);
  free(path);
  w->read += hb_clock_milliseconds() - started;
}

static hb_status embed_one(embedder *e, worker *w, image_task *task, size_t i) {
  hb_timings timings;
  hb_status status =
      embed_apart(w->engine, w->decoder, &task->file, NULL, e->features + i * HB_FEATURES_DIM, &timings, &task->error);
  if (status == HB_OK) add_timings(&w->timings, &timings);
  return status;
}

static bool is_bad_picture(hb_status status) {
  return status == HB_UNSUPPORTED_IMAGE || status == HB_CORRUPT_IMAGE || status == HB_IMAGE_TOO_LARGE;
}

/* Makes a thumbnail. Afterwards `thumb` of the task is true only if that failed, and not because of the picture. */
static void make_thumb(embedder *e, worker *w, image_task *task) {
  double started = hb_clock_milliseconds();
  hb_status status = thumbnail_provide(&e->options->thumbs, w->decoder, task->content, &task->file, &task->error);
  task->error.status = status;
  task->thumb = status != HB_OK && !is_bad_picture(status);
  w->thumb += hb_clock_milliseconds() - started;
}

static void finish_one(void *context, size_t thread, size_t i) {
  embedder *e = context;
  worker *w = &e->workers[thread];
  image_task *task = &e->tasks[i];
  if (task->error.status == HB_OK && task->embed) task->error.status = embed_one(e, w, task, i);
  if (task->error.status != HB_OK)
    task->thumb = false;
  else if (task->thumb)
    make_thumb(e, w, task);
  hb_file_unmap(task->file);
  task->file = (hb_mapping){0};
  progress_step(&e->progress);
}

static void run_all(embedder *e, pthreadpool_task_1d_with_thread_t run, uint32_t count) {
  double started = hb_clock_milliseconds();
  pthreadpool_parallelize_1d_with_thread(e->pool, run, e, count, 0);
  e->milliseconds += hb_clock_milliseconds() - started;
}

/* Creates the engines one after the other, because engines of one model share its packed weights. */
static hb_status create_engines(embedder *e, hb_error *error) {
  hb_status status = HB_OK;
  for (uint32_t t = 0; t < e->options->threads && status == HB_OK; t++) {
    status = hb_engine_create(e->options->model, NULL, &e->workers[t].engine, error);
    if (status == HB_OK) status = hb_engine_use_features(e->workers[t].engine, error);
  }
  e->has_engines = status == HB_OK;
  return status;
}

void embedder_read(embedder *e, image_task *tasks, uint32_t count) {
  e->tasks = tasks;
  run_all(e, read_one, count);
}

hb_status embedder_finish(embedder *e, image_task *tasks, uint32_t count, float *features, hb_error *error) {
  bool embed = false;
  for (uint32_t i = 0; i < count; i++) embed = embed || tasks[i].embed;
  if (embed && !e->has_engines) {
    hb_status status = create_engines(e, error);
    if (status != HB_OK) {
      for (uint32_t i = 0; i < count; i++) hb_file_unmap(tasks[i].file);
      return status;
    }
  }
  e->features = features;
  run_all(e, finish_one, count);
  for (uint32_t i = 0; i < count; i++)
    if (tasks[i].thumb)
      return hb_fail(error, tasks[i].error.status, "%.150s: cannot make the thumbnail: %.200s", tasks[i].path,
                     tasks[i].error.text);
  return HB_OK;
}

embed_times embedder_times(const embedder *e) {
  embed_times sum = {.milliseconds = e->milliseconds};
  for (uint32_t t = 0; t < e->options->threads; t++) {
    const worker *w = &e->workers[t];
    add_timings(&sum.timings, &w->timings);
    sum.read += w->read, sum.thumb += w->thumb;
  }
  return sum;
}

hb_status embedder_create(const embed_options *options, uint32_t total, embedder **out, hb_error *error) {
  embedder *e = calloc(1, sizeof *e);
  if (e == NULL) return hb_fail_memory(error);
  e->options = options;
  progress_start(&e->progress, "embedding", total);
  e->workers = aligned_alloc(64, options->threads * sizeof *e->workers);
  if (e->workers == NULL) return embedder_free(e), hb_fail_memory(error);
  for (uint32_t t = 0; t < options->threads; t++) e->workers[t] = (worker){0};
  hb_status status = HB_OK;
  for (uint32_t t = 0; t < options->threads && status == HB_OK; t++)
    status = decoder_process_create(DECODER_PROCESS_SECONDS, &e->workers[t].decoder, error);
  if (status != HB_OK) return embedder_free(e), status;
  e->pool = options->threads > 1 ? pthreadpool_create(options->threads) : NULL;
  if (options->threads > 1 && e->pool == NULL) {
    embedder_free(e);
    return hb_fail(error, HB_INTERNAL, "cannot start %u threads", options->threads);
  }
  *out = e;
  return HB_OK;
}

void embedder_free(embedder *e) {
  if (e == NULL) return;
  progress_end(&e->progress);
  pthreadpool_destroy(e->pool);
  for (uint32_t t = 0; e->workers != NULL && t < e->options->threads; t++) {
    hb_engine_free(e->workers[t].engine);
    decoder_process_free(e->workers[t].decoder);
  }
  free(e->workers);
  free(e);
}
