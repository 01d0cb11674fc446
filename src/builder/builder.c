/* Builds a bundle: row_store.c collects the images, builder_head.c makes the head, clusters.c makes lists,
 * nprobe_calibration.c chooses nprobe, bundle_write.c writes the files, and atomic_replace.c puts the folder in its
 * place. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "builder/atomic_replace.h"
#include "builder/build_options.h"
#include "builder/builder_head.h"
#include "builder/bundle_write.h"
#include "builder/nprobe_calibration.h"
#include "bundle/catalog.h"
#include "model/model.h"

#define RECALL_TARGET 0.991 /* on a sample, so that it is 0.99 on all images */

struct hb_builder {
  const hb_build_options *options;
  char *directory, *partial;
  bool finished;
  hb_index *base;
  hb_builder_head head;
  hb_row_store rows;
  float *embedding; /* scratch memory for a row */
};

/* ---- Creation ---- */

static hb_status open_base(hb_builder *b, hb_error *error) {
  const hb_build_options *o = b->options;
  hb_status status = hb_index_open(o->base, &b->base, error);
  if (status != HB_OK) return status;
  const char *model_id = o->model != NULL ? hb_model_id(o->model) : "";
  if (strcmp(b->base->model_id, model_id) != 0) return hb_builder_fail_base(o, "model", error);
  if (b->base->encoding != o->encoding) return hb_builder_fail_base(o, "storage", error);
  return HB_OK;
}

/* Takes over the labels of the base with their numbers, so that its files need not change. */
static hb_status take_labels(hb_builder *b, hb_error *error) {
  hb_status status = HB_OK;
  uint32_t number;
  for (uint32_t l = 0; b->base != NULL && l < b->base->label_count && status == HB_OK; l++)
    status = hb_row_store_label(&b->rows, b->base->labels[l], &number, error);
  return status;
}

/* Begins to store vectors, whose size is known as soon as there is a head. */
static hb_status start_rows(hb_builder *b, hb_error *error) {
  const uint32_t dim = b->options->model == NULL ? b->options->dim : b->head.head->dim;
  if (dim < 1 || dim > HB_DIM_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "vectors must have from 1 to %d numbers, not %u", HB_DIM_MAX, dim);
  if (b->base != NULL && b->base->dim != dim) return hb_builder_fail_base(b->options, "head", error);
  b->embedding = malloc(dim * sizeof *b->embedding);
  char *path = hb_path_join(b->partial, "rows.tmp");
  hb_status status = b->embedding != NULL && path != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK) status = hb_row_store_start(&b->rows, dim, path, error);
  free(path);
  return status;
}

static hb_status prepare(hb_builder *b, hb_error *error) {
  hb_status status = hb_directory_create(b->partial, error);
  if (status == HB_OK && b->options->base != NULL) status = open_base(b, error);
  b->rows.encoding = b->options->encoding;
  if (status == HB_OK) status = hb_builder_head_prepare(&b->head, b->options, b->base, b->partial, error);
  if (status == HB_OK && b->head.features == NULL) status = start_rows(b, error);
  return status == HB_OK ? take_labels(b, error) : status;
}

static hb_status check_options(const hb_build_options *o, hb_error *error) {
  if (o->image_url == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "image_url is missing");
  if (o->model != NULL && o->model_url == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "model_url is missing");
  if (o->shard_bytes > UINT32_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "shard_bytes is %zu, and must be at most %u", o->shard_bytes,
                   UINT32_MAX);
  return HB_OK;
}

hb_status hb_builder_create(const char *directory, const hb_build_options *options, hb_builder **out, hb_error *error) {
  hb_status status = check_options(options, error);
  if (status == HB_OK) status = hb_builder_check_target(directory, error);
  if (status != HB_OK) return status;
  hb_builder *b = calloc(1, sizeof *b);
  if (b == NULL) return hb_fail_memory(error);
  b->options = options;
  status = hb_path_resolve(directory, &b->directory, error);
  if (status != HB_OK) return hb_builder_free(b), status;
  b->partial = hb_path_beside(b->directory, "partial");
  status = b->partial != NULL ? prepare(b, error) : hb_fail_memory(error);
  if (status != HB_OK) return hb_builder_free(b), status;
  *out = b;
  return HB_OK;
}

const char *hb_builder_directory(const hb_builder *builder) { return builder->partial; }

void hb_builder_free(hb_builder *b) {
  if (b == NULL) return;
  hb_row_store_free(&b->rows);
  if (!b->finished && b->partial != NULL) hb_directory_remove(b->partial, NULL);
  hb_index_free(b->base);
  hb_builder_head_free(&b->head);
  free(b->embedding);
  free(b->directory);
  free(b->partial);
  free(b);
}

