/* bench-network-i8: the int8 network of src/int8/network_i8.c beside XNNPACK's operators, one thread, random weights.
 * Prints hashes of what both compute: the same on every machine and in every build. In wasm (tests/bench/network_i8.mjs
 * runs it in Chromium) it goes on to times and GMAC/s: of a loop that does nothing but loads and products (the
 * ceiling), of every convolution by itself, and of the whole network. Rounds alternate, so that the machine's noise
 * hits all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "image/resize.h"
#include "int8/conv_choice.h"
#include "int8/network_i8.h"
#include "synthetic_i8.h"
#include "xnnpack_i8.h"

static const char *const form_names[] = {"wide", "signed", "unsigned"};

static hb_quantized model;
static void *model_memory;
static int8_t *picture;

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (memory == NULL) exit(1);
  memset(memory, 0, bytes);
  return memory;
}

/* ---- Hashes ---- */

static uint32_t hash(const void *bytes, size_t size) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < size; i++) h = (h ^ ((const uint8_t *)bytes)[i]) * 16777619u;
  return h;
}

static hb_network_i8 *create(hb_i8_form form) {
  hb_network_i8 *network;
  hb_error error;
  if (hb_network_i8_create(&model, form, NULL, &network, &error) == HB_OK) return network;
  printf("%s\n", error.text);
  exit(1);
}

static void print_hash(const char *who, int32_t limit, const float *pooled) {
  printf("hash of weights to %d, %s: %08x\n", (int)limit, who,
         (unsigned)hash(pooled, HB_FEATURES_DIM * sizeof *pooled));
}

static void hash_of_form(int32_t limit, hb_i8_form form) {
  float pooled[HB_FEATURES_DIM];
  hb_network_i8 *network = create(form);
  hb_network_i8_run(network, picture, pooled);
  hb_network_i8_free(network);
  print_hash(form_names[form], limit, pooled);
}

/* Natively all forms; in wasm those that are exact. With weights up to 63 unsigned ones are exact on all x86, as sums
 * of two products then fit into 16 bits. */
static bool has_form(hb_i8_form form, int32_t limit) {
#ifdef __wasm_relaxed_simd__
  return form == HB_I8_WIDE || form == hb_i8_form_here() ||
         (form == HB_I8_UNSIGNED && limit < 64 && hb_i8_form_here() != HB_I8_SIGNED);
#elif defined __wasm__
  (void)limit;
  return form == HB_I8_WIDE;
#else
  (void)form, (void)limit;
  return true;
#endif
}

static void print_hashes(void) {
  static const int32_t limits[] = {63, 127};
  for (int i = 0; i < 2; i++) {
    float pooled[HB_FEATURES_DIM];
    xnnpack_network peer;
    free(model_memory);
    model = synthetic_i8(7, limits[i], &model_memory);
    xnnpack_network_create(&model, &peer);
    xnnpack_network_run(&peer, picture, pooled);
    xnnpack_network_free(&peer);
    print_hash("XNNPACK", limits[i], pooled);
    for (hb_i8_form form = HB_I8_WIDE; form <= HB_I8_UNSIGNED; form++)
      if (has_form(form, limits[i])) hash_of_form(limits[i], form);
  }
}

#ifdef __wasm__

/* ---- Times ---- */

#define ROUNDS_MAX 400
#define ROUNDS_MIN 5
#define WARM_UP_MS 1500
#define BUDGET_MS 12000

typedef struct {
  double times[ROUNDS_MAX];
  int count;
} series;

/* A convolution of its own, with its maps. */
typedef struct {
  hb_conv_i8 conv;
  hb_feature_map in, out;
  void *memory[4]; /* in, out, packed, scratch */
  series ours, theirs;
  double macs;
} layer;

static layer layers[HB_CONV_COUNT];
static series ours, theirs, ceiling, peer_convs, our_convs;

