#include "folds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedder.h"
#include "fold_bundle.h"
#include "progress.h"

#define NOT_LABELLED UINT32_MAX

typedef struct {
  folds *f;
  fold_images images;
  uint32_t *label_of; /* [images]: numbers of labels in the order of their first images, or NOT_LABELLED */
  uint32_t *repeated; /* [labels]: the number of a label among those with two images; else NOT_LABELLED */
  uint32_t label_count, repeated_count;
  uint32_t *hits; /* [images]: right ones among the k results */
  bool *is_in,
      *asked; /* [images]: whether in the bundle, and whether searched for in this round or, at the end, in any */
  progress progress;
} work;

/* ---- Features ---- */

static hb_status check_tasks(const work *w, const image_task *tasks, uint32_t first, uint32_t count, hb_error *error) {
  for (uint32_t i = 0; i < count; i++) {
    const image_task *task = &tasks[i];
    if (task->error.status != HB_OK)
      return hb_fail(error, task->error.status, "%.150s: %.240s", task->path, task->error.text);
    if (task->content != hb_catalog_entry(w->f->catalog, first + i).content)
      return hb_fail(error, HB_INVALID_ARGUMENT,
                     "'%.150s' is not the image that the bundle has; bring the bundle up to date with 'build'",
                     task->path);
  }
  return HB_OK;
}

static hb_status embed_chunk(work *w, embedder *e, image_task *tasks, uint32_t first, uint32_t count, hb_error *error) {
  for (uint32_t i = 0; i < count; i++)
    tasks[i] = (image_task){.path = hb_catalog_entry(w->f->catalog, first + i).path, .embed = true};
  embedder_read(e, tasks, count);
  hb_status status = embedder_finish(e, tasks, count, w->images.features + (size_t)first * HB_FEATURES_DIM, error);
  return status == HB_OK ? check_tasks(w, tasks, first, count, error) : status;
}

static hb_status embed_all(work *w, hb_error *error) {
  const folds *f = w->f;
  const embed_options options = {f->model, f->folder, f->threads, {0}};
  const uint32_t total = w->images.count;
  embedder *e;
  hb_status status = embedder_create(&options, total, &e, error);
  if (status != HB_OK) return status;
  image_task *tasks = calloc(CHUNK_IMAGES, sizeof *tasks);
  if (tasks == NULL) status = hb_fail_memory(error);
  for (uint32_t first = 0; first < total && status == HB_OK; first += CHUNK_IMAGES)
    status = embed_chunk(w, e, tasks, first, total - first < CHUNK_IMAGES ? total - first : CHUNK_IMAGES, error);
  free(tasks);
  embedder_free(e);
  return status;
}

/* ---- Labels ---- */

/* Numbers the labels in the order of their first images. */
static hb_status number_labels(work *w, hb_error *error) {
  const uint32_t most = hb_index_label_count(w->f->index);
  uint32_t *number_of = malloc((most + (size_t)1) * sizeof *number_of),
           *images = calloc(most + (size_t)1, sizeof *images);
  w->repeated = malloc((most + (size_t)1) * sizeof *w->repeated);
  if (number_of == NULL || images == NULL || w->repeated == NULL)
    return free(number_of), free(images), hb_fail_memory(error);
  for (uint32_t l = 0; l < most; l++) number_of[l] = NOT_LABELLED;
  for (uint32_t i = 0; i < w->images.count; i++) {
    const hb_entry entry = hb_catalog_entry(w->f->catalog, i);
    w->label_of[i] = NOT_LABELLED;
    if (entry.label_text[0] == '\0') continue;
    if (number_of[entry.label] == NOT_LABELLED) number_of[entry.label] = w->label_count++;
    images[w->label_of[i] = number_of[entry.label]]++;
  }
  for (uint32_t l = 0; l < w->label_count; l++) w->repeated[l] = images[l] > 1 ? w->repeated_count++ : NOT_LABELLED;
  free(number_of);
  free(images);
  return HB_OK;
}

/* ---- Rounds ---- */

static void count_hits(void *context, uint32_t image, const hb_result *results, uint32_t found) {
  work *w = context;
  const char *label = hb_catalog_entry(w->f->catalog, image).label_text;
  w->hits[image] = 0;
  for (uint32_t r = 0; r < found; r++) w->hits[image] += strcmp(results[r].label, label) == 0;
}

