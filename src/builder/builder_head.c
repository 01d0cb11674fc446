#include "builder/builder_head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "builder/build_options.h"
#include "model/model.h"
#include "vector/head_learn.h"
#include "vector/head_make.h"
#include "vector/prepared_features.h"

/* From so many labels on a head that was learned from them also serves pictures of other things. Learned from 10, it
 * finds 0.81 of those where pca finds 0.87, from 20, 0.87 where pca finds 0.88; pictures of these labels are found
 * better from two labels on (Caltech-101, precision@4). */
#define LABELS_LEAST 20

hb_status hb_builder_fail_base(const hb_build_options *options, const char *what, hb_error *error) {
  return hb_fail(error, HB_INVALID_ARGUMENT,
                 "cannot update bundle '%.200s': it was built with a different %s; use --fresh", options->base, what);
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

/* ---- Creation ---- */

static bool is_made_of_images(hb_head_kind kind) {
  return kind == HB_HEAD_SVD || kind == HB_HEAD_PCA || kind == HB_HEAD_LDA || kind == HB_HEAD_DISCRIMINANT;
}

static hb_status wait_for_images(hb_builder_head *h, const char *folder, hb_error *error) {
  char *path = hb_path_join(folder, "features.tmp");
  if (path == NULL) return hb_fail_memory(error);
  hb_status status = hb_temporary_rows_create(path, HB_FEATURES_DIM * sizeof(float), &h->features, error);
  free(path);
  return status;
}

static hb_status take_from_base(hb_builder_head *h, const hb_index *base, hb_error *error) {
  if (base->head != NULL) return hb_head_copy(base->head, &h->head, error);
  hb_status status = hb_model_need_logits(h->options->model, hb_head_name(base->head_kind), error);
  return status == HB_OK ? hb_head_copy(hb_model_logits(h->options->model), &h->head, error) : status;
}

/* Opens a head that no collection is needed for. */
static hb_status open_head(hb_builder_head *h, const hb_index *base, hb_error *error) {
  const hb_build_options *o = h->options;
  hb_status status = hb_head_open(o->model, o->head, &h->head, error);
  if (status == HB_OK) status = round_head(h->head, o->encoding, error);
  if (status != HB_OK || base == NULL) return status;
  const bool same = base->head != NULL ? hb_head_equal(base->head, h->head) : base->head_kind == h->head->kind;
  return same ? HB_OK : hb_builder_fail_base(o, "head", error);
}

hb_status hb_builder_head_prepare(hb_builder_head *h, const hb_build_options *o, const hb_index *base,
                                  const char *folder, hb_error *error) {
  *h = (hb_builder_head){.options = o, .kind = HB_HEAD_NONE};
  if (o->model == NULL) return HB_OK;
  if (o->head == NULL) return base != NULL ? take_from_base(h, base, error) : wait_for_images(h, folder, error);
  if (!hb_head_choose(o->head, &h->kind, &h->dim))
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "the head '%.40s' needs another number; use svd:D with D from 1 to %d, or pca:D, lda:D or "
                   "discriminant:D with D from 1 to %d",
                   o->head, HB_EXACT_DIM, HB_FEATURES_DIM);
  if (!is_made_of_images(h->kind)) return open_head(h, base, error);
  hb_status status = h->kind == HB_HEAD_SVD ? hb_model_need_logits(o->model, o->head, error) : HB_OK;
  if (status == HB_OK && base == NULL) status = wait_for_images(h, folder, error);
  if (status != HB_OK || base == NULL) return status;
  if (!hb_index_has_head(base, h->kind, h->dim)) return hb_builder_fail_base(o, "head", error);
  return take_from_base(h, base, error);
}

void hb_builder_head_free(hb_builder_head *h) {
  hb_temporary_rows_free(h->features);
  hb_head_free(h->head);
  *h = (hb_builder_head){0};
}

/* ---- Images ---- */

