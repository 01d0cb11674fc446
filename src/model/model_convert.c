/* model_convert.c: converts a model to f16 or i8. The browser does not have it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "model/model.h"
#include "model/quantize_weights.h"
#include "model/round_network.h"

#define FC_SIZE ((size_t)HB_LOGITS_DIM * HB_POOLED_DIM)
#define WIDEST 128 /* factor between the scales of two feature maps; XNNPACK takes 2^-10 to 2^8 */

static bool are_finite(const float *numbers, size_t count) {
  bool finite = true;
  for (size_t i = 0; i < count; i++) finite &= isfinite(numbers[i]) != 0;
  return finite;
}

/* Returns the name of the first part with a number that is not finite, or NULL. */
static const char *not_finite(const hb_weights *weights) {
  for (int c = 0; c < HB_CONV_COUNT; c++)
    if (!are_finite(weights->kernel[c], hb_kernel_size(&hb_conv_specs[c])) ||
        !are_finite(weights->bias[c], hb_conv_specs[c].out))
      return hb_conv_specs[c].name;
  return are_finite(weights->fc_kernel, FC_SIZE) && are_finite(weights->fc_bias, HB_LOGITS_DIM) ? NULL : "fc";
}

/* Returns the weights of a model if it can be converted. */
static hb_status f32_weights(const hb_model *model, const hb_weights **out, hb_error *error) {
  if (hb_model_precision(model) != HB_PRECISION_F32)
    return hb_fail(error, HB_INVALID_ARGUMENT, "the model is already %s; convert an f32 model",
                   hb_precision_name(hb_model_precision(model)));
  hb_status status = hb_model_weights(model, out, error);
  const char *part = status == HB_OK ? not_finite(*out) : NULL;
  return part == NULL ? status : hb_fail(error, HB_BAD_MODEL, "weights of '%s' are not finite numbers", part);
}

/* ---- f16 ---- */

static bool round_to_halves(const float *from, float *to, size_t count) {
  uint16_t *codes = malloc(count * sizeof *codes);
  if (codes == NULL) return false;
  hb_half_from_float(from, codes, count);
  hb_half_to_float(codes, to, count);
  free(codes);
  return true;
}

static bool round_all(const hb_weights *from, hb_weights *to) {
  bool done = round_to_halves(from->fc_kernel, (float *)to->fc_kernel, FC_SIZE);
  memcpy((float *)to->fc_bias, from->fc_bias, HB_LOGITS_DIM * sizeof(float));
  for (int c = 0; c < HB_CONV_COUNT && done; c++) {
    done = round_to_halves(from->kernel[c], (float *)to->kernel[c], hb_kernel_size(&hb_conv_specs[c]));
    memcpy((float *)to->bias[c], from->bias[c], hb_conv_specs[c].out * sizeof(float));
  }
  return done;
}

hb_status hb_model_to_f16(const hb_model *model, hb_model **out, hb_error *error) {
  hb_weights halves = {.precision = HB_PRECISION_F16};
  const hb_weights *weights;
  hb_status status = f32_weights(model, &weights, error);
  if (status == HB_OK) status = hb_weights_allocate(&halves, error);
  if (status != HB_OK) return status;
  halves.view = weights->view;
  if (!round_all(weights, &halves)) return hb_weights_free(&halves), hb_fail_memory(error);
  const char *part = not_finite(&halves);
  if (part != NULL) {
    hb_weights_free(&halves);
    return hb_fail(error, HB_BAD_MODEL, "weights of '%s' are beyond 65504, the largest number in f16", part);
  }
  hb_weights_identify(&halves);
  return hb_model_from_weights(&halves, out, error);
}

/* ---- i8 ---- */

typedef struct {
  const hb_model *model;
  const hb_weights *weights;
  const hb_calibration *calibration;
  hb_weights rounded;       /* the weights that are quantized, if they are not `weights` */
  float *steps;             /* those of `rounded`; NULL if there is none */
  hb_histogram *histograms; /* [HB_MAP_COUNT] */
  float *expected;          /* [held out][HB_POOLED_DIM] */
  bool finite;              /* whether all recorded numbers are */
  uint32_t done;            /* pictures */
} job;

