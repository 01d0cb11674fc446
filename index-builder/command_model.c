#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "options.h"

int command_model(int argc, char **argv) {
  const char *weights = NULL, *out = NULL, *precision = "f32";
  bool json = false;
  const option options[] = {
      {"weights", OPTION_TEXT, &weights, .required = true, .argument = "FILE",
       .help = "torchvision's ResNet-18 as safetensors"},
      {"out", OPTION_TEXT, &out, .required = true, .argument = "FILE", .help = "where to write the model"},
      {"precision", OPTION_TEXT, &precision, .argument = "P", .help = "f32, the only one yet"},
      {"json", OPTION_FLAG, &json, .help = "print JSON"},
  };
  const command_line line = {
      "model", NULL,
      "Turns ResNet-18 weights into a model file: batch norm folded into the convolutions, laid out\n"
      "as the network reads them. Its id is the SHA-256 of the folded weights.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  if (strcmp(precision, "f32") != 0) return fail_usage("--precision is '%s', and must be f32", precision);

  hb_error error;
  hb_model *model;
  if (hb_model_open(weights, &model, &error) != HB_OK) return fail("%s: %s", weights, error.text);
  hb_status status = hb_model_write(model, out, &error);
  if (status == HB_OK)
    printf(json ? "{\"id\":\"%s\",\"precision\":\"f32\"}\n" : "model %.12s, f32\n", hb_model_id(model));
  hb_model_free(model);
  return status == HB_OK ? EXIT_DONE : fail("%s", error.text);
}