hb_status hb_builder_head_add(hb_builder_head *h, const float *features, const char *path, hb_error *error) {
  for (int i = 0; i < HB_FEATURES_DIM; i++)
    if (!isfinite(features[i]))
      return hb_fail(error, HB_INVALID_ARGUMENT,
                     "the network gives numbers that are not finite for '%.150s', so that no head can be made of the "
                     "images; leave it out, or use another model",
                     path);
  return hb_temporary_rows_add(h->features, features, error);
}

hb_status hb_builder_head_read(const hb_builder_head *h, uint32_t row, float *features, hb_error *error) {
  return hb_temporary_rows_read(h->features, row, 1, features, error);
}

/* ---- SVD ---- */

static hb_status add_up_moment(const hb_builder_head *h, uint32_t count, const hb_head *exact, double *moment,
                               hb_error *error) {
  float features[HB_FEATURES_DIM], embedding[HB_EXACT_DIM];
  for (uint32_t i = 0; i < count; i++) {
    hb_status status = hb_builder_head_read(h, i, features, error);
    if (status != HB_OK) return status;
    hb_head_apply(exact, features, embedding);
    hb_head_add_moment(embedding, moment);
  }
  return HB_OK;
}

static hb_status make_svd(hb_builder_head *h, const hb_row_store *rows, hb_error *error) {
  hb_head *exact = NULL;
  double *moment = calloc((size_t)HB_EXACT_DIM * HB_EXACT_DIM, sizeof *moment);
  hb_status status = moment != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK) status = hb_head_make_exact(hb_model_logits(h->options->model), &exact, error);
  if (status == HB_OK) status = add_up_moment(h, rows->count, exact, moment, error);
  if (status == HB_OK) status = hb_head_make_svd(exact, moment, h->dim, &h->head, error);
  hb_head_free(exact);
  free(moment);
  return status;
}

/* ---- Learned heads ---- */

/* The images sorted by the numbers of their labels. */
typedef struct {
  uint32_t *rows;  /* [rows] */
  uint32_t *begin; /* [label_count + 1]: where each label's images begin */
} by_label;

static bool is_unlabelled(const hb_row_store *rows, uint32_t label) { return rows->labels[label][0] == '\0'; }

static hb_status sort_by_label(const hb_row_store *rows, by_label *out, hb_error *error) {
  const uint32_t labels = rows->label_count;
  out->rows = malloc((rows->count + (size_t)1) * sizeof *out->rows);
  out->begin = calloc(labels + (size_t)2, sizeof *out->begin);
  if (out->rows == NULL || out->begin == NULL) return hb_fail_memory(error);
  uint32_t *at = out->begin + 1; /* first counts, then cursors, and at the end the beginnings of the next label */
  for (uint32_t i = 0; i < rows->count; i++) at[rows->info[i].label]++;
  for (uint32_t l = 0, place = 0; l < labels; l++) {
    const uint32_t count = at[l];
    at[l] = place;
    place += count;
  }
  for (uint32_t i = 0; i < rows->count; i++) out->rows[at[rows->info[i].label]++] = i;
  return HB_OK;
}

static void by_label_free(by_label *sorted) {
  free(sorted->rows);
  free(sorted->begin);
}

/* Adds the images of a label. The order is that of the labels' numbers, and of paths in them. */
static hb_status add_label(const hb_builder_head *h, const by_label *sorted, uint32_t label, hb_moments *moments,
                           hb_error *error) {
  float features[HB_FEATURES_DIM], prepared[HB_FEATURES_DIM];
  for (uint32_t i = sorted->begin[label]; i < sorted->begin[label + 1]; i++) {
    hb_status status = hb_builder_head_read(h, sorted->rows[i], features, error);
    if (status != HB_OK) return status;
    hb_features_prepare(features, prepared);
    hb_moments_add(moments, prepared);
  }
  return HB_OK;
}

