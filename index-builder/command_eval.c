/* Every image of a bundle asks for the images like it, itself left out; the answers are held against exact search
 * (recall) and against the labels (precision, mean average precision). */
#include <pthreadpool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "progress.h"
#include "text.h"
#include "topk.h"

#define K_MAX 100
#define PROBES_MAX 20

typedef struct {
  double hits;    /* of the k nearest, those with the image's own label */
  double average; /* precision averaged over all images of its label (AP) */
  bool same;      /* the k nearest are the other bundle's, in order */
} image_figures;

/* What a thread owns. */
typedef struct {
  hb_engine *engine, *other;
  float *scores, *other_scores, *relevant;
  uint32_t *ranks;
  hb_result *found;
  uint64_t recalled[PROBES_MAX], scanned[PROBES_MAX];
} worker;

typedef struct {
  const hb_index *index, *against;
  uint32_t k, count, probes, nprobe[PROBES_MAX];
  image_figures *figures; /* by id */
  worker *workers;
  uint32_t threads;
  progress progress;
} evaluation;

/* The k images with the largest scores, best first, without `self`. */
static uint32_t nearest(const float *scores, uint32_t count, uint32_t self, uint32_t k, hb_hit *out) {
  hb_topk top = {out, k, 0};
  for (uint32_t id = 0; id < count; id++)
    if (id != self) hb_topk_offer(&top, (hb_hit){scores[id], id});
  hb_topk_sort(&top);
  return top.count;
}

static bool same_ids(const hb_hit *a, const hb_hit *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a[i].id != b[i].id) return false;
  return true;
}

static bool same_label(const hb_index *index, uint32_t a, uint32_t b) {
  return hb_index_label(index, a) == hb_index_label(index, b);
}

static int descending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

/* Average precision without sorting all scores: an image of the own label that is the n-th of those and has m images
 * of other labels before it adds (n / (n + m)). Equal scores count as before it. */
