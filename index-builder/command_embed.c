#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "commands.h"
#include "embedder.h"
#include "head_option.h"
#include "options.h"

/* A head's input, for heads that are learned elsewhere. */
#define FEATURES "features"

/* What makes the embeddings. */
typedef struct {
  decoder_process *decoder;
  hb_model *model;
  hb_index *index;
  hb_head *head;
  hb_engine *engine;
} tools;

static void print_embedding(const char *path, const float *embedding, uint32_t dim) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_utf8_add_json(&t, path);
  hb_text_add(&t, ",\"embedding\":[");
  for (uint32_t i = 0; i < dim; i++) hb_text_add(&t, "%s%.9g", i > 0 ? "," : "", (double)embedding[i]);
  hb_text_add(&t, "]}");
  say_json(&t);
}

static int embed_all(const tools *t, const hb_region *region, char **paths, int count) {
  int exit_code = EXIT_DONE;
  uint32_t dim = hb_engine_dim(t->engine);
  float *embedding = malloc(dim * sizeof *embedding);
  if (embedding == NULL) return fail("there is not enough memory");
  for (int i = 0; i < count; i++) {
    hb_error error;
    if (embed_file(t->engine, t->decoder, paths[i], region, embedding, &error) == HB_OK)
      print_embedding(paths[i], embedding, dim);
    else
      exit_code = fail("%s: %s", paths[i], error.text);
  }
  free(embedding);
  return exit_code;
}

/* Opens all tools, with the head of the bundle `index_path` or, if that is NULL, the head `head_name`. */
static int open_tools(const char *model_path, const char *head_name, const char *index_path, tools *t) {
  hb_error error;
  if (decoder_process_create(DECODER_PROCESS_SECONDS, &t->decoder, &error) != HB_OK) return fail("%s", error.text);
  if (hb_model_open(model_path, &t->model, &error) != HB_OK) return fail("%s: %s", model_path, error.text);
  if (index_path != NULL && hb_index_open(index_path, &t->index, &error) != HB_OK)
    return fail("%s: %s", index_path, error.text);
  if (t->index != NULL && hb_index_head(t->index) == HB_HEAD_NONE)
    return fail("%s: it holds ready-made vectors, so it has no head", index_path);
  if (hb_engine_create(t->model, t->index, &t->engine, &error) != HB_OK) return fail("%s", error.text);
  if (t->index != NULL) return EXIT_DONE;
  if (strcmp(head_name, FEATURES) == 0)
    return hb_engine_use_features(t->engine, &error) == HB_OK ? EXIT_DONE : fail("%s", error.text);
  if (hb_head_open(t->model, head_name, &t->head, &error) != HB_OK ||
      hb_engine_use_head(t->engine, t->head, &error) != HB_OK)
    return fail("%s: %s", head_name, error.text);
  return EXIT_DONE;
}

static void close_tools(tools *t) {
  hb_engine_free(t->engine);
  hb_head_free(t->head);
  hb_index_free(t->index);
  hb_model_free(t->model);
  decoder_process_free(t->decoder);
}

/* Returns EXIT_DONE if --head and --index are valid. */
static int check(const char *head_name, const char *index_path) {
  hb_head_kind kind;
  uint32_t dim;
  if (head_name != NULL && index_path != NULL) return fail_usage("use either --head or --index, not both");
  if (head_name == NULL || strcmp(head_name, FEATURES) == 0) return EXIT_DONE;
  if (!head_option_parse(head_name, &kind, &dim) || head_option_is_of_collection(kind))
    return fail_usage(
        "--head must be logits, exact, features or a file, not '%s' (use --index for the head of a bundle)", head_name);
  return EXIT_DONE;
}

int command_embed(int argc, char **argv) {
  const char *model_path = NULL, *head_name = NULL, *index_path = NULL;
  hb_region region = {0, 0, 1, 1};
  bool json = false;
  const option options[] = {
      {"model", OPTION_TEXT, &model_path, .required = true, .argument = "FILE",
       .help = "model file, made by 'index-builder model'"},
      {"head", OPTION_TEXT, &head_name, .argument = "HEAD",
       .help = "logits (1000 numbers, the default), exact (513), a safetensors FILE, or features (768, as the\n"
               "                         network gives them: the means of layer4, then of layer3), not of unit length"},
      {"index", OPTION_TEXT, &index_path, .argument = "DIR", .help = "use the head of this bundle"},
      {"region", OPTION_REGION, &region, .argument = "X,Y,W,H",
       .help = "embed only this part of each image: upper left corner and size, as fractions"},
      {"json", OPTION_FLAG, &json, .help = "print JSON, which embed always does"},
  };
  const command_line line = {
      "embed", "IMAGE...",
      "Prints the embedding of each image, scaled to unit length (but for features): a line with a JSON object each.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  exit_code = check(head_name, index_path);
  if (exit_code != EXIT_DONE) return exit_code;
  tools t = {0};
  exit_code = open_tools(model_path, head_name != NULL ? head_name : "logits", index_path, &t);
  if (exit_code == EXIT_DONE) exit_code = embed_all(&t, &region, argv + operand, argc - operand);
  close_tools(&t);
  return exit_code;
}