/* Adds up all images for pca, and those with a label for the others. */
static hb_status add_up(const hb_builder_head *h, hb_head_kind kind, const hb_row_store *rows, hb_moments *moments,
                        hb_error *error) {
  by_label sorted = {0};
  hb_status status = sort_by_label(rows, &sorted, error);
  for (uint32_t l = 0; l < rows->label_count && status == HB_OK; l++) {
    if (kind != HB_HEAD_PCA && is_unlabelled(rows, l)) continue;
    status = add_label(h, &sorted, l, moments, error);
    hb_moments_end_label(moments);
  }
  hb_moments_finish(moments);
  by_label_free(&sorted);
  return status;
}

static hb_status to_head(hb_head_kind kind, const hb_learned_head *learned, hb_head **out, hb_error *error) {
  hb_status status = hb_head_create(kind, HB_FEATURES_SQRT, learned->dim, out, error);
  if (status != HB_OK) return status;
  for (size_t r = 0; r < learned->dim; r++) {
    const double *row = learned->rows + r * HB_HEAD_ROW_MAX;
    for (size_t i = 0; i < HB_FEATURES_DIM; i++) (*out)->matrix[r * HB_FEATURES_DIM + i] = (float)row[i];
    (*out)->bias[r] = (float)row[HB_FEATURES_DIM];
  }
  return HB_OK;
}

static hb_status learn(hb_builder_head *h, hb_head_kind kind, uint32_t dim, const hb_row_store *rows, hb_error *error) {
  hb_moments moments;
  hb_learned_head learned = {0};
  hb_status status = hb_moments_create(&moments, error);
  if (status == HB_OK) status = add_up(h, kind, rows, &moments, error);
  if (status == HB_OK) status = hb_head_learn(kind, dim, &moments, &learned, error);
  if (status == HB_OK) status = to_head(kind, &learned, &h->head, error);
  free(learned.rows);
  hb_moments_free(&moments);
  return status;
}

/* ---- Choice ---- */

/* Returns how many labels have two images of different content. */
static hb_status count_repeated(const hb_row_store *rows, uint32_t *out, hb_error *error) {
  enum { NEVER, ONCE, REPEATED };
  uint64_t *first = calloc(rows->label_count + (size_t)1, sizeof *first);
  uint8_t *seen = calloc(rows->label_count + (size_t)1, 1);
  if (first == NULL || seen == NULL) return free(first), free(seen), hb_fail_memory(error);
  *out = 0;
  for (uint32_t i = 0; i < rows->count; i++) {
    const uint32_t label = rows->info[i].label;
    if (seen[label] == REPEATED || is_unlabelled(rows, label)) continue;
    if (seen[label] == ONCE && first[label] != rows->info[i].content) seen[label] = REPEATED, ++*out;
    if (seen[label] == NEVER) seen[label] = ONCE, first[label] = rows->info[i].content;
  }
  free(first);
  free(seen);
  return HB_OK;
}

/* Learns from labels if there are enough. If these teach nothing nevertheless, a head without them always can. */
static hb_status make_usual(hb_builder_head *h, const hb_row_store *rows, hb_error *error) {
  uint32_t repeated;
  hb_status status = count_repeated(rows, &repeated, error);
  if (status != HB_OK) return status;
  if (repeated >= LABELS_LEAST) {
    status = learn(h, HB_HEAD_DISCRIMINANT, HB_LEARNED_DIM, rows, error);
    if (status != HB_INVALID_ARGUMENT) return status;
  }
  return learn(h, HB_HEAD_PCA, HB_LEARNED_DIM, rows, error);
}

hb_status hb_builder_head_make(hb_builder_head *h, const hb_row_store *rows, hb_error *error) {
  if (rows->count == 0) return hb_fail(error, HB_INVALID_ARGUMENT, "there are no images to index");
  hb_build_report_stage(h->options, "making the head");
  hb_status status = h->kind == HB_HEAD_NONE  ? make_usual(h, rows, error)
                     : h->kind == HB_HEAD_SVD ? make_svd(h, rows, error)
                                              : learn(h, h->kind, h->dim, rows, error);
  return status == HB_OK ? round_head(h->head, h->options->encoding, error) : status;
}
