#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "commands.h"
#include "eval_output.h"
#include "evaluation_run.h"
#include "head_option.h"
#include "options.h"

#define ALL_UP_TO 20000 /* up to so many images, all are queries by default; of more images, a sample: */
#define SAMPLE 1000

typedef struct {
  const char *index, *against, *html, *images_url, *from, *model, *head;
  uint64_t k, sample, threads, folds;
  bool images, json;
} settings;

typedef struct {
  hb_index *index;
  hb_catalog *catalog;
} bundle;

static int open_bundle(const char *path, bundle *out) {
  hb_error error;
  if (hb_index_open(path, &out->index, &error) != HB_OK ||
      hb_catalog_create(out->index, &out->catalog, &error) != HB_OK)
    return fail("%s: %s", path, error.text);
  return EXIT_DONE;
}

static void close_bundle(bundle *b) {
  hb_catalog_free(b->catalog);
  hb_index_free(b->index);
}

static bool same_paths(const hb_catalog *a, const hb_catalog *b) {
  uint32_t count = hb_catalog_count(a);
  if (hb_catalog_count(b) != count) return false;
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(hb_catalog_entry(a, i).path, hb_catalog_entry(b, i).path) != 0) return false;
  return true;
}

static uint32_t choose_queries(const settings *s, uint32_t count) {
  uint64_t wanted = s->sample > 0 ? s->sample : count <= ALL_UP_TO ? count : SAMPLE;
  return wanted < count ? (uint32_t)wanted : count;
}

/* The head that each fold learns: the one that was asked for, or one like the bundle's. False if there is none. */
static bool choose_head(const settings *s, const bundle *own, char *name, size_t capacity) {
  const hb_head_kind kind = hb_index_head(own->index);
  if (s->head != NULL)
    snprintf(name, capacity, "%s", s->head);
  else if (head_option_is_of_collection(kind))
    head_option_again(own->index, name, capacity);
  else
    snprintf(name, capacity, "%s", hb_head_name(kind));
  return s->head != NULL || (kind != HB_HEAD_FILE && kind != HB_HEAD_NONE);
}

/* Fills in the answer of `f`, if --folds was given. */
static hb_status measure_folds(const settings *s, const bundle *own, char *head, size_t capacity, folds *f,
                               hb_error *error) {
  if (s->folds == 0) return HB_OK;
  if (!choose_head(s, own, head, capacity))
    return hb_fail(error, HB_INVALID_ARGUMENT, "%s: its head is not one that can be made again; use --head", s->index);
  hb_model *model;
  hb_status status = hb_model_open(s->model, &model, error);
  if (status != HB_OK) return status;
  *f = (folds){.index = own->index,
               .catalog = own->catalog,
               .folder = s->from,
               .model = model,
               .head = head,
               .k = (uint32_t)s->k,
               .folds = (uint32_t)s->folds,
               .threads = (uint32_t)s->threads};
  status = folds_run(f, error);
  hb_model_free(model);
  return status;
}

static int evaluate(const settings *s, const bundle *own, const bundle *other) {
  char head[4096];
  folds unseen;
  evaluation e = {.directory = s->index,
                  .index = own->index,
                  .catalog = own->catalog,
                  .other_index = other->index,
                  .other = other->catalog,
                  .k = (uint32_t)s->k,
                  .queries = choose_queries(s, hb_catalog_count(own->catalog)),
                  .threads = (uint32_t)s->threads};
  hb_error error;
  hb_status status = measure_folds(s, own, head, sizeof head, &unseen, &error);
  if (status == HB_OK && s->folds > 0) e.folds = &unseen;
  if (status == HB_OK) status = evaluation_run(&e, &error);
  if (status == HB_OK && s->html != NULL) status = eval_write_html(&e, s->html, s->images_url, &error);
  if (status == HB_OK && s->json) eval_print_json(&e, s->images);
  if (status == HB_OK && !s->json) eval_print_text(&e);
  evaluation_free(&e);
  return status == HB_OK ? EXIT_DONE : fail("%s", error.text);
}

