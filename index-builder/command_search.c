#include <inttypes.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "commands.h"
#include "embedder.h"
#include "npy.h"
#include "options.h"

typedef struct {
  const char *model_path, *index_path, *vectors_path;
  uint64_t k, nprobe;
  double min_score;
  text_list labels;
  hb_region region;
  bool exact, distinct, json;
} settings;

/* What a search needs. */
typedef struct {
  const settings *s;
  hb_search_options options;
  decoder_process *decoder; /* NULL for vectors */
  hb_model *model;
  hb_index *index;
  hb_engine *engine;
  npy_file *vectors;
  float *query;
} searcher;

static void print_json(const settings *s, const char *name, const hb_result *results, const hb_search_report *report) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_utf8_add_json(&t, name);
  hb_text_add(&t, ",\"results\":[");
  for (uint32_t i = 0; i < report->found; i++) {
    hb_text_add(&t, "%s{\"path\":", i > 0 ? "," : "");
    hb_text_add_json(&t, results[i].path);
    hb_text_add(&t, ",\"label\":");
    hb_text_add_json(&t, results[i].label);
    hb_text_add(&t, ",\"score\":%.9g,\"id\":%u,\"content\":\"%016" PRIx64 "\"", (double)results[i].score, results[i].id,
                results[i].content);
    hb_text_add(&t, s->distinct ? ",\"copies\":%u}" : "}", results[i].copies);
  }
  hb_text_add(&t, "],\"nprobe\":%u,\"scanned\":%u}", report->nprobe, report->scanned);
  say_json(&t);
}

static void print_text(const settings *s, const char *name, const hb_result *results, const hb_search_report *report) {
  say("%s", name);
  for (uint32_t i = 0; i < report->found; i++) {
    hb_text line = {0};
    hb_text_add(&line, "  %7.4f  %s", (double)results[i].score, results[i].path);
    if (s->distinct && results[i].copies > 0)
      hb_text_add(&line, results[i].copies == 1 ? "  (and 1 copy)" : "  (and %u copies)", results[i].copies);
    say_text(&line);
  }
  say("  (%u found; %u lists probed, %u images compared in %.2f ms)", report->found, report->nprobe, report->scanned,
      report->scan);
}

/* Searches for w->query, unless `status` says that it could not be made, and prints the results. */
static int answer(searcher *w, hb_status status, const char *name, hb_error *error) {
  const hb_result *results;
  hb_search_report report;
  if (status == HB_OK) status = hb_engine_search(w->engine, w->query, &w->options, &results, &report, error);
  if (status != HB_OK) return fail("%s: %s", name, error->text);
  (w->s->json ? print_json : print_text)(w->s, name, results, &report);
  return EXIT_DONE;
}

static int search_images(searcher *w, char **paths, int count) {
  int exit_code = EXIT_DONE;
  for (int i = 0; i < count; i++) {
    hb_error error;
    hb_status status = embed_file(w->engine, w->decoder, paths[i], &w->s->region, w->query, &error);
    int answered = answer(w, status, paths[i], &error);
    if (answered != EXIT_DONE) exit_code = answered;
  }
  return exit_code;
}

static int search_vectors(searcher *w) {
  int exit_code = EXIT_DONE;
  for (uint32_t row = 0; row < npy_count(w->vectors); row++) {
    hb_error error;
    hb_text name = {0};
    hb_text_add(&name, "%s#%u", w->s->vectors_path, row);
    hb_status status = npy_row(w->vectors, row, w->query, &error);
    hb_vector_normalize(w->query, hb_index_dim(w->index));
    int answered = answer(w, status, name.failed ? w->s->vectors_path : name.bytes, &error);
    if (answered != EXIT_DONE) exit_code = answered;
    hb_text_free(&name);
  }
  return exit_code;
}

static int open_vectors(searcher *w) {
  hb_error error;
  const char *path = w->s->vectors_path;
  if (npy_open(path, &w->vectors, &error) != HB_OK) return fail("%s", error.text);
  uint32_t dim = npy_dim(w->vectors), needed = hb_index_dim(w->index);
  if (dim != needed) return fail("%s: its rows have %u numbers, but those of the bundle have %u", path, dim, needed);
  return EXIT_DONE;
}

