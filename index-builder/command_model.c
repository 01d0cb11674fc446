#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "calibration_images.h"
#include "commands.h"
#include "options.h"
#include "progress.h"

#define PICTURES 512
/* The fewest that cost heads that are learned from labels at most 0.003 of precision@4 (models/README.md). */
#define LEVELS 12

static void step(void *context, uint32_t done) {
  (void)done;
  progress_step(context);
}

/* The result of the calibration for --precision i8. */
typedef struct {
  uint32_t pictures; /* 0 if there was no calibration */
  uint32_t levels, threads;
  hb_calibration_report report;
} calibrated;

static void print_text(const hb_model *model, const calibrated *c) {
  say("model %.12s, %s, view %s", hb_model_id(model), hb_precision_name(hb_model_precision(model)),
      hb_view_name(hb_model_view(model)));
  if (c->pictures == 0) return;
  if (c->levels < HB_LEVELS_MOST) say("weights of %u levels; the first layers have more", c->levels);
  say("calibrated on %u pictures; every fourth was held out, and its logits compared with those of f32:", c->pictures);
  for (uint32_t m = 0; m < HB_CALIBRATION_METHODS; m++) {
    const hb_calibration_score *score = &c->report.scores[m];
    say("  ranges by %-11s  cosine %.5f on average, %.5f at worst%s", score->method, score->mean, score->least,
        m == c->report.best ? "  <- used" : "");
  }
}

static void print_json(const hb_model *model, const calibrated *c) {
  hb_text t = {0};
  hb_text_add(&t, "{\"id\":\"%s\",\"precision\":\"%s\",\"view\":\"%s\"", hb_model_id(model),
              hb_precision_name(hb_model_precision(model)), hb_view_name(hb_model_view(model)));
  if (c->pictures > 0) {
    hb_text_add(&t, ",\"pictures\":%u,\"levels\":%u,\"ranges\":\"%s\",\"scores\":[", c->pictures, c->levels,
                c->report.scores[c->report.best].method);
    for (uint32_t m = 0; m < HB_CALIBRATION_METHODS; m++)
      hb_text_add(&t, "%s{\"ranges\":\"%s\",\"mean\":%.6f,\"least\":%.6f}", m > 0 ? "," : "",
                  c->report.scores[m].method, c->report.scores[m].mean, c->report.scores[m].least);
    hb_text_add(&t, "]");
  }
  hb_text_add(&t, "}");
  say_json(&t);
}

static hb_status quantize(const hb_model *model, const char *folder, uint32_t wanted, calibrated *c, hb_model **out,
                          hb_error *error) {
  hb_calibration calibration;
  progress p;
  hb_status status = calibration_images_read(folder, wanted, hb_model_view(model), &calibration, error);
  if (status != HB_OK) return status;
  progress_start(&p, "calibrating", calibration.count);
  calibration.progress = step, calibration.stage = progress_stage, calibration.context = &p;
  calibration.levels = c->levels, calibration.threads = c->threads;
  status = hb_model_to_i8(model, &calibration, &c->report, out, error);
  progress_end(&p);
  c->pictures = calibration.count;
  free((void *)calibration.crops);
  return status;
}

/* Replaces *model by its conversion to another precision. */
static hb_status convert(hb_model **model, hb_precision precision, const char *folder, uint32_t pictures, calibrated *c,
                         hb_error *error) {
  const hb_precision from = hb_model_precision(*model);
  if (precision == from) return HB_OK;
  if (from != HB_PRECISION_F32)
    return hb_fail(error, HB_INVALID_ARGUMENT, "%s cannot be made of %s; give weights in f32",
                   hb_precision_name(precision), hb_precision_name(from));
  hb_model *converted = NULL;
  hb_status status = precision == HB_PRECISION_F16 ? hb_model_to_f16(*model, &converted, error)
                                                   : quantize(*model, folder, pictures, c, &converted, error);
  if (status != HB_OK) return status;
  hb_model_free(*model);
  *model = converted;
  return HB_OK;
}

