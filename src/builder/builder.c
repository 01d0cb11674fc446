/* Builds a bundle: row_store.c collects the images, clusters.c makes lists, nprobe_calibration.c chooses nprobe,
 * bundle_write.c writes the files, and atomic_replace.c puts the folder in its place. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "builder/atomic_replace.h"
#include "builder/build_options.h"
#include "builder/bundle_write.h"
#include "builder/nprobe_calibration.h"
#include "bundle/catalog.h"
#include "model/model.h"
#include "vector/head_make.h"

#define RECALL_TARGET 0.991 /* on a sample, so that it is 0.99 on all images */
#define SVD_PREFIX "svd:"

struct hb_builder {
  const hb_build_options *options;
  char *directory, *partial;
  bool finished;
  hb_index *base;
  hb_head *head; /* as the bundle stores it; NULL without a model, and before an svd head is made */
  hb_row_store rows;
  float *embedding; /* scratch memory for a row, or for the input of a head */
  /* While an svd head waits for all images: */
  uint32_t svd_dim;
  hb_head *exact;
  double *moment;
  hb_temporary_rows *pooled;
};

/* ---- Heads ---- */

static hb_status fail_base(const hb_builder *b, const char *what, hb_error *error) {
  return hb_fail(error, HB_INVALID_ARGUMENT,
                 "cannot update bundle '%.200s': it was built with a different %s; use --fresh", b->options->base,
                 what);
}

/* Rounds the head's numbers to those that a reader of the bundle will see, so that both embed in one way. */
static hb_status round_head(hb_head *head, hb_encoding encoding, hb_error *error) {
  if (head->kind == HB_HEAD_LOGITS) return HB_OK; /* it is not in the bundle */
  void *codes = NULL;
  float *scales = NULL;
  hb_rows rows;
  hb_status status = hb_head_encode(head, encoding, &rows, &codes, &scales, error);
  if (status == HB_OK) hb_head_read_rows(head, &rows);
  free(codes);
  free(scales);
  return status;
}

static hb_status prepare_svd(hb_builder *b, hb_error *error) {
  char *end, *path = hb_path_join(b->partial, "features.tmp");
  const char *digits = b->options->head + strlen(SVD_PREFIX);
  unsigned long dim = strtoul(digits, &end, 10);
  hb_status status = HB_OK;
  if (*digits < '0' || *digits > '9' || *end != '\0' || dim < 1 || dim > HB_EXACT_DIM)
    status = hb_fail(error, HB_INVALID_ARGUMENT, "the head svd:D must have D from 1 to %d, and '%.40s' does not",
                     HB_EXACT_DIM, b->options->head);
  b->svd_dim = (uint32_t)dim;
  b->moment = calloc((size_t)HB_EXACT_DIM * HB_EXACT_DIM, sizeof *b->moment);
  if (status == HB_OK && (b->moment == NULL || path == NULL)) status = hb_fail_memory(error);
  if (status == HB_OK) status = hb_model_need_logits(b->options->model, b->options->head, error);
  if (status == HB_OK) status = hb_head_make_exact(hb_model_logits(b->options->model), &b->exact, error);
  if (status == HB_OK) status = hb_temporary_rows_create(path, HB_POOLED_DIM * sizeof(float), &b->pooled, error);
  free(path);
  return status;
}

static hb_status copy_head(const hb_head *head, hb_head **out, hb_error *error) {
  hb_status status = hb_head_create(head->kind, head->dim, out, error);
  if (status != HB_OK) return status;
  memcpy((*out)->matrix, head->matrix, (size_t)head->dim * HB_POOLED_DIM * sizeof(float));
  memcpy((*out)->bias, head->bias, head->dim * sizeof(float));
  return HB_OK;
}

static bool same_head(const hb_head *a, const hb_head *b) {
  return a->kind == b->kind && a->dim == b->dim &&
         memcmp(a->matrix, b->matrix, (size_t)a->dim * HB_POOLED_DIM * sizeof(float)) == 0 &&
         memcmp(a->bias, b->bias, a->dim * sizeof(float)) == 0;
}

/* Prepares the head. An svd head is taken from the base, or made when all images are known. */
static hb_status prepare_head(hb_builder *b, hb_error *error) {
  const hb_build_options *o = b->options;
  if (o->model == NULL) return HB_OK;
  const hb_index *base = b->base;
  if (strncmp(o->head, SVD_PREFIX, strlen(SVD_PREFIX)) == 0) {
    if (base == NULL) return prepare_svd(b, error);
    uint32_t dim = (uint32_t)strtoul(o->head + strlen(SVD_PREFIX), NULL, 10);
    if (base->head_kind != HB_HEAD_SVD || base->dim != dim) return fail_base(b, "head", error);
    return copy_head(base->head, &b->head, error);
  }
  hb_status status = hb_head_open(o->model, o->head, &b->head, error);
  if (status == HB_OK) status = round_head(b->head, o->encoding, error);
  if (status != HB_OK || base == NULL) return status;
  bool same = base->head != NULL ? same_head(base->head, b->head) : base->head_kind == b->head->kind;
  return same ? HB_OK : fail_base(b, "head", error);
}