static int open_all(searcher *w) {
  const settings *s = w->s;
  hb_error error;
  if (s->model_path != NULL && decoder_process_create(DECODER_PROCESS_SECONDS, &w->decoder, &error) != HB_OK)
    return fail("%s", error.text);
  if (s->model_path != NULL && hb_model_open(s->model_path, &w->model, &error) != HB_OK)
    return fail("%s: %s", s->model_path, error.text);
  if (hb_index_open(s->index_path, &w->index, &error) != HB_OK) return fail("%s: %s", s->index_path, error.text);
  if (s->model_path != NULL && hb_index_head(w->index) == HB_HEAD_NONE)
    return fail("%s: it holds ready-made vectors; search it with --vectors", s->index_path);
  if (s->nprobe > hb_index_nlist(w->index))
    return fail_usage("--nprobe must be from 1 to %u, the number of lists of this bundle, not %u",
                      hb_index_nlist(w->index), (unsigned)s->nprobe);
  if (hb_engine_create(w->model, w->index, &w->engine, &error) != HB_OK) return fail("%s", error.text);
  w->query = malloc(hb_index_dim(w->index) * sizeof *w->query);
  if (w->query == NULL) return fail("there is not enough memory");
  return s->vectors_path != NULL ? open_vectors(w) : EXIT_DONE;
}

static void close_all(searcher *w) {
  npy_close(w->vectors);
  hb_engine_free(w->engine);
  hb_index_free(w->index);
  hb_model_free(w->model);
  decoder_process_free(w->decoder);
  free(w->query);
}

static int check(const settings *s, int images) {
  if (s->exact && s->nprobe > 0) return fail_usage("use either --exact or --nprobe, not both");
  if (s->vectors_path != NULL && s->model_path != NULL) return fail_usage("use either --vectors or --model, not both");
  if (s->vectors_path != NULL && images > 0) return fail_usage("use either --vectors or images, not both");
  if (s->vectors_path != NULL && (s->region.width != 1 || s->region.height != 1))
    return fail_usage("use either --vectors or --region, not both");
  if (s->vectors_path != NULL) return EXIT_DONE;
  if (s->model_path == NULL) return fail_usage("--model is missing (see 'index-builder search --help')");
  if (images == 0) return fail_usage("give at least one IMAGE (see 'index-builder search --help')");
  return EXIT_DONE;
}

static int run(const settings *s, char **paths, int count) {
  searcher w = {.s = s,
                .options = {.k = (uint32_t)s->k,
                            .nprobe = (uint32_t)s->nprobe,
                            .exact = s->exact,
                            .labels = s->labels.items,
                            .label_count = s->labels.count,
                            .has_min_score = s->min_score >= -1,
                            .min_score = (float)s->min_score,
                            .distinct = s->distinct}};
  int exit_code = open_all(&w);
  if (exit_code == EXIT_DONE) exit_code = w.vectors != NULL ? search_vectors(&w) : search_images(&w, paths, count);
  close_all(&w);
  return exit_code;
}

int command_search(int argc, char **argv) {
  settings s = {.k = 4, .min_score = -2, .region = {0, 0, 1, 1}};
  const option options[] = {
      {"index", OPTION_TEXT, &s.index_path, .required = true, .argument = "DIR", .help = "bundle to search"},
      {"model", OPTION_TEXT, &s.model_path, .argument = "FILE", .help = "model that the bundle was built with"},
      {"vectors", OPTION_TEXT, &s.vectors_path, .argument = "FILE.npy",
       .help = "search for the rows of this file, instead of images"},
      {"region", OPTION_REGION, &s.region, .argument = "X,Y,W,H",
       .help = "search for this part of each image: upper left corner and size, as fractions"},
      {"k", OPTION_NUMBER, &s.k, .minimum = 1, .maximum = HB_K_MAX, .argument = "N",
       .help = "number of results for each image (default 4)"},
      {"nprobe", OPTION_NUMBER, &s.nprobe, .minimum = 1, .maximum = HB_NLIST_MAX, .argument = "N",
       .help = "number of lists to probe (default: the bundle's)"},
      {"exact", OPTION_FLAG, &s.exact, .help = "compare with every image of the bundle"},
      {"label", OPTION_LIST, &s.labels, .argument = "L", .help = "find only images with this label (may be repeated)"},
      {"min-score", OPTION_REAL, &s.min_score, .minimum = -1, .maximum = 1, .argument = "S",
       .help = "find only images with at least this cosine"},
      {"distinct", OPTION_FLAG, &s.distinct, .help = "show copies of an image, which are equal files, once"},
      {"json", OPTION_FLAG, &s.json, .help = "print a line with a JSON object for each image"},
  };
  const command_line line = {"search", "[IMAGE...]",
                             "Finds the images of a bundle that look most like each given image.", options,
                             sizeof options / sizeof *options};
  int operand, exit_code;
  if (options_parse(&line, argc, argv, &operand, &exit_code)) {
    exit_code = check(&s, argc - operand);
    if (exit_code == EXIT_DONE) exit_code = run(&s, argv + operand, argc - operand);
  }
  text_list_free(&s.labels);
  return exit_code;
}
