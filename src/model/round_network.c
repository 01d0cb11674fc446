#include "model/round_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "model/network_xnnpack.h"
#include "model/round_kernel.h"
#include "resnet18/plan.h"
#include "vector/gram.h"

#define PICTURES_MAX 256  /* more change little */
#define PLACES_MAX 60     /* of a feature map, from one picture; neighbours say nearly the same */
#define PICTURES_A_TURN 8 /* whose inputs are in memory at a time */

/* The inputs of one convolution, at some places of some pictures. */
typedef struct {
  const hb_conv_spec *spec;
  uint32_t side;  /* of the feature map that it reads */
  uint32_t first; /* number of the first picture */
  const uint8_t *crops[PICTURES_A_TURN];
  hb_network_xnnpack **networks; /* [threads] */
  double *inputs;                /* [pictures][places][taps] */
  double *sums;                  /* [pictures][taps], over all places */
  double *unused;                /* [threads][taps] */
  uint32_t places;
  bool failed[PICTURES_A_TURN];
} turn;

typedef struct {
  const hb_calibration *calibration;
  int layers;
  pthreadpool_t threads;
  size_t thread_count;
  uint32_t pictures[PICTURES_MAX], count;
  hb_weights *rounded; /* kernels that are not rounded yet are those of the original */
  double *hessian, *mean;
  turn turn;
} job;

uint32_t hb_round_levels(const hb_conv_spec *spec, uint32_t levels) {
  uint32_t finer = levels;
  if (spec->kernel == 7) return 255;
  if (spec->kernel == 1)
    finer = spec->out > 128 ? levels * 16 / 3 : levels * 5 / 3;
  else if (strncmp(spec->name, "layer1", 6) == 0)
    finer = levels * 2;
  else if (strncmp(spec->name, "layer2", 6) == 0)
    finer = levels * 5 / 3;
  return finer < 255 ? finer : 255;
}

/* ---- Inputs ---- */

/* Copies what the kernel sees at an output's place, in the order of its taps. Outside of the map there are zeros. */
static void see(const hb_conv_spec *spec, uint32_t side, const float *map, uint32_t place, double *out) {
  const int outs = (int)(side / spec->stride), from_y = (int)place / outs * (int)spec->stride - (int)spec->kernel / 2,
            from_x = (int)place % outs * (int)spec->stride - (int)spec->kernel / 2;
  for (int y = from_y; y < from_y + (int)spec->kernel; y++)
    for (int x = from_x; x < from_x + (int)spec->kernel; x++, out += spec->in) {
      const bool inside = y >= 0 && x >= 0 && y < (int)side && x < (int)side;
      const float *pixel = inside ? map + ((size_t)y * side + (size_t)x) * spec->in : NULL;
      for (uint32_t c = 0; c < spec->in; c++) out[c] = pixel != NULL ? (double)pixel[c] : 0;
    }
}

/* Takes the inputs of one picture at random places, each once, and sums up those at all places. */
static void take_inputs(void *context, size_t thread, size_t picture) {
  turn *t = context;
  const uint32_t outs = t->side / t->spec->stride, area = outs * outs;
  hb_network_xnnpack_set_picture(t->networks[thread], t->crops[picture]);
  const float *map = hb_network_xnnpack_map(t->networks[thread], t->spec->from);
  t->failed[picture] = map == NULL;
  if (map == NULL) return;
  hb_random random = {(uint64_t)t->spec->from << 32 | (t->first + picture)};
  const size_t taps = hb_conv_taps(t->spec);
  double *sum = t->sums + picture * taps, *out = t->inputs + picture * t->places * taps;
  memset(sum, 0, taps * sizeof *sum);
  for (uint32_t place = 0, left = t->places; place < area; place++) {
    double *input = left > 0 ? out : t->unused + thread * taps;
    see(t->spec, t->side, map, place, input);
    for (size_t i = 0; i < taps; i++) sum[i] += input[i];
    if (left > 0 && hb_random_below(&random, area - place) < left) out += taps, left--;
  }
}

static hb_status create_networks(job *j, hb_packed_weights **packed, hb_error *error) {
  hb_status status = HB_OK;
  for (size_t t = 0; t < j->thread_count && status == HB_OK; t++)
    status = hb_network_xnnpack_create(j->rounded, packed, &j->turn.networks[t], error);
  return status;
}

static hb_status add_turn(job *j, uint32_t first, uint32_t count, hb_error *error) {
  turn *t = &j->turn;
  const size_t taps = hb_conv_taps(t->spec), rows = (size_t)count * t->places;
  t->first = first;
  for (uint32_t p = 0; p < count; p++)
    t->crops[p] = j->calibration->crops + (size_t)j->pictures[first + p] * HB_CROP_BYTES;
  pthreadpool_parallelize_1d_with_thread(j->threads, take_inputs, t, count, 0);
  for (uint32_t p = 0; p < count; p++)
    if (t->failed[p]) return hb_fail(error, HB_INTERNAL, "the network failed to run; please report this");
  for (uint32_t p = 0; p < count; p++)
    for (size_t i = 0; i < taps; i++) j->mean[i] += t->sums[p * taps + i];
  return hb_gram_add(j->hessian, taps, t->inputs, rows, j->threads, error);
}