static bool is_rectified(uint32_t map) {
  if (map == HB_MAP_INPUT) return false;
  if (map >= HB_MAP_BLOCK(0) || map == HB_MAP_CONV(0)) return true;
  const hb_conv_spec *spec = &hb_conv_specs[map - HB_MAP_CONV(0)];
  return strstr(spec->name, ".conv1") != NULL; /* a block's first; the others' outputs are added before the ReLU */
}

/* ---- Weights of few levels ---- */

static hb_status round_weights(job *j, hb_error *error) {
  size_t channels = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) channels += hb_conv_specs[c].out;
  j->steps = malloc(channels * sizeof *j->steps);
  if (j->steps == NULL) return hb_fail_memory(error);
  return hb_round_network(j->weights, HB_CONV_COUNT, j->calibration, &j->rounded, j->steps, error);
}

static const hb_weights *weights_to_quantize(const job *j) { return j->steps != NULL ? &j->rounded : j->weights; }

/* ---- Feature maps ---- */

static const uint8_t *crop_of(const job *j, uint32_t picture) {
  return j->calibration->crops + (size_t)picture * HB_CROP_BYTES;
}

static hb_status fail_run(hb_error *error) {
  return hb_fail(error, HB_INTERNAL, "the network failed to run; please report this");
}

static void stage(const job *j, uint32_t done) {
  if (j->calibration->progress != NULL) j->calibration->progress(j->calibration->context, done);
}

static void count_map(void *context, uint32_t map, const void *numbers, size_t count) {
  job *j = context;
  j->finite = hb_histogram_add(&j->histograms[map], numbers, count) && j->finite;
}

/* Runs the f32 network on the pictures that are held out, and records their features; or the network that will be
 * quantized on the others, and records their feature maps. */
static hb_status record(job *j, const hb_weights *weights, bool held_out, hb_error *error) {
  hb_network_xnnpack *network;
  hb_packed_weights *packed = NULL;
  hb_status status = hb_network_xnnpack_create(weights, &packed, &network, error);
  if (status != HB_OK) return hb_packed_weights_free(packed), status;
  float *expected = j->expected;
  for (uint32_t p = 0; p < j->calibration->count && status == HB_OK; p++) {
    if (hb_calibration_holds_out(p) != held_out) continue;
    hb_network_xnnpack_set_picture(network, crop_of(j, p));
    const float *pooled = hb_network_xnnpack_run_recorded(network, held_out ? NULL : count_map, j);
    if (pooled == NULL) {
      status = fail_run(error);
    } else if (!j->finite) {
      status = hb_fail(error, HB_BAD_MODEL, "the network's results are not finite numbers; its weights are too large");
    } else if (held_out) {
      memcpy(expected, pooled, HB_POOLED_DIM * sizeof *pooled);
      expected += HB_POOLED_DIM;
    }
    stage(j, ++j->done);
  }
  hb_network_xnnpack_free(network);
  hb_packed_weights_free(packed);
  return status;
}

static double cosine(const float *a, const float *b, uint32_t dim) {
  double sum = 0;
  for (uint32_t i = 0; i < dim; i++) sum += (double)a[i] * b[i];
  return sum;
}

/* Computes the mean and the least cosine between the logits of the quantized and of the f32 model, over the pictures
 * that are held out. */
static hb_status compare(const job *j, hb_model *quantized, hb_calibration_score *score, hb_error *error) {
  hb_network *network;
  hb_status status = hb_model_create_network(quantized, &network, error);
  if (status != HB_OK) return status;
  float wanted[HB_LOGITS_DIM], got[HB_LOGITS_DIM];
  const float *expected = j->expected;
  uint32_t count = 0;
  *score = (hb_calibration_score){.mean = 0, .least = 1};
  for (uint32_t p = 0; p < j->calibration->count; p++) {
    if (!hb_calibration_holds_out(p)) continue;
    const float *pooled = hb_network_run(network, crop_of(j, p));
    if (pooled == NULL) return hb_network_free(network), fail_run(error);
    hb_head_apply(hb_model_logits(j->model), expected, wanted);
    hb_head_apply(hb_model_logits(quantized), pooled, got);
    double c = cosine(wanted, got, HB_LOGITS_DIM);
    score->mean += c;
    score->least = fmin(score->least, c);
    expected += HB_POOLED_DIM;
    count++;
  }
  score->mean /= count;
  hb_network_free(network);
  return HB_OK;
}

