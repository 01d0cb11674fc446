#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "eval_output.h"
#include "evaluation_run.h"
#include "options.h"

#define ALL_UP_TO 20000 /* images that are all queries by default; of more, so many: */
#define SAMPLE 1000

typedef struct {
  const char *index, *against, *html, *images_url;
  uint64_t k, sample, threads;
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

static int evaluate(const settings *s, const bundle *own, const bundle *other) {
  evaluation e = {.directory = s->index,
                  .index = own->index,
                  .catalog = own->catalog,
                  .other_index = other->index,
                  .other = other->catalog,
                  .k = (uint32_t)s->k,
                  .queries = choose_queries(s, hb_catalog_count(own->catalog)),
                  .threads = (uint32_t)s->threads};
  hb_error error;
  hb_status status = evaluation_run(&e, &error);
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
    exit_code = fail("the two bundles do not hold the same images");
  if (exit_code == EXIT_DONE) exit_code = evaluate(s, &own, &other);
  close_bundle(&own);
  close_bundle(&other);
  return exit_code;
}

int command_eval(int argc, char **argv) {
  settings s = {.k = 4, .threads = default_threads()};
  const option options[] = {
      {"index", OPTION_TEXT, &s.index, .required = true, .argument = "DIR", .help = "the bundle"},
      {"against", OPTION_TEXT, &s.against, .argument = "DIR",
       .help = "a bundle of the same images: how much of its exact top k is found here?"},
      {"k", OPTION_NUMBER, &s.k, .minimum = 1, .maximum = EVALUATION_K_MAX, .argument = "N",
       .help = "results an image (default 4)"},
      {"sample", OPTION_NUMBER, &s.sample, .minimum = 1, .maximum = UINT32_MAX, .argument = "N",
       .help = "so many queries, spread evenly (default: all images, or 1000 of more than 20000)"},
      {"threads", OPTION_NUMBER, &s.threads, .minimum = 1, .maximum = THREADS_MAX, .argument = "N",
       .help = "(default: all processors)"},
      {"html", OPTION_TEXT, &s.html, .argument = "FILE", .help = "also write a page: curve, labels, worst answers"},
      {"images-url", OPTION_TEXT, &s.images_url, .argument = "URL",
       .help = "where that page finds an image, relative to FILE, with {path} in it\n"
               "                         (default: where the bundle says, seen from where it lies now)"},
      {"images", OPTION_FLAG, &s.images, .help = "with --json: a line a query, too"},
      {"json", OPTION_FLAG, &s.json, .help = "print JSON: a line for all, then one a class"},
  };
  const command_line line = {
      "eval", NULL,
      "Measures a bundle: recall@k over nprobe against exact search, and what it fetches; precision@k\n"
      "and mean average precision by label. Each image is left out of its own answer.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  if (s.images_url != NULL && strstr(s.images_url, "{path}") == NULL)
    return fail_usage("--images-url is '%s', and must have {path} in it", s.images_url);
  if (s.images_url != NULL && s.html == NULL) return fail_usage("--images-url is for the page that --html writes");
  return open_and_evaluate(&s);
}