static void note(series *s, double started) {
  if (s->count < ROUNDS_MAX) s->times[s->count++] = hb_clock_milliseconds() - started;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double least(series *s) { return qsort(s->times, (size_t)s->count, sizeof(double), ascending), s->times[0]; }
static double median(series *s) { return least(s), s->times[s->count / 2]; }

/* The side of a convolution's input: 224, then halved by the max pool and by every strided block. */
static uint32_t input_side(int c) {
  uint32_t side = c == 0 ? 224 : 56;
  for (int i = 1; i < c; i++)
    if (hb_conv_specs[i].stride == 2 && hb_conv_specs[i].kernel == 3) side /= 2;
  return hb_conv_specs[c].kernel == 1 ? side * 2 : side;
}

static void create_layer(int c, hb_i8_form form) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  layer *l = &layers[c];
  const uint32_t side = input_side(c), out_side = side / s->stride, border = s->kernel == 7 ? 3 : 1;
  const hb_quantization quantization = {0.05f, -128};
  const hb_conv_i8_source source = {s,           model.kernel[c], model.kernel_scale[c], model.bias[c], quantization,
                                    quantization};
  const hb_conv_i8_choice draft = hb_conv_i8_choose(&source, side, form, 1);
  const hb_i8_form maps = hb_i8_form_of_maps(form), in = draft.winograd ? maps : form;
  const size_t sizes[4] = {hb_feature_map_bytes(side, s->in, border, in),
                           hb_feature_map_bytes(out_side, s->out, 1, maps), draft.size, draft.scratch + 64};
  for (int i = 0; i < 4; i++) l->memory[i] = allocate(sizes[i]);
  for (size_t i = 0; i < sizes[0]; i++) ((uint8_t *)l->memory[0])[i] = in == HB_I8_WIDE ? i / 2 & 63 : i & 127;
  l->in = hb_feature_map_place(l->memory[0], side, s->in, border, in, -128);
  l->out = hb_feature_map_place(l->memory[1], out_side, s->out, 1, maps, -128);
  hb_conv_i8_pack(&draft, l->memory[2], &l->conv);
  l->macs = (double)out_side * out_side * s->out * s->in * s->kernel * s->kernel;
  l->ours.count = l->theirs.count = 0;
}

static void free_layers(void) {
  for (int c = 0; c < HB_CONV_COUNT; c++)
    for (int i = 0; i < 4; i++) free(layers[c].memory[i]);
}

/* Six pixels by eight channels, all in the nearest cache: nothing but loads and products. */
#define CEILING_LENGTH 576
#define CEILING_REPEATS 400

static __attribute__((noinline)) void tile_bytes(const uint8_t *x, const int8_t *w, int32_t *out) {
  hb_i32x4 sums[6][2] = {0};
  for (uint32_t k = 0; k < CEILING_LENGTH; k += 4, w += 32) {
    const hb_i8x16 low = hb_load_i8x16(w), high = hb_load_i8x16(w + 16);
    for (int p = 0; p < 6; p++) {
      const hb_i8x16 v = (hb_i8x16)hb_load_splat_i32x4(x + p * CEILING_LENGTH + k);
      sums[p][0] = hb_add_dot_i8x16(sums[p][0], low, v, true);
      sums[p][1] = hb_add_dot_i8x16(sums[p][1], high, v, true);
    }
  }
  for (int i = 0; i < 12; i++) hb_store_i32x4(out + 4 * i, sums[i / 2][i % 2]);
}

static __attribute__((noinline)) void tile_wide(const uint8_t *x, const int8_t *w, int32_t *out) {
  hb_i32x4 sums[4][2] = {0};
  for (uint32_t k = 0; k < CEILING_LENGTH; k += 2, w += 32) {
    const hb_i16x8 low = hb_load_i16x8(w), high = hb_load_i16x8(w + 16);
    for (int p = 0; p < 4; p++) {
      const hb_i16x8 v = (hb_i16x8)hb_load_splat_i32x4(x + 2 * (p * CEILING_LENGTH + k));
      sums[p][0] += hb_dot_i16x8(low, v);
      sums[p][1] += hb_dot_i16x8(high, v);
    }
  }
  for (int i = 0; i < 8; i++) hb_store_i32x4(out + 4 * i, sums[i / 2][i % 2]);
}

static uint8_t ceiling_x[6 * CEILING_LENGTH * 2];
static int8_t ceiling_w[16 * CEILING_LENGTH];
static volatile int32_t ceiling_sum; /* so that the compiler must not leave it out */

static double run_ceiling(hb_i8_form form) {
  int32_t out[48];
  for (int i = 0; i < CEILING_REPEATS; i++) {
    if (form == HB_I8_WIDE)
      tile_wide(ceiling_x, ceiling_w, out);
    else
      tile_bytes(ceiling_x, ceiling_w, out);
    ceiling_sum = out[i % 32];
  }
  return (form == HB_I8_WIDE ? 32.0 : 48.0) * CEILING_LENGTH * CEILING_REPEATS;
}