static hb_status summarise(const work *w, fold_figures *out, hb_error *error) {
  double *sums = calloc(w->label_count + (size_t)1, sizeof *sums);
  uint32_t *counts = calloc(w->label_count + (size_t)1, sizeof *counts);
  if (sums == NULL || counts == NULL) return free(sums), free(counts), hb_fail_memory(error);
  *out = (fold_figures){0};
  for (uint32_t i = 0; i < w->images.count; i++) {
    const uint32_t label = w->label_of[i];
    if (label == NOT_LABELLED || !w->asked[i]) continue;
    sums[label] += (double)w->hits[i] / w->f->k;
    counts[label]++;
  }
  for (uint32_t l = 0; l < w->label_count; l++) {
    if (counts[l] == 0) continue;
    out->labels++;
    out->images += counts[l];
    out->precision += sums[l];
    out->class_precision += sums[l] / counts[l];
  }
  if (out->images > 0) out->precision /= out->images, out->class_precision /= out->labels;
  free(sums);
  free(counts);
  return HB_OK;
}

static hb_status run_fold(work *w, uint32_t fold, hb_error *error) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < w->images.count; i++) {
    const bool own = hb_catalog_entry(w->f->catalog, i).content % w->f->folds == fold;
    w->is_in[i] = !own;
    w->asked[i] = own && w->label_of[i] != NOT_LABELLED;
    count += w->asked[i];
  }
  return count > 0 ? fold_bundle_search(&w->images, w->is_in, NULL, w->asked, count_hits, w, error) : HB_OK;
}

static hb_status run_seen(work *w, hb_error *error) {
  hb_status status = HB_OK;
  for (uint32_t fold = 0; fold < w->f->folds && status == HB_OK; fold++) {
    status = run_fold(w, fold, error);
    progress_step(&w->progress);
  }
  for (uint32_t i = 0; i < w->images.count; i++) w->asked[i] = w->label_of[i] != NOT_LABELLED;
  return status == HB_OK ? summarise(w, &w->f->seen, error) : status;
}

/* Images of labels with two images, every other label in each half. */
static bool is_in_half(const work *w, uint32_t image, uint32_t half) {
  const uint32_t label = w->label_of[image];
  return label != NOT_LABELLED && w->repeated[label] != NOT_LABELLED && w->repeated[label] % 2 == half;
}

static hb_status run_half(work *w, uint32_t half, hb_error *error) {
  for (uint32_t i = 0; i < w->images.count; i++) {
    w->is_in[i] = is_in_half(w, i, half);
    w->asked[i] = is_in_half(w, i, 1 - half);
  }
  return fold_bundle_search(&w->images, w->asked, w->is_in, w->asked, count_hits, w, error);
}

static hb_status run_unseen(work *w, hb_error *error) {
  w->f->has_unseen = w->repeated_count >= 4;
  if (!w->f->has_unseen) return HB_OK;
  hb_status status = HB_OK;
  for (uint32_t half = 0; half < 2 && status == HB_OK; half++) {
    status = run_half(w, half, error);
    progress_step(&w->progress);
  }
  for (uint32_t i = 0; i < w->images.count; i++) w->asked[i] = is_in_half(w, i, 0) || is_in_half(w, i, 1);
  return status == HB_OK ? summarise(w, &w->f->unseen, error) : status;
}

static hb_status run(work *w, hb_error *error) {
  hb_status status = number_labels(w, error);
  if (status == HB_OK && w->label_count == 0)
    status = hb_fail(error, HB_INVALID_ARGUMENT, "--folds counts right labels, and the bundle has none");
  if (status == HB_OK) status = embed_all(w, error);
  if (status != HB_OK) return status;
  progress_start(&w->progress, "learning and searching", w->f->folds + 2);
  status = run_seen(w, error);
  if (status == HB_OK) status = run_unseen(w, error);
  progress_end(&w->progress);
  return status;
}

hb_status folds_run(folds *f, hb_error *error) {
  const uint32_t count = hb_catalog_count(f->catalog);
  work w = {.f = f,
            .images = {.catalog = f->catalog,
                       .count = count,
                       .features = malloc((size_t)count * HB_FEATURES_DIM * sizeof(float)),
                       .model = f->model,
                       .head = f->head,
                       .encoding = hb_index_encoding(f->index),
                       .k = f->k,
                       .threads = f->threads},
            .label_of = calloc(count, sizeof *w.label_of),
            .hits = calloc(count, sizeof *w.hits),
            .is_in = calloc(count, sizeof *w.is_in),
            .asked = calloc(count, sizeof *w.asked)};
  const bool allocated = w.images.features && w.label_of && w.hits && w.is_in && w.asked;
  hb_status status = allocated ? run(&w, error) : hb_fail_memory(error);
  free(w.images.features);
  free(w.label_of);
  free(w.repeated);
  free(w.hits);
  free(w.is_in);
  free(w.asked);
  return status;
}