static int open_and_evaluate(const settings *s) {
  bundle own = {0}, other = {0};
  int exit_code = open_bundle(s->index, &own);
  if (exit_code == EXIT_DONE && s->against != NULL) exit_code = open_bundle(s->against, &other);
  if (exit_code == EXIT_DONE && s->against != NULL && !same_paths(own.catalog, other.catalog))
    exit_code = fail("the two bundles hold different images");
  if (exit_code == EXIT_DONE) exit_code = evaluate(s, &own, &other);
  close_bundle(&own);
  close_bundle(&other);
  return exit_code;
}

static int check_folds(const settings *s) {
  hb_head_kind kind;
  uint32_t dim;
  const char *only = s->from != NULL ? "from" : s->model != NULL ? "model" : s->head != NULL ? "head" : NULL;
  if (s->folds == 0) return only == NULL ? EXIT_DONE : fail_usage("--%s can only be used with --folds", only);
  if (s->from == NULL || s->model == NULL) return fail_usage("--folds needs --from and --model");
  if (s->head != NULL && !head_option_parse(s->head, &kind, &dim))
    return fail_usage("--head must be " HEAD_OPTION_MADE ", exact, logits or a file, not '%s'", s->head);
  return EXIT_DONE;
}

int command_eval(int argc, char **argv) {
  settings s = {.k = 4, .threads = default_threads()};
  const option options[] = {
      {"index", OPTION_TEXT, &s.index, .required = true, .argument = "DIR", .help = "bundle to evaluate"},
      {"against", OPTION_TEXT, &s.against, .argument = "DIR",
       .help = "another bundle of these images: say how much of its exact top k is found, too"},
      {"folds", OPTION_NUMBER, &s.folds, .minimum = 2, .maximum = FOLDS_MOST, .argument = "N",
       .help = "also measure with images that the head has not seen: it is learned from all folds but one,\n"
               "                         and their bundle is searched for the images of that one; then with labels\n"
               "                         that it has not seen. Needs --from and --model"},
      {"from", OPTION_TEXT, &s.from, .argument = "DIR",
       .help = "with --folds: the folder that the bundle was built from"},
      {"model", OPTION_TEXT, &s.model, .argument = "FILE", .help = "with --folds: the model that it was built with"},
      {"head", OPTION_TEXT, &s.head, .argument = "HEAD",
       .help = "with --folds: the head to measure, as for 'build' (default: one like the bundle's)"},
      {"k", OPTION_NUMBER, &s.k, .minimum = 1, .maximum = EVALUATION_K_MAX, .argument = "N",
       .help = "number of results for each image (default 4)"},
      {"sample", OPTION_NUMBER, &s.sample, .minimum = 1, .maximum = UINT32_MAX, .argument = "N",
       .help = "use N images as queries, spread evenly (default: all, or 1000 of more than 20000)"},
      {"threads", OPTION_NUMBER, &s.threads, .minimum = 1, .maximum = THREADS_MAX, .argument = "N",
       .help = "number of threads (default: all processors)"},
      {"html", OPTION_TEXT, &s.html, .argument = "FILE",
       .help = "also write a page with the curve, the labels and the worst answers"},
      {"images-url", OPTION_TEXT, &s.images_url, .argument = "URL",
       .help = "address where that page finds an image, relative to FILE, with {path} in it\n"
               "                         (default: the bundle's, which is relative to the bundle)"},
      {"images", OPTION_FLAG, &s.images, .help = "with --json: also print a line for each query"},
      {"json", OPTION_FLAG, &s.json, .help = "print JSON: a line for all images, then one for each class"},
  };
  const command_line line = {
      "eval", NULL,
      "Measures how well a bundle answers: recall@k against exact search and bytes to download, for each nprobe;\n"
      "precision@k and mean average precision by label. Each image is left out of its own results. A head that was\n"
      "learned from labels has seen those of all images; --folds measures with images that it has not seen.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  if (s.images_url != NULL && strstr(s.images_url, "{path}") == NULL)
    return fail_usage("--images-url must contain {path}, and '%s' does not", s.images_url);
  if (s.images_url != NULL && s.html == NULL) return fail_usage("--images-url can only be used with --html");
  exit_code = check_folds(&s);
  return exit_code == EXIT_DONE ? open_and_evaluate(&s) : exit_code;
}