static void run_layers(const xnnpack_network *peer) {
  double our_ms = 0, peer_ms = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    layer *l = &layers[c];
    double started = hb_clock_milliseconds(), between;
    hb_conv_i8_run(&l->conv, &l->in, &l->out, NULL, l->memory[3], NULL);
    between = hb_clock_milliseconds();
    our_ms += between - started;
    note(&l->ours, started);
    xnnpack_run(&peer->steps[peer->convs[c]]);
    peer_ms += hb_clock_milliseconds() - between;
    note(&l->theirs, between);
  }
  our_convs.times[our_convs.count++] = our_ms;
  peer_convs.times[peer_convs.count++] = peer_ms;
}

static void round_of_all(hb_i8_form form, hb_network_i8 *network, xnnpack_network *peer) {
  float pooled[HB_FEATURES_DIM];
  double started = hb_clock_milliseconds();
  hb_network_i8_run(network, picture, pooled);
  note(&ours, started);
  started = hb_clock_milliseconds();
  xnnpack_network_run(peer, picture, pooled);
  note(&theirs, started);
  started = hb_clock_milliseconds();
  run_ceiling(form);
  note(&ceiling, started);
  run_layers(peer);
}

static void print_line(const char *what, double macs, series *mine, series *peer) {
  printf("%-22s %8.3f %8.3f %7.1f  %8.3f %8.3f %7.1f   %.2f %.2f\n", what, median(mine), least(mine),
         macs / median(mine) * 1e-6, median(peer), least(peer), macs / median(peer) * 1e-6, median(mine) / median(peer),
         least(mine) / least(peer));
}

static void print_times(hb_i8_form form) {
  double macs = 0;
  printf("%s, %d rounds   ours: ms median, minimum, GMAC/s   XNNPACK: the same   ours / XNNPACK\n", form_names[form],
         ours.count);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    macs += layers[c].macs;
    print_line(hb_conv_specs[c].name, layers[c].macs, &layers[c].ours, &layers[c].theirs);
  }
  print_line("convolutions alone", macs, &our_convs, &peer_convs);
  print_line("whole network", macs, &ours, &theirs);
  const double tile = run_ceiling(form);
  printf("ceiling                %.1f GMAC/s (median), %.1f; whole network is %.3f of it, %.3f of the convolutions\n",
         tile / median(&ceiling) * 1e-6, tile / least(&ceiling) * 1e-6, macs / least(&ours) / (tile / least(&ceiling)),
         least(&our_convs) / least(&ours));
}

static void measure(hb_i8_form form) {
  hb_network_i8 *network = create(form);
  xnnpack_network peer;
  xnnpack_network_create(&model, &peer);
  for (int c = 0; c < HB_CONV_COUNT; c++) create_layer(c, form);
  for (double begin = hb_clock_milliseconds(); hb_clock_milliseconds() - begin < WARM_UP_MS;) {
    ours.count = theirs.count = ceiling.count = our_convs.count = peer_convs.count = 0;
    round_of_all(form, network, &peer);
  }
  ours.count = theirs.count = ceiling.count = our_convs.count = peer_convs.count = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) layers[c].ours.count = layers[c].theirs.count = 0;
  for (double begin = hb_clock_milliseconds();
       ours.count < ROUNDS_MIN || (hb_clock_milliseconds() - begin < BUDGET_MS && ours.count < ROUNDS_MAX);)
    round_of_all(form, network, &peer);
  print_times(form);
  free_layers();
  xnnpack_network_free(&peer);
  hb_network_i8_free(network);
}

/* Weights as large as trained ones are on average. */
#define USUAL_LIMIT 45

static void measure_all(void) {
  hb_random random = {5};
  free(model_memory);
  model = synthetic_i8(9, USUAL_LIMIT, &model_memory);
  for (size_t i = 0; i < sizeof ceiling_x; i++) ceiling_x[i] = hb_random_next(&random) & 63;
  for (size_t i = 0; i < sizeof ceiling_w; i++) ceiling_w[i] = (int8_t)(hb_random_next(&random) & 63);
  measure(HB_I8_WIDE);
#ifdef __wasm_relaxed_simd__
  /* the time of products of bytes is worth knowing even where they are not exact */
  measure(hb_i8_form_here() == HB_I8_SIGNED ? HB_I8_SIGNED : HB_I8_UNSIGNED);
#endif
}

#else

static void measure_all(void) {}

#endif

int main(void) {
  hb_random random = {3};
  picture = allocate(HB_CROP_BYTES * sizeof *picture);
  random_picture(&random, picture);
  printf("form of this machine: %s\n", form_names[hb_i8_form_here()]);
  print_hashes();
  measure_all();
  free(model_memory);
  free(picture);
  return 0;
}