/* ---- Images ---- */

hb_status hb_builder_add(hb_builder *b, const float *features, const char *path, const char *label, uint64_t content,
                         hb_error *error) {
  uint32_t row = b->rows.count;
  hb_status status = hb_row_store_name(&b->rows, path, label, content, HB_ID_NEW, error);
  if (status != HB_OK) return status;
  if (b->head.features != NULL) return hb_builder_head_add(&b->head, features, path, error);
  if (b->head.head != NULL) {
    hb_head_apply(b->head.head, features, b->embedding);
  } else {
    memcpy(b->embedding, features, b->rows.dim * sizeof *features);
    hb_vector_normalize(b->embedding, b->rows.dim);
  }
  return hb_row_store_add_vector(&b->rows, row, b->embedding, error);
}

hb_status hb_builder_keep(hb_builder *b, const hb_catalog *base, uint32_t number, const char *path, const char *label,
                          hb_error *error) {
  hb_rows stored = hb_catalog_row(base, number);
  if (b->base == NULL || stored.dim != b->rows.dim || stored.encoding != b->rows.encoding)
    return hb_fail(error, HB_INVALID_ARGUMENT, "only images of the base can be kept");
  hb_entry entry = hb_catalog_entry(base, number);
  uint32_t row = b->rows.count;
  hb_status status = hb_row_store_name(&b->rows, path, label, entry.content, entry.id, error);
  if (status != HB_OK) return status;
  b->rows.info[row].moved = strcmp(entry.path, path) != 0;
  return hb_row_store_add_codes(&b->rows, row, &stored, error);
}

/* ---- End ---- */

/* Makes the head, because all features are known, and with it the vectors. */
static hb_status make_head(hb_builder *b, hb_error *error) {
  float features[HB_FEATURES_DIM];
  hb_status status = hb_builder_head_make(&b->head, &b->rows, error);
  if (status == HB_OK) status = start_rows(b, error);
  for (uint32_t i = 0; i < b->rows.count && status == HB_OK; i++) {
    status = hb_builder_head_read(&b->head, i, features, error);
    if (status != HB_OK) break;
    hb_head_apply(b->head.head, features, b->embedding);
    status = hb_row_store_add_vector(&b->rows, i, b->embedding, error);
  }
  hb_temporary_rows_free(b->head.features);
  b->head.features = NULL;
  return status;
}

static hb_status write_lists(hb_builder *b, pthreadpool_t threads, hb_clusters *clusters, hb_build_report *report,
                             hb_error *error) {
  double wanted = b->options->recall > 0 ? b->options->recall : RECALL_TARGET;
  hb_status status =
      clusters->trained ? hb_row_store_renumber(&b->rows, error) : hb_row_store_give_ids(&b->rows, error);
  hb_build_report_stage(b->options, "measuring recall");
  if (status == HB_OK) status = hb_nprobe_calibrate(&b->rows, clusters, wanted, threads, report, error);
  if (status != HB_OK) return status;
  report->count = b->rows.count;
  report->dim = b->rows.dim;
  report->head = b->head.head != NULL ? b->head.head->kind : HB_HEAD_NONE;
  report->nlist = clusters->nlist;
  report->imbalance = clusters->imbalance;
  report->trained_imbalance = clusters->trained_imbalance;
  report->trained = clusters->trained;
  hb_build_report_stage(b->options, "writing");
  const hb_bundle_parts parts = {b->options, &b->rows, clusters, b->head.head, b->base, report->nprobe};
  return hb_bundle_write(b->partial, &parts, report, error);
}

static hb_status make_bundle(hb_builder *b, pthreadpool_t threads, hb_build_report *report, hb_error *error) {
  hb_clusters clusters;
  hb_status status = b->head.features != NULL ? make_head(b, error) : HB_OK;
  const hb_index *base = b->options->retrain ? NULL : b->base;
  if (status == HB_OK) status = hb_clusters_create(&b->rows, b->options, base, threads, &clusters, error);
  if (status != HB_OK) return status;
  status = write_lists(b, threads, &clusters, report, error);
  hb_clusters_free(&clusters);
  return status;
}

hb_status hb_builder_finish(hb_builder *b, hb_build_report *report, hb_error *error) {
  hb_build_report made = {0};
  pthreadpool_t threads = b->options->threads > 1 ? pthreadpool_create(b->options->threads) : NULL;
  hb_status status = make_bundle(b, threads, &made, error);
  pthreadpool_destroy(threads);
  if (status == HB_OK) status = hb_atomic_replace(b->partial, b->directory, error);
  if (status != HB_OK) return status;
  b->finished = true;
  if (report != NULL) *report = made;
  return HB_OK;
}
