#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "embed_many.h"
#include "options.h"
#include "text.h"

static void print_json(const char *path, const hb_result *results, const hb_search_report *report) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_text_add_json(&t, path);
  hb_text_add(&t, ",\"results\":[");
  for (uint32_t i = 0; i < report->found; i++) {
    hb_text_add(&t, "%s{\"path\":", i > 0 ? "," : "");
    hb_text_add_json(&t, results[i].path);
    hb_text_add(&t, ",\"label\":");
    hb_text_add_json(&t, results[i].label);
    hb_text_add(&t, ",\"score\":%.7f}", (double)results[i].score);
  }
  hb_text_add(&t, "],\"nprobe\":%u,\"scanned\":%u}", report->nprobe, report->scanned);
  print_line(&t);
}

static void print_text(const char *path, const hb_result *results, const hb_search_report *report) {
  printf("%s\n", path);
  for (uint32_t i = 0; i < report->found; i++) printf("  %7.4f  %s\n", (double)results[i].score, results[i].path);
  printf("  (%u found; %u lists probed, %u images compared in %.2f ms)\n", report->found, report->nprobe,
         report->scanned, report->scan);
}

static int search_all(hb_engine *engine, const hb_search_options *search, char **paths, int count, bool json) {
  int exit_code = EXIT_DONE;
  float *embedding = malloc(hb_engine_dim(engine) * sizeof *embedding);
  hb_result *results = malloc(search->k * sizeof *results);
  if (embedding == NULL || results == NULL) exit_code = fail("there is not enough memory");
  for (int i = 0; i < count && embedding != NULL && results != NULL; i++) {
    hb_error error;
    hb_search_report report;
    hb_status status = embed_file(engine, paths[i], embedding, NULL, NULL, &error);
    if (status == HB_OK) status = hb_engine_search(engine, embedding, search, results, &report, &error);
    if (status == HB_OK)
      (json ? print_json : print_text)(paths[i], results, &report);
    else
      exit_code = fail("%s: %s", paths[i], error.text);
  }
  free(embedding);
  free(results);
  return exit_code;
}

int command_search(int argc, char **argv) {
  const char *model_path = NULL, *index_path = NULL;
  uint64_t k = 4, nprobe = 0;
  double min_score = -2;
  text_list labels = {0};
  bool exact = false, json = false;
  const option options[] = {
      {"model", OPTION_TEXT, &model_path, .required = true, .argument = "FILE",
       .help = "the model that the bundle was built with"},
      {"index", OPTION_TEXT, &index_path, .required = true, .argument = "DIR", .help = "the bundle"},
      {"k", OPTION_NUMBER, &k, .minimum = 1, .maximum = HB_K_MAX, .argument = "N",
       .help = "results an image (default 4)"},
      {"nprobe", OPTION_NUMBER, &nprobe, .minimum = 1, .maximum = HB_NLIST_MAX, .argument = "N",
       .help = "lists to probe (default: the bundle's)"},
      {"exact", OPTION_FLAG, &exact, .help = "compare with every image"},
      {"label", OPTION_LIST, &labels, .argument = "L", .help = "only images with this label (may be repeated)"},
      {"min-score", OPTION_REAL, &min_score, .minimum = -1, .maximum = 1, .argument = "S",
       .help = "only results with at least this cosine"},
      {"json", OPTION_FLAG, &json, .help = "print a JSON object an image"},
  };
  const command_line line = {"search", "IMAGE...", "Finds the images of a bundle that are most like each given image.",
                             options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return text_list_free(&labels), exit_code;
  if (exact && nprobe > 0) return text_list_free(&labels), fail_usage("--exact and --nprobe exclude each other");

  const hb_search_options search = {(uint32_t)k,  (uint32_t)nprobe, exact,           labels.items,
                                    labels.count, min_score >= -1,  (float)min_score};
  hb_error error;
  hb_model *model = NULL;
  hb_index *index = NULL;
  hb_engine *engine = NULL;
  if (hb_model_open(model_path, &model, &error) != HB_OK)
    exit_code = fail("%s: %s", model_path, error.text);
  else if (hb_index_open(index_path, &index, &error) != HB_OK)
    exit_code = fail("%s: %s", index_path, error.text);
  else if (nprobe > hb_index_nlist(index))
    exit_code = fail_usage("--nprobe is %u, and must be 1 to %u, the lists of this bundle", (unsigned)nprobe,
                           hb_index_nlist(index));
  else if (hb_engine_create(model, index, &engine, &error) != HB_OK)
    exit_code = fail("%s", error.text);
  else
    exit_code = search_all(engine, &search, argv + operand, argc - operand, json);
  hb_engine_free(engine);
  hb_index_free(index);
  hb_model_free(model);
  text_list_free(&labels);
  return exit_code;
}