/* Gives a feature map that is almost zero on these pictures a scale with which the factors between scales stay in
 * bounds. */
static void widen_dead(hb_quantization maps[HB_MAP_COUNT]) {
  float largest = 0;
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++) largest = fmaxf(largest, maps[m].scale);
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++) maps[m].scale = fmaxf(maps[m].scale, largest / WIDEST);
}

static hb_status quantize_by(const job *j, hb_range_method method, hb_model **out, hb_error *error) {
  hb_quantization maps[HB_MAP_COUNT];
  for (uint32_t m = 0; m < HB_MAP_COUNT; m++)
    maps[m] = hb_histogram_choose(&j->histograms[m], is_rectified(m), m == HB_MAP_INPUT ? HB_RANGE_MAX : method);
  widen_dead(maps);
  hb_weights weights;
  hb_status status = hb_quantize_weights(weights_to_quantize(j), j->steps, maps, &weights, error);
  return status == HB_OK ? hb_model_from_weights(&weights, out, error) : status;
}

static hb_status choose_best(const job *j, hb_calibration_report *report, hb_model **out, hb_error *error) {
  hb_model *best = NULL;
  hb_status status = HB_OK;
  for (int m = 0; m < HB_RANGE_COUNT && status == HB_OK; m++) {
    hb_model *model = NULL;
    hb_calibration_score *score = &report->scores[m];
    status = quantize_by(j, (hb_range_method)m, &model, error);
    if (status == HB_OK) status = compare(j, model, score, error);
    score->method = hb_range_name((hb_range_method)m);
    if (status == HB_OK && (best == NULL || score->mean > report->scores[report->best].mean)) {
      hb_model_free(best);
      best = model;
      report->best = (uint32_t)m;
    } else {
      hb_model_free(model);
    }
  }
  if (status != HB_OK) return hb_model_free(best), status;
  *out = best;
  return HB_OK;
}

hb_status hb_model_to_i8(const hb_model *model, const hb_calibration *calibration, hb_calibration_report *report,
                         hb_model **out, hb_error *error) {
  job j = {.model = model, .calibration = calibration, .finite = true};
  hb_status status = f32_weights(model, &j.weights, error);
  if (status != HB_OK) return status;
  if (calibration->count < HB_CALIBRATION_LEAST)
    return hb_fail(error, HB_INVALID_ARGUMENT, "calibration needs at least %d pictures, but there are %u",
                   HB_CALIBRATION_LEAST, calibration->count);
  if (calibration->levels != 0 && (calibration->levels < HB_LEVELS_LEAST || calibration->levels > HB_LEVELS_MOST))
    return hb_fail(error, HB_INVALID_ARGUMENT, "the levels of a weight are %u, and must be %d to %d",
                   calibration->levels, HB_LEVELS_LEAST, HB_LEVELS_MOST);
  j.histograms = malloc(HB_MAP_COUNT * sizeof *j.histograms);
  j.expected = malloc((calibration->count / 4 + 1) * sizeof(float[HB_POOLED_DIM]));
  if (j.histograms == NULL || j.expected == NULL) status = hb_fail_memory(error);
  for (uint32_t m = 0; m < HB_MAP_COUNT && status == HB_OK; m++) hb_histogram_clear(&j.histograms[m]);
  hb_calibration_report made = {0};
  if (status == HB_OK) status = record(&j, j.weights, true, error);
  if (status == HB_OK && calibration->levels % HB_LEVELS_MOST != 0) status = round_weights(&j, error);
  if (status == HB_OK) status = record(&j, weights_to_quantize(&j), false, error);
  if (status == HB_OK) status = choose_best(&j, &made, out, error);
  if (status == HB_OK && report != NULL) *report = made;
  hb_weights_free(&j.rounded);
  free(j.steps);
  free(j.histograms);
  free(j.expected);
  return status;
}