static double average_precision(const evaluation *e, worker *w, uint32_t id) {
  uint32_t relevant = 0;
  for (uint32_t other = 0; other < e->count; other++)
    if (other != id && same_label(e->index, id, other)) w->relevant[relevant++] = w->scores[other];
  if (relevant == 0) return 0;
  qsort(w->relevant, relevant, sizeof *w->relevant, descending);
  memset(w->ranks, 0, (relevant + 1) * sizeof *w->ranks);
  for (uint32_t other = 0; other < e->count; other++) {
    if (other == id || same_label(e->index, id, other)) continue;
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

/* How many of the true neighbours each nprobe finds, through the same search that visitors use. */
static void measure_recall(const evaluation *e, worker *w, uint32_t id, const hb_hit *truth, uint32_t found) {
  for (uint32_t p = 0; p < e->probes; p++) {
    const hb_search_options options = {.k = e->k + 1, .nprobe = e->nprobe[p]};
    hb_search_report report;
    hb_engine_search(w->engine, hb_index_vector(e->index, id), &options, w->found, &report, NULL);
    w->scanned[p] += report.scanned;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < report.found && taken < e->k; i++) {
      if (w->found[i].id == id) continue;
      taken++;
      for (uint32_t t = 0; t < found; t++) w->recalled[p] += truth[t].id == w->found[i].id;
    }
  }
}

static void evaluate_one(void *context, size_t thread, size_t i) {
  evaluation *e = context;
  worker *w = &e->workers[thread];
  uint32_t id = (uint32_t)i;
  hb_hit truth[K_MAX], other[K_MAX];
  image_figures *f = &e->figures[id];
  hb_engine_scores(w->engine, hb_index_vector(e->index, id), w->scores, NULL);
  uint32_t found = nearest(w->scores, e->count, id, e->k, truth);
  for (uint32_t t = 0; t < found; t++) f->hits += same_label(e->index, id, truth[t].id);
  f->average = average_precision(e, w, id);
  measure_recall(e, w, id, truth, found);
  if (e->against != NULL) {
    hb_engine_scores(w->other, hb_index_vector(e->against, id), w->other_scores, NULL);
    nearest(w->other_scores, e->count, id, e->k, other);
    f->same = same_ids(truth, other, found);
  }
  progress_step(&e->progress);
}

static bool prepare_worker(const evaluation *e, worker *w, hb_error *error) {
  w->scores = malloc(e->count * sizeof *w->scores);
  w->other_scores = malloc(e->count * sizeof *w->other_scores);
  w->relevant = malloc(e->count * sizeof *w->relevant);
  w->ranks = malloc((e->count + 1) * sizeof *w->ranks);
  w->found = malloc((e->k + 1) * sizeof *w->found);
  if (!w->scores || !w->other_scores || !w->relevant || !w->ranks || !w->found) {
    snprintf(error->text, sizeof error->text, "there is not enough memory");
    return false;
  }
  return hb_engine_create(NULL, e->index, &w->engine, error) == HB_OK &&
         (e->against == NULL || hb_engine_create(NULL, e->against, &w->other, error) == HB_OK);
}

static void release_worker(worker *w) {
  hb_engine_free(w->engine);
  hb_engine_free(w->other);
  free(w->scores);
  free(w->other_scores);
  free(w->relevant);
  free(w->ranks);
  free(w->found);
}

/* 1, 2, 4, ... up to nlist, with the default in its place. */
static void choose_probes(evaluation *e) {
  uint32_t nlist = hb_index_nlist(e->index), usual = hb_index_nprobe(e->index);
  for (uint64_t n = 1; n < nlist; n *= 2) {
    if (usual < n && (e->probes == 0 || e->nprobe[e->probes - 1] < usual)) e->nprobe[e->probes++] = usual;
    e->nprobe[e->probes++] = (uint32_t)n;
  }
  if (e->probes == 0 || e->nprobe[e->probes - 1] < usual) e->nprobe[e->probes++] = usual;
  if (e->nprobe[e->probes - 1] < nlist) e->nprobe[e->probes++] = nlist;
}

typedef struct {
  double precision, map, classes_precision, classes_map, same;
  uint32_t classes;
} summary;

/* Averages over images, and over classes so that large classes do not weigh more. Images come in order of paths, so
 * that a class is a run of ids. With `print`, a line a class. */
static summary summarise(const evaluation *e, void (*print)(const char *, uint32_t, double, double)) {
  summary s = {0};
  for (uint32_t first = 0, next; first < e->count; first = next) {
    double hits = 0, average = 0;
    for (next = first; next < e->count && same_label(e->index, first, next); next++) {
      hits += e->figures[next].hits / e->k;
      average += e->figures[next].average;
      s.same += e->figures[next].same;
    }
    double n = next - first;
    s.precision += hits, s.map += average;
    s.classes_precision += hits / n, s.classes_map += average / n;
    s.classes++;
    if (print != NULL) print(hb_index_label(e->index, first), next - first, hits / n, average / n);
  }
  s.precision /= e->count, s.map /= e->count, s.same /= e->count;
  s.classes_precision /= s.classes, s.classes_map /= s.classes;
  return s;
}

static double recall(const evaluation *e, uint32_t probe, double *scanned) {
  uint64_t found = 0, compared = 0;
  for (uint32_t t = 0; t < e->threads; t++) {
    found += e->workers[t].recalled[probe];
    compared += e->workers[t].scanned[probe];
  }
  uint32_t neighbours = e->count - 1 < e->k ? e->count - 1 : e->k;
  *scanned = (double)compared / e->count / e->count;
  return neighbours > 0 ? (double)found / ((double)e->count * neighbours) : 1;
}

static void print_class_text(const char *label, uint32_t images, double precision, double map) {
  printf("  %-20s %5u images  precision %.4f  mAP %.4f\n", label, images, precision, map);
}

static void print_class_json(const char *label, uint32_t images, double precision, double map) {
  hb_text t = {0};
  hb_text_add(&t, "{\"class\":");
  hb_text_add_json(&t, label);
  hb_text_add(&t, ",\"images\":%u,\"precision\":%.6f,\"map\":%.6f}", images, precision, map);
  print_line(&t);
}

static void print_image_json(const evaluation *e, uint32_t id) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_text_add_json(&t, hb_index_path(e->index, id));
  hb_text_add(&t, ",\"precision\":%.4f,\"ap\":%.6f}", e->figures[id].hits / e->k, e->figures[id].average);
  print_line(&t);
}

static void print_json(const evaluation *e, bool images) {
  summary s = summarise(e, NULL);
  printf(
      "{\"count\":%u,\"k\":%u,\"nprobe\":%u,\"precision\":%.6f,\"map\":%.6f,\"classes\":%u,\"class_precision\":%.6f,"
      "\"class_map\":%.6f",
      e->count, e->k, hb_index_nprobe(e->index), s.precision, s.map, s.classes, s.classes_precision, s.classes_map);
  if (e->against != NULL) printf(",\"same\":%.6f", s.same);
  printf(",\"recall\":[");
  for (uint32_t p = 0; p < e->probes; p++) {
    double scanned, r = recall(e, p, &scanned);
    printf("%s{\"nprobe\":%u,\"recall\":%.6f,\"scanned\":%.6f}", p > 0 ? "," : "", e->nprobe[p], r, scanned);
  }
  puts("]}");
  summarise(e, print_class_json);
  for (uint32_t id = 0; images && id < e->count; id++) print_image_json(e, id);
}

