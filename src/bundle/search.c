/* Runs a search: plans which lists to probe, scans those that are there, and keeps what was found so far. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bundle/bundle_files.h"
#include "bundle/distinct.h"

struct hb_search {
  hb_index *index;
  uint32_t k, step; /* `step`: lists in a round of probing */
  bool insists;     /* further rounds follow until k results are found */
  bool distinct;    /* `contents` takes the place of `top` */
  hb_ivf_filter filter;
  float *vector; /* [dim]: the query */
  hb_query query;
  float *scores;      /* [longest list] */
  float *list_scores; /* [nlist] */
  hb_hit *order;      /* [nlist] */
  bool *scanned;      /* [nlist], by place in `order` */
  uint32_t *asked;    /* [file_count]: the value of `runs` when the file was last found missing */
  uint32_t runs;      /* passes over the planned lists */
  uint64_t *labels;   /* a bit for each label */
  hb_topk top;        /* ids are positions, also in the next */
  hb_distinct contents;
  hb_hit *sorted;   /* [capacity] */
  uint32_t *copies; /* [capacity]: copies of these */
  hb_hit *resolved; /* [capacity]: the hits that results[] stand for */
  hb_result *results;
  uint32_t capacity; /* the room in top.hits, sorted, copies and resolved */
  uint32_t result_count;
  char *paths; /* the paths of the results, copied, because lists may be released */
  hb_search_report report;
};

/* ---- Creation ---- */

hb_status hb_search_create(hb_index *index, hb_search **out, hb_error *error) {
  hb_status status = hb_index_check_ready(index, error);
  if (status != HB_OK) return status;
  hb_search *s = calloc(1, sizeof *s);
  if (s == NULL) return hb_fail_memory(error);
  s->index = index;
  s->vector = malloc(index->dim * sizeof *s->vector);
  s->scores = malloc((index->longest + 1) * sizeof *s->scores);
  s->list_scores = malloc(index->nlist * sizeof *s->list_scores);
  s->order = malloc(index->nlist * sizeof *s->order);
  s->scanned = malloc(index->nlist * sizeof *s->scanned);
  s->asked = calloc(index->file_count, sizeof *s->asked);
  s->labels = malloc((index->label_count / 64 + 1) * sizeof *s->labels);
  bool enough = s->vector && s->scores && s->list_scores && s->order && s->scanned && s->asked && s->labels;
  status = enough ? hb_query_create(index->encoding, index->dim, &s->query, error) : hb_fail_memory(error);
  if (status != HB_OK) return hb_search_free(s), status;
  *out = s;
  return HB_OK;
}

void hb_search_free(hb_search *s) {
  if (s == NULL) return;
  hb_query_free(&s->query);
  free(s->vector);
  free(s->scores);
  free(s->list_scores);
  free(s->order);
  free(s->scanned);
  free(s->asked);
  free(s->labels);
  free(s->top.hits);
  hb_distinct_free(&s->contents);
  free(s->sorted);
  free(s->copies);
  free(s->resolved);
  free(s->results);
  free(s->paths);
  free(s);
}

/* ---- Start ---- */

static hb_status check_options(const hb_index *index, const hb_search_options *options, hb_error *error) {
  if (options->k < 1 || options->k > HB_K_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "k must be from 1 to %d, not %u", HB_K_MAX, options->k);
  if (!options->exact && options->nprobe > index->nlist)
    return hb_fail(error, HB_INVALID_ARGUMENT, "nprobe must be from 1 to %u, the number of lists, not %u", index->nlist,
                   options->nprobe);
  if (options->has_min_score && !(options->min_score >= -1 && options->min_score <= 1))
    return hb_fail(error, HB_INVALID_ARGUMENT, "the minimum score must be from -1 to 1, not %g",
                   (double)options->min_score);
  return HB_OK;
}

static hb_status allow_labels(hb_search *s, const hb_search_options *options, hb_error *error) {
  memset(s->labels, 0, (s->index->label_count / 64 + 1) * sizeof *s->labels);
  for (size_t l = 0; l < options->label_count; l++) {
    uint32_t number = hb_index_find_label(s->index, options->labels[l]);
    if (number == UINT32_MAX)
      return hb_fail(error, HB_INVALID_ARGUMENT, "the index has no label '%.100s'", options->labels[l]);
    s->labels[number / 64] |= (uint64_t)1 << number % 64;
  }
  return HB_OK;
}

static bool grow(void *array, size_t count, size_t size) {
  void **pointer = array;
  void *grown = realloc(*pointer, count * size);
  if (grown != NULL) *pointer = grown;
  return grown != NULL;
}