int command_model(int argc, char **argv) {
  const char *weights = NULL, *out = NULL, *name = NULL, *calibrate = NULL, *view_name = NULL;
  uint64_t pictures = 0, levels = 0;
  bool json = false, no_fc = false;
  const option options[] = {
      {"weights", OPTION_TEXT, &weights, .required = true, .argument = "FILE",
       .help = "torchvision's ResNet-18 as safetensors, or a model file in f32"},
      {"out", OPTION_TEXT, &out, .required = true, .argument = "FILE", .help = "model file to write"},
      {"precision", OPTION_TEXT, &name, .argument = "P",
       .help = "f32 (47 MB, the default), f16 (23 MB, as fast as f32) or i8 (5 MB, several times as fast)"},
      {"view", OPTION_TEXT, &view_name, .argument = "V",
       .help =
           "how it looks at pictures: crop (the centre, torchvision's way and the default), whole or both (in twice "
           "the time)"},
      {"calibrate", OPTION_TEXT, &calibrate, .argument = "DIR",
       .help = "for i8: folder of pictures of the kind that will be searched"},
      {"pictures", OPTION_NUMBER, &pictures, .minimum = HB_CALIBRATION_LEAST, .maximum = 100000, .argument = "N",
       .help = "for i8: calibrate on N of them, spread evenly (default 512)"},
      {"levels", OPTION_NUMBER, &levels, .minimum = HB_LEVELS_LEAST, .maximum = HB_LEVELS_MOST, .argument = "N",
       .help = "for i8: numbers that a weight can have (default 12; 255 rounds weights one by one)"},
      {"no-fc", OPTION_FLAG, &no_fc,
       .help = "leave out fc, of which only the heads logits, exact and svd are made (i8 of fewer than 255 levels)"},
      {"json", OPTION_FLAG, &json, .help = "print JSON"},
  };
  const command_line line = {
      "model", NULL,
      "Makes a model file from ResNet-18 weights: batch norm is folded into the convolutions, and the weights\n"
      "are laid out as the network reads them. The model's id is the SHA-256 of its weights.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  hb_view view = HB_VIEW_CROP;
  if (view_name != NULL && !hb_view_parse(view_name, &view))
    return fail_usage("--view must be crop, whole or both, not '%s'", view_name);
  hb_precision precision = HB_PRECISION_F32;
  if (name != NULL && !hb_precision_parse(name, &precision))
    return fail_usage("--precision must be f32, f16 or i8, not '%s'", name);
  if (precision == HB_PRECISION_I8 && calibrate == NULL)
    return fail_usage("--precision i8 needs --calibrate DIR, a folder of pictures");
  if (precision != HB_PRECISION_I8 && (calibrate != NULL || pictures > 0 || levels > 0))
    return fail_usage("--%s can only be used with --precision i8",
                      calibrate != NULL ? "calibrate" : (pictures > 0 ? "pictures" : "levels"));
  if (pictures == 0) pictures = PICTURES;

  hb_error error;
  hb_model *model;
  if (hb_model_open(weights, &model, &error) != HB_OK) return fail("%s: %s", weights, error.text);
  /* what is only given a view, or loses its fc, stays in its precision */
  if ((no_fc || view_name != NULL) && name == NULL) precision = hb_model_precision(model);
  calibrated c = {.levels = levels > 0 ? (uint32_t)levels : LEVELS, .threads = (uint32_t)default_threads()};
  hb_status status = view_name != NULL ? hb_model_set_view(model, view, &error) : HB_OK;
  if (status == HB_OK) status = convert(&model, precision, calibrate, (uint32_t)pictures, &c, &error);
  if (status == HB_OK) status = (no_fc ? hb_model_write_without_fc : hb_model_write)(model, out, &error);
  if (status == HB_OK) (json ? print_json : print_text)(model, &c);
  hb_model_free(model);
  return status == HB_OK ? EXIT_DONE : fail("%s", error.text);
}
