#include "update.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "progress.h"

/* An image or a vector on its way to the builder. */
typedef struct {
  const char *path, *label;
  uint64_t content;
  image_fate fate;
  uint32_t number; /* in the base, unless the fate is IMAGE_ADDED */
} arrival;

typedef struct {
  const update_target *target;
  const image_files *images;
  embedder *embedder;
  bool thumbs;
  image_task *tasks; /* [CHUNK_IMAGES], as are the next two */
  arrival *arrivals;
  float *features;
  uint64_t *contents; /* [images]: the contents of those that the bundle has */
  uint32_t content_count;
} update;

static void count_fate(update_tally *tally, image_fate fate) {
  switch (fate) {
    case IMAGE_ADDED: tally->added++; break;
    case IMAGE_CHANGED: tally->changed++; break;
    case IMAGE_KEPT: tally->kept++; break;
    case IMAGE_MOVED: tally->moved++; break;
  }
}

static bool is_known(const arrival *a) { return a->fate == IMAGE_KEPT || a->fate == IMAGE_MOVED; }

/* Brings an image to the builder. Its `features` are not read if the base has it. */
static hb_status hand_over(const update_target *t, const arrival *a, const float *features, hb_error *error) {
  hb_status status = is_known(a) ? hb_builder_keep(t->builder, t->base->catalog, a->number, a->path, a->label, error)
                                 : hb_builder_add(t->builder, features, a->path, a->label, a->content, error);
  if (status != HB_OK) return status;
  if (a->fate != IMAGE_ADDED) existing_keep(t->base, a->number);
  count_fate(t->tally, a->fate);
  return HB_OK;
}

/* Returns true if an image is to be skipped: it cannot be read, and the machine has not failed. */
static bool is_its_own_fault(hb_status status) { return status != HB_OUT_OF_MEMORY && status != HB_INTERNAL; }

static hb_status add_skipped(update_tally *tally, const image_task *task, hb_error *error) {
  skipped_image *skipped = realloc(tally->skipped, (tally->skipped_count + (size_t)1) * sizeof *skipped);
  if (skipped == NULL) return hb_fail_memory(error);
  tally->skipped = skipped;
  char *reason = strdup(task->error.text);
  if (reason == NULL) return hb_fail_memory(error);
  tally->skipped[tally->skipped_count++] = (skipped_image){task->path, reason};
  return HB_OK;
}

static float *features_of(const update *u, uint32_t i) { return u->features + (size_t)i * HB_FEATURES_DIM; }

/* Pictures with equal content share a thumbnail, which the first of them makes. */
static bool is_first_of_content(const image_task *tasks, uint32_t i) {
  for (uint32_t j = 0; j < i; j++)
    if (tasks[j].thumb && tasks[j].content == tasks[i].content) return false;
  return true;
}

static void plan(update *u, uint32_t first, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    image_task *task = &u->tasks[i];
    if (task->error.status != HB_OK) continue;
    arrival *a = &u->arrivals[i];
    *a = (arrival){task->path, u->images->labels[first + i], task->content, IMAGE_ADDED, 0};
    a->fate = existing_find(u->target->base, a->path, a->content, &a->number);
    task->embed = !is_known(a) && !journal_find(u->target->journal, a->content, features_of(u, i));
    task->thumb = u->thumbs && is_first_of_content(u->tasks, i);
  }
}

/* Brings an image to the builder, or skips it, after the embedder is done with it. */
static hb_status settle(update *u, uint32_t i, hb_error *error) {
  const update_target *t = u->target;
  const image_task *task = &u->tasks[i];
  if (task->error.status != HB_OK && !is_its_own_fault(task->error.status))
    return hb_fail(error, task->error.status, "%.150s: %.240s", task->path, task->error.text);
  if (task->error.status != HB_OK) return add_skipped(t->tally, task, error);
  if (task->embed) journal_add(t->journal, task->content, features_of(u, i));
  t->tally->embedded += task->embed;
  t->tally->resumed += !task->embed && !is_known(&u->arrivals[i]);
  u->contents[u->content_count++] = task->content;
  return hand_over(t, &u->arrivals[i], features_of(u, i), error);
}