static hb_status reserve(hb_search *s, uint32_t k, hb_error *error) {
  if (k <= s->capacity) return HB_OK;
  if (!grow(&s->top.hits, k, sizeof *s->top.hits) || !grow(&s->sorted, k, sizeof *s->sorted) ||
      !grow(&s->copies, k, sizeof *s->copies) || !grow(&s->resolved, k, sizeof *s->resolved))
    return hb_fail_memory(error);
  s->capacity = k;
  return HB_OK;
}

hb_status hb_search_start(hb_search *s, const float *query, const hb_search_options *options, hb_error *error) {
  const hb_index *index = s->index;
  s->report = (hb_search_report){0}; /* a search that does not start has no plan and no results */
  s->result_count = s->top.count = s->contents.count = 0;
  s->insists = false;
  hb_status status = check_options(index, options, error);
  if (status == HB_OK && options->label_count > 0) status = allow_labels(s, options, error);
  uint32_t k = options->k < index->count ? options->k : index->count;
  if (status == HB_OK) status = reserve(s, k, error);
  if (status == HB_OK && options->distinct && !hb_distinct_reserve(&s->contents, k)) status = hb_fail_memory(error);
  if (status != HB_OK) return status;
  double started = hb_clock_milliseconds();
  s->k = s->top.k = k;
  s->distinct = options->distinct;
  hb_distinct_start(&s->contents, k);
  const bool by_label = options->label_count > 0;
  s->insists = by_label || options->distinct;
  s->filter = (hb_ivf_filter){by_label ? s->labels : NULL, options->has_min_score ? options->min_score : -INFINITY};
  s->step = options->exact ? index->nlist : options->nprobe > 0 ? options->nprobe : index->nprobe;
  memcpy(s->vector, query, index->dim * sizeof *s->vector);
  hb_query_set(&s->query, s->vector);
  hb_ivf_order(&index->centroids, &s->query, s->insists ? index->nlist : s->step, s->list_scores, s->order);
  memset(s->scanned, 0, index->nlist * sizeof *s->scanned);
  s->report.planned = s->step;
  s->report.scan = hb_clock_milliseconds() - started;
  return HB_OK;
}

/* ---- Run ---- */

/* Returns true for the first call with this file after s->runs has changed. */
static bool is_first(hb_search *s, uint32_t file) {
  const bool first = s->asked[file] != s->runs;
  s->asked[file] = s->runs;
  return first;
}

static void scan_distinct(hb_search *s, const hb_bundle_list *list) {
  const hb_ivf_list *ivf = &list->ivf;
  hb_rows_score(&ivf->rows, 0, ivf->rows.count, &s->query, s->scores);
  for (uint32_t i = 0; i < ivf->rows.count; i++)
    if (hb_ivf_passes(&s->filter, s->scores[i], ivf->labels[i]))
      hb_distinct_offer(&s->contents, (hb_hit){s->scores[i], ivf->first + i}, list->contents[i]);
}

/* Scans the planned lists that are there. Sets *missing to the number of files that have the others. */
static hb_status scan_planned(hb_search *s, uint32_t *missing, hb_error *error) {
  s->runs++;
  *missing = 0;
  for (uint32_t i = 0; i < s->report.planned; i++) {
    if (s->scanned[i]) continue;
    hb_bundle_list *list = &s->index->lists[s->order[i].id];
    bool absent;
    hb_status status = hb_index_load_list(s->index, s->order[i].id, &absent, error);
    if (status != HB_OK) return status;
    if (absent) {
      *missing += is_first(s, list->file);
      continue;
    }
    if (s->distinct)
      scan_distinct(s, list);
    else
      hb_ivf_scan(&list->ivf, &s->query, &s->filter, s->scores, &s->top);
    s->scanned[i] = true;
    s->report.nprobe++;
    s->report.scanned += list->count;
  }
  return HB_OK;
}

static size_t path_bytes(const hb_search *s, uint32_t position) {
  const hb_bundle_list *list = &s->index->lists[hb_index_list_at(s->index, position)];
  return strlen(list->text + list->paths[position - list->ivf.first]) + 1;
}

static hb_result look_up(const hb_search *s, hb_hit hit) {
  const hb_bundle_list *list = &s->index->lists[hb_index_list_at(s->index, hit.id)];
  uint32_t row = hit.id - list->ivf.first;
  return (hb_result){.id = list->ids[row],
                     .score = hit.score,
                     .path = list->text + list->paths[row],
                     .label = s->index->labels[list->ivf.labels[row]],
                     .content = list->contents[row]};
}

/* Returns true if the next of the earlier results is this hit. Both are sorted in one order, which what stays keeps. */
static bool was_resolved(const hb_search *s, hb_hit hit, uint32_t *old) {
  while (*old < s->result_count && hb_hit_is_better(s->resolved[*old], hit)) (*old)++;
  return *old < s->result_count && s->resolved[*old].id == hit.id;
}