static void print_text(const evaluation *e, bool images) {
  (void)images;
  summarise(e, print_class_text);
  summary s = summarise(e, NULL);
  printf("\nexact search, each of %u images left out of its own answer:\n", e->count);
  printf("  precision@%u %.4f an image, %.4f a class (%u classes)\n", e->k, s.precision, s.classes_precision,
         s.classes);
  printf("  mAP         %.4f an image, %.4f a class\n", s.map, s.classes_map);
  if (e->against != NULL)
    printf("  the same top %u, in order, as the other bundle: %.4f of the images\n", e->k, s.same);
  puts("\n  nprobe  recall    scanned");
  for (uint32_t p = 0; p < e->probes; p++) {
    double scanned, r = recall(e, p, &scanned);
    printf("  %6u  %.4f  %7.2f %%%s\n", e->nprobe[p], r, 100 * scanned,
           e->nprobe[p] == hb_index_nprobe(e->index) ? "  (default)" : "");
  }
}

static int evaluate(evaluation *e, bool json, bool images) {
  hb_error error;
  e->count = hb_index_count(e->index);
  if (e->against != NULL && hb_index_count(e->against) != e->count)
    return fail("the two bundles do not hold the same images");
  choose_probes(e);
  e->figures = calloc(e->count, sizeof *e->figures);
  e->workers = calloc(e->threads, sizeof *e->workers);
  bool ready = e->figures != NULL && e->workers != NULL;
  if (!ready) snprintf(error.text, sizeof error.text, "there is not enough memory");
  for (uint32_t t = 0; ready && t < e->threads; t++) ready = prepare_worker(e, &e->workers[t], &error);
  if (ready) {
    pthreadpool_t pool = e->threads > 1 ? pthreadpool_create(e->threads) : NULL;
    progress_start(&e->progress, "evaluating", e->count);
    pthreadpool_parallelize_1d_with_thread(pool, evaluate_one, e, e->count, 0);
    progress_end(&e->progress);
    pthreadpool_destroy(pool);
    (json ? print_json : print_text)(e, images);
  }
  for (uint32_t t = 0; e->workers != NULL && t < e->threads; t++) release_worker(&e->workers[t]);
  free(e->workers);
  free(e->figures);
  return ready ? EXIT_DONE : fail("%s", error.text);
}

int command_eval(int argc, char **argv) {
  const char *index_path = NULL, *against_path = NULL;
  uint64_t k = 4, threads = default_threads();
  bool json = false, images = false;
  const option options[] = {
      {"index", OPTION_TEXT, &index_path, .required = true, .argument = "DIR", .help = "the bundle"},
      {"against", OPTION_TEXT, &against_path, .argument = "DIR",
       .help = "a bundle of the same images: how often is the top k the same?"},
      {"k", OPTION_NUMBER, &k, .minimum = 1, .maximum = K_MAX, .argument = "N", .help = "results an image (default 4)"},
      {"threads", OPTION_NUMBER, &threads, .minimum = 1, .maximum = THREADS_MAX, .argument = "N",
       .help = "(default: all processors)"},
      {"images", OPTION_FLAG, &images, .help = "with --json: a line an image, too"},
      {"json", OPTION_FLAG, &json, .help = "print JSON: a line for all, then one a class"},
  };
  const command_line line = {
      "eval", NULL,
      "Measures a bundle: recall@k over nprobe against exact search, precision@k and mean average\n"
      "precision by label, each image left out of its own answer.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  hb_error error;
  hb_index *index = NULL, *against = NULL;
  if (hb_index_open(index_path, &index, &error) != HB_OK) {
    exit_code = fail("%s: %s", index_path, error.text);
  } else if (against_path != NULL && hb_index_open(against_path, &against, &error) != HB_OK) {
    exit_code = fail("%s: %s", against_path, error.text);
  } else {
    evaluation e = {.index = index, .against = against, .k = (uint32_t)k, .threads = (uint32_t)threads};
    exit_code = evaluate(&e, json, images);
  }
  hb_index_free(index);
  hb_index_free(against);
  return exit_code;
}