static hb_status update_chunk(update *u, uint32_t first, uint32_t count, hb_error *error) {
  for (uint32_t i = 0; i < count; i++) u->tasks[i] = (image_task){.path = u->images->paths[first + i]};
  embedder_read(u->embedder, u->tasks, count);
  plan(u, first, count);
  hb_status status = embedder_finish(u->embedder, u->tasks, count, u->features, error);
  for (uint32_t i = 0; i < count && status == HB_OK; i++) status = settle(u, i, error);
  journal_sync(u->target->journal);
  return status;
}

static int compare_contents(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint32_t count_copies(uint64_t *contents, uint32_t count) {
  uint32_t copies = 0;
  if (count > 0) qsort(contents, count, sizeof *contents, compare_contents);
  for (uint32_t i = 1; i < count; i++) copies += contents[i] == contents[i - 1];
  return copies;
}

static hb_status update_all(update *u, hb_error *error) {
  u->tasks = calloc(CHUNK_IMAGES, sizeof *u->tasks);
  u->arrivals = calloc(CHUNK_IMAGES, sizeof *u->arrivals);
  u->features = malloc(CHUNK_IMAGES * HB_FEATURES_DIM * sizeof *u->features);
  uint32_t total = u->images->count;
  u->contents = malloc(total * sizeof *u->contents);
  hb_status status = u->tasks && u->arrivals && u->features && u->contents ? HB_OK : hb_fail_memory(error);
  for (uint32_t first = 0; first < total && status == HB_OK; first += CHUNK_IMAGES)
    status = update_chunk(u, first, total - first < CHUNK_IMAGES ? total - first : CHUNK_IMAGES, error);
  free(u->tasks);
  free(u->arrivals);
  free(u->features);
  if (status == HB_OK) u->target->tally->copies = count_copies(u->contents, u->content_count);
  free(u->contents);
  return status;
}

hb_status update_images(const update_target *target, const image_files *images, const embed_options *options,
                        hb_error *error) {
  update u = {.target = target, .images = images, .thumbs = options->thumbs.pixels > 0};
  hb_status status = embedder_create(options, images->count, &u.embedder, error);
  if (status != HB_OK) return status;
  status = update_all(&u, error);
  target->tally->times = embedder_times(u.embedder);
  target->tally->removed = existing_removed(target->base);
  embedder_free(u.embedder);
  return status;
}

static hb_status update_vector(const update_target *t, npy_file *vectors, const vector_ids *ids, uint32_t number,
                               float *row, hb_error *error) {
  size_t size = npy_dim(vectors) * sizeof *row;
  hb_status status = npy_row(vectors, number, row, error);
  if (status != HB_OK) return status;
  arrival a = {ids->paths[number], ids->labels[number], content_of(row, size), IMAGE_ADDED, 0};
  a.fate = existing_find(t->base, a.path, a.content, &a.number);
  return hand_over(t, &a, row, error);
}

hb_status update_vectors(const update_target *target, npy_file *vectors, const vector_ids *ids, hb_error *error) {
  float *row = malloc(npy_dim(vectors) * sizeof *row);
  if (row == NULL) return hb_fail_memory(error);
  hb_status status = HB_OK;
  progress p;
  progress_start(&p, "reading", ids->count);
  for (uint32_t i = 0; i < ids->count && status == HB_OK; i++) {
    status = update_vector(target, vectors, ids, ids->order[i], row, error);
    progress_step(&p);
  }
  progress_end(&p);
  free(row);
  target->tally->times.milliseconds = hb_clock_milliseconds() - p.started;
  target->tally->removed = existing_removed(target->base);
  return status;
}

void update_tally_free(update_tally *tally) {
  for (uint32_t i = 0; i < tally->skipped_count; i++) free(tally->skipped[i].reason);
  free(tally->skipped);
  *tally = (update_tally){0};
}
