#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "embed_many.h"
#include "options.h"
#include "text.h"

static void print_embedding(const char *path, const float *embedding, uint32_t dim) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_text_add_json(&t, path);
  hb_text_add(&t, ",\"embedding\":[");
  for (uint32_t i = 0; i < dim; i++) hb_text_add(&t, "%s%.9g", i > 0 ? "," : "", (double)embedding[i]);
  hb_text_add(&t, "]}");
  print_line(&t);
}

static int embed_all(hb_engine *engine, char **paths, int count) {
  int exit_code = EXIT_DONE;
  uint32_t dim = hb_engine_dim(engine);
  float *embedding = malloc(dim * sizeof *embedding);
  if (embedding == NULL) return fail("there is not enough memory");
  for (int i = 0; i < count; i++) {
    hb_error error;
    if (embed_file(engine, paths[i], embedding, NULL, NULL, &error) == HB_OK)
      print_embedding(paths[i], embedding, dim);
    else
      exit_code = fail("%s: %s", paths[i], error.text);
  }
  free(embedding);
  return exit_code;
}

int command_embed(int argc, char **argv) {
  const char *model_path = NULL, *head_name = "logits";
  bool json = false;
  const option options[] = {
      {"model", OPTION_TEXT, &model_path, .required = true, .argument = "FILE",
       .help = "the model, from 'index-builder model'"},
      {"head", OPTION_TEXT, &head_name, .argument = "HEAD",
       .help = "logits (1000 numbers, the default) or exact (513)"},
      {"json", OPTION_FLAG, &json, .help = "print JSON, which is the only form there is"},
  };
  const command_line line = {"embed", "IMAGE...",
                             "Prints the embedding of each image, scaled to unit length, a JSON object a line.",
                             options, sizeof options / sizeof *options};
  int operand, exit_code;
  hb_head_kind head;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  if (!hb_head_parse(head_name, &head)) return fail_usage("--head is '%s', and must be logits or exact", head_name);

  hb_error error;
  hb_model *model;
  hb_engine *engine = NULL;
  if (hb_model_open(model_path, &model, &error) != HB_OK) return fail("%s: %s", model_path, error.text);
  if (hb_engine_create(model, NULL, &engine, &error) != HB_OK || hb_engine_use_head(engine, head, &error) != HB_OK)
    exit_code = fail("%s", error.text);
  else
    exit_code = embed_all(engine, argv + operand, argc - operand);
  hb_engine_free(engine);
  hb_model_free(model);
  return exit_code;
}