/* Returns the number of hits so far. */
static uint32_t hit_count(hb_search *s) {
  if (s->distinct) hb_distinct_sort(&s->contents);
  return s->distinct ? s->contents.count : s->top.count;
}

/* Puts the hits into `sorted` and `copies`, the best first. */
static void sort_hits(hb_search *s, uint32_t count) {
  for (uint32_t i = 0; i < count && s->distinct; i++)
    s->sorted[i] = s->contents.hits[i].hit, s->copies[i] = s->contents.hits[i].copies;
  if (s->distinct) return;
  memcpy(s->sorted, s->top.hits, count * sizeof *s->sorted);
  memset(s->copies, 0, count * sizeof *s->copies);
  hb_topk sorted = {s->sorted, s->k, count};
  hb_topk_sort(&sorted);
}

/* Makes the results of the current hits. Copies their paths from the lists, which are there for every new hit, or from
 * the earlier results. */
static hb_status resolve(hb_search *s, hb_error *error) {
  if (s->capacity == 0) return HB_OK; /* never started */
  const uint32_t count = hit_count(s);
  uint32_t old = 0;
  size_t bytes = 1;
  sort_hits(s, count);
  for (uint32_t i = 0; i < count; i++)
    bytes += was_resolved(s, s->sorted[i], &old) ? strlen(s->results[old].path) + 1 : path_bytes(s, s->sorted[i].id);
  char *paths = malloc(bytes), *at = paths;
  hb_result *results = malloc((count + 1) * sizeof *results);
  if (paths == NULL || results == NULL) return free(paths), free(results), hb_fail_memory(error);
  old = 0;
  for (uint32_t i = 0; i < count; i++) {
    results[i] = was_resolved(s, s->sorted[i], &old) ? s->results[old] : look_up(s, s->sorted[i]);
    size_t length = strlen(results[i].path) + 1;
    results[i].path = memcpy(at, results[i].path, length);
    results[i].copies = s->copies[i];
    at += length;
  }
  memcpy(s->resolved, s->sorted, count * sizeof *s->resolved);
  free(s->paths);
  free(s->results);
  s->paths = paths;
  s->results = results;
  s->result_count = count;
  return HB_OK;
}

/* Forgets everything after a failure, so that the next run starts again: hits without results are lost with their
 * lists.
 */
static void forget(hb_search *s) {
  memset(s->scanned, 0, s->index->nlist * sizeof *s->scanned);
  hb_distinct_start(&s->contents, s->k);
  s->result_count = s->top.count = s->report.nprobe = s->report.scanned = 0;
}

/* Plans as many lists again if labels or copies leave too few results in the probed ones. */
static bool plan_more(hb_search *s) {
  uint32_t nlist = s->index->nlist;
  if (!s->insists || s->report.planned == nlist || hit_count(s) >= s->k) return false;
  s->report.planned = nlist - s->report.planned < s->step ? nlist : s->report.planned + s->step;
  return true;
}

/* Writes the numbers of the files of all lists that were not scanned, that of the nearest list first. */
static void name_missing(hb_search *s, uint32_t *missing, uint32_t capacity) {
  uint32_t count = 0;
  s->runs++;
  for (uint32_t i = 0; i < s->report.planned && count < capacity; i++) {
    const uint32_t file = s->index->lists[s->order[i].id].file;
    if (!s->scanned[i] && is_first(s, file)) missing[count++] = file;
  }
}

hb_status hb_search_run(hb_search *s, uint32_t *missing, uint32_t capacity, uint32_t *missing_count, hb_error *error) {
  double started = hb_clock_milliseconds();
  uint32_t count;
  hb_status status;
  do {
    status = scan_planned(s, &count, error);
  } while (status == HB_OK && count == 0 && plan_more(s));
  hb_status resolved = resolve(s, status == HB_OK ? error : NULL);
  if (resolved != HB_OK) forget(s);
  if (status == HB_OK) status = resolved;
  s->report.scan += hb_clock_milliseconds() - started;
  if (status != HB_OK) return status;
  if (count > 0) name_missing(s, missing, capacity);
  *missing_count = count;
  return HB_OK;
}

uint32_t hb_search_file(const hb_search *s, uint32_t place) {
  return place < s->report.planned ? s->index->lists[s->order[place].id].file : UINT32_MAX;
}

uint32_t hb_search_list(const hb_search *s, uint32_t place) {
  return place < s->report.planned ? s->order[place].id : UINT32_MAX;
}

const hb_result *hb_search_results(hb_search *s, hb_search_report *report) {
  s->report.found = s->result_count;
  *report = s->report;
  return s->results;
}