static uint32_t dim_of(const hb_builder *b) {
  if (b->options->model == NULL) return b->options->dim;
  return b->head != NULL ? b->head->dim : b->svd_dim;
}

/* Makes the svd head and the rows, because all features are known. */
static hb_status finish_svd(hb_builder *b, hb_error *error) {
  if (b->rows.count == 0) return hb_fail(error, HB_INVALID_ARGUMENT, "there are no images to index");
  hb_build_report_stage(b->options, "making the head");
  hb_status status = hb_head_make_svd(b->exact, b->moment, b->svd_dim, &b->head, error);
  if (status == HB_OK) status = round_head(b->head, b->options->encoding, error);
  float pooled[HB_POOLED_DIM];
  for (uint32_t i = 0; i < b->rows.count && status == HB_OK; i++) {
    status = hb_temporary_rows_read(b->pooled, i, 1, pooled, error);
    if (status != HB_OK) break;
    hb_head_apply(b->head, pooled, b->embedding);
    status = hb_row_store_add_vector(&b->rows, i, b->embedding, error);
  }
  hb_temporary_rows_free(b->pooled);
  b->pooled = NULL;
  return status;
}

/* ---- Creation ---- */

static hb_status open_base(hb_builder *b, hb_error *error) {
  const hb_build_options *o = b->options;
  hb_status status = hb_index_open(o->base, &b->base, error);
  if (status != HB_OK) return status;
  const char *model_id = o->model != NULL ? hb_model_id(o->model) : "";
  if (strcmp(b->base->model_id, model_id) != 0) return fail_base(b, "model", error);
  if (b->base->encoding != o->encoding) return fail_base(b, "storage", error);
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

static hb_status create_rows(hb_builder *b, hb_error *error) {
  uint32_t dim = dim_of(b);
  if (dim < 1 || dim > HB_DIM_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "vectors must have from 1 to %d numbers, not %u", HB_DIM_MAX, dim);
  if (b->base != NULL && b->base->dim != dim) return fail_base(b, "head", error);
  b->embedding = malloc((dim > HB_EXACT_DIM ? dim : HB_EXACT_DIM) * sizeof *b->embedding);
  char *path = hb_path_join(b->partial, "rows.tmp");
  hb_status status = b->embedding != NULL && path != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK) status = hb_row_store_create(&b->rows, b->options->encoding, dim, path, error);
  free(path);
  return status;
}

static hb_status prepare(hb_builder *b, hb_error *error) {
  hb_status status = hb_directory_create(b->partial, error);
  if (status == HB_OK && b->options->base != NULL) status = open_base(b, error);
  if (status == HB_OK) status = prepare_head(b, error);
  if (status == HB_OK) status = create_rows(b, error);
  return status == HB_OK ? take_labels(b, error) : status;
}

static hb_status check_options(const hb_build_options *o, hb_error *error) {
  if (o->image_url == NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "image_url is missing");
  if (o->model != NULL && (o->head == NULL || o->model_url == NULL))
    return hb_fail(error, HB_INVALID_ARGUMENT, "%s is missing", o->head == NULL ? "head" : "model_url");
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
  hb_temporary_rows_free(b->pooled);
  hb_row_store_free(&b->rows);
  if (!b->finished && b->partial != NULL) hb_directory_remove(b->partial, NULL);
  hb_index_free(b->base);
  hb_head_free(b->head);
  hb_head_free(b->exact);
  free(b->moment);
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
  if (b->pooled != NULL) {
    hb_head_apply(b->exact, features, b->embedding);
    hb_head_add_moment(b->embedding, b->moment);
    return hb_temporary_rows_add(b->pooled, features, error);
  }
  if (b->head != NULL) {
    hb_head_apply(b->head, features, b->embedding);
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
  report->nlist = clusters->nlist;
  report->imbalance = clusters->imbalance;
  report->trained_imbalance = clusters->trained_imbalance;
  report->trained = clusters->trained;
  hb_build_report_stage(b->options, "writing");
  const hb_bundle_parts parts = {b->options, &b->rows, clusters, b->head, b->base, report->nprobe};
  return hb_bundle_write(b->partial, &parts, report, error);
}

static hb_status make_bundle(hb_builder *b, pthreadpool_t threads, hb_build_report *report, hb_error *error) {
  hb_clusters clusters;
  hb_status status = b->pooled != NULL ? finish_svd(b, error) : HB_OK;
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