/* Sums up the Hessian and the mean of the inputs over all pictures. */
static hb_status see_pictures(job *j, hb_error *error) {
  turn *t = &j->turn;
  const size_t taps = hb_conv_taps(t->spec);
  const uint32_t outs = t->side / t->spec->stride;
  hb_packed_weights *packed = NULL;
  t->places = outs * outs < PLACES_MAX ? outs * outs : PLACES_MAX;
  t->inputs = malloc((size_t)PICTURES_A_TURN * t->places * taps * sizeof *t->inputs);
  t->sums = malloc(PICTURES_A_TURN * taps * sizeof *t->sums);
  t->unused = malloc(j->thread_count * taps * sizeof *t->unused);
  t->networks = calloc(j->thread_count, sizeof(hb_network_xnnpack *));
  const bool allocated = t->inputs != NULL && t->sums != NULL && t->unused != NULL && t->networks != NULL;
  hb_status status = allocated ? create_networks(j, &packed, error) : hb_fail_memory(error);
  for (uint32_t p = 0; p < j->count && status == HB_OK; p += PICTURES_A_TURN)
    status = add_turn(j, p, j->count - p < PICTURES_A_TURN ? j->count - p : PICTURES_A_TURN, error);
  for (size_t n = 0; t->networks != NULL && n < j->thread_count; n++) hb_network_xnnpack_free(t->networks[n]);
  hb_packed_weights_free(packed);
  free(t->networks);
  free(t->unused);
  free(t->sums);
  free(t->inputs);
  for (size_t i = 0; i < taps; i++) j->mean[i] /= (double)j->count * outs * outs;
  return status;
}

/* ---- Layers ---- */

/* Adds what rounding took from the mean of the outputs. */
static void correct_bias(const job *j, const float *kernel, const float *rounded, float *bias) {
  const size_t taps = hb_conv_taps(j->turn.spec);
  for (uint32_t o = 0; o < j->turn.spec->out; o++) {
    double change = 0;
    for (size_t t = 0; t < taps; t++)
      change += ((double)kernel[o * taps + t] - (double)rounded[o * taps + t]) * j->mean[t];
    bias[o] += (float)change;
  }
}

static hb_status round_layer(job *j, const hb_weights *weights, int c, float *steps, hb_error *error) {
  const size_t taps = hb_conv_taps(&hb_conv_specs[c]);
  j->hessian = calloc(taps * taps, sizeof *j->hessian);
  j->mean = calloc(taps, sizeof *j->mean);
  hb_status status = j->hessian != NULL && j->mean != NULL ? see_pictures(j, error) : hb_fail_memory(error);
  hb_rounded_kernel rounded = {(float *)j->rounded->kernel[c], steps};
  if (status == HB_OK)
    status = hb_round_kernel(weights->kernel[c], hb_conv_specs[c].out, taps, j->hessian,
                             hb_round_levels(&hb_conv_specs[c], j->calibration->levels), j->threads, &rounded, error);
  if (status == HB_OK) correct_bias(j, weights->kernel[c], rounded.kernel, (float *)j->rounded->bias[c]);
  free(j->hessian);
  free(j->mean);
  return status;
}

static void tell(const hb_calibration *calibration, int layer) {
  char what[64];
  snprintf(what, sizeof what, "rounding layer %d of %d", layer + 1, HB_CONV_COUNT);
  if (calibration->stage != NULL) calibration->stage(calibration->context, what);
}

/* Rounds each convolution for inputs that come from those that are rounded before it. */
static hb_status round_layers(job *j, const hb_weights *weights, float *steps, hb_error *error) {
  hb_plan plan;
  hb_plan_make(&plan);
  hb_status status = HB_OK;
  for (int s = 0; s < HB_STEP_COUNT && status == HB_OK; s++) {
    const int c = plan.steps[s].conv;
    if (plan.steps[s].kind != HB_STEP_CONVOLUTION || c >= j->layers) continue;
    j->turn.spec = &hb_conv_specs[c], j->turn.side = plan.steps[s].in.side;
    tell(j->calibration, c);
    status = round_layer(j, weights, c, steps, error);
    steps += hb_conv_specs[c].out;
  }
  return status;
}

/* Chooses pictures, spread evenly over those that are not held out. */
static void choose_pictures(job *j) {
  uint32_t usable = 0, seen = 0;
  for (uint32_t p = 0; p < j->calibration->count; p++) usable += !hb_calibration_holds_out(p);
  const uint32_t wanted = usable < PICTURES_MAX ? usable : PICTURES_MAX;
  for (uint32_t p = 0; p < j->calibration->count; p++) {
    if (hb_calibration_holds_out(p)) continue;
    if ((uint64_t)j->count * usable / wanted == seen++) j->pictures[j->count++] = p;
    if (j->count == wanted) return;
  }
}

hb_status hb_round_network(const hb_weights *weights, int layers, const hb_calibration *calibration,
                           hb_weights *rounded, float *steps, hb_error *error) {
  hb_weights copy = *weights; /* what is no number, too */
  copy.owned = NULL;
  hb_status status = hb_weights_allocate(&copy, error);
  if (status != HB_OK) return status;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    memcpy((float *)copy.kernel[c], weights->kernel[c], hb_kernel_size(&hb_conv_specs[c]) * sizeof(float));
    memcpy((float *)copy.bias[c], weights->bias[c], hb_conv_specs[c].out * sizeof(float));
  }
  memcpy((float *)copy.fc_kernel, weights->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM * sizeof(float));
  memcpy((float *)copy.fc_bias, weights->fc_bias, HB_LOGITS_DIM * sizeof(float));
  job j = {.calibration = calibration, .layers = layers, .rounded = &copy};
  j.threads = calibration->threads > 1 ? pthreadpool_create(calibration->threads) : NULL;
  j.thread_count = pthreadpool_get_threads_count(j.threads);
  choose_pictures(&j);
  status = round_layers(&j, weights, steps, error);
  pthreadpool_destroy(j.threads);
  if (status != HB_OK) return hb_weights_free(&copy), status;
  *rounded = copy;
  return HB_OK;
}
