#include "int8/network_i8.h"

#include <stdlib.h>
#include <string.h>

#include "int8/conv_choice.h"
#include "int8/conv_direct.h"
#include "resnet18/plan.h"

#define STEM_SIDE 112
#define STEM_CHANNELS 64
#define POOLED_SIDE 56
/* Rows of the max pool that are computed at once, so that the stem's large feature map never exists as a whole. */
#define STRIP 2
#define STRIP_ROWS (2 * STRIP + 1)
#define STRIP_BYTES (STRIP_ROWS * STEM_SIDE * STEM_CHANNELS)

/* Memory for feature maps. A block's result replaces its input, except after a downsample, when it goes to whichever of
 * FIRST and SECOND is free. */
enum { FIRST, BRANCH, SECOND, BUFFER_COUNT };

struct hb_network_i8 {
  hb_worker_team *team;
  hb_i8_form product; /* that of direct convolutions */
  hb_i8_form form;    /* that of feature maps, which are bytes */
  hb_conv_i8 convs[HB_CONV_COUNT];
  hb_sum_i8 sums[HB_BLOCK_COUNT];
  hb_quantization input, conv[HB_CONV_COUNT], block[HB_BLOCK_COUNT];
  uint8_t *buffers[BUFFER_COUNT];
  uint8_t *scratch; /* for one convolution at a time */
  void *memory;     /* all pointers lead into it */
};

/* ---- Creation ---- */

static bool downsamples(int conv) { return conv < HB_CONV_COUNT && hb_conv_specs[conv].kernel == 1; }

/* Chooses the kinds of all convolutions, and makes the additions, from what the plan says they read and write. */
static void choose_all(hb_network_i8 *network, const hb_quantized *q, hb_conv_i8_choice choices[HB_CONV_COUNT]) {
  hb_plan plan;
  hb_sum_i8 *sum = network->sums;
  hb_plan_make(&plan);
  for (const hb_step *s = plan.steps; s < plan.steps + HB_STEP_COUNT; s++) {
    const hb_quantization in = q->map[s->in.number], out = q->map[s->out.number];
    if (s->kind == HB_STEP_ADD) *sum++ = hb_sum_i8_of(in, q->map[s->other.number], out);
    if (s->kind != HB_STEP_CONVOLUTION) continue;
    const int c = s->conv;
    const hb_conv_i8_source source = {&hb_conv_specs[c], q->kernel[c], q->kernel_scale[c], q->bias[c], in, out};
    choices[c] = hb_conv_i8_choose(&source, s->in.side, network->product, hb_worker_team_members(network->team));
  }
}

/* Returns the bytes of a buffer: those of the largest feature map that it will hold. SECOND holds the members' strips
 * before the first block, and feature maps only from the third block on. */
static size_t buffer_size(int buffer, const hb_network_i8 *network) {
  if (buffer != SECOND) return hb_i8_round_up(hb_feature_map_bytes(POOLED_SIDE, STEM_CHANNELS, 1, network->form));
  const size_t map = hb_feature_map_bytes(POOLED_SIDE / 2, STEM_CHANNELS * 2, 1, network->form);
  const size_t strips = STRIP_BYTES * hb_worker_team_members(network->team);
  return hb_i8_round_up(map > strips ? map : strips);
}

static hb_status allocate(hb_network_i8 *network, const hb_conv_i8_choice choices[HB_CONV_COUNT], uint8_t **weights,
                          hb_error *error) {
  size_t size = 0, scratch = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    size += choices[c].size;
    if (choices[c].scratch > scratch) scratch = choices[c].scratch;
  }
  for (int i = 0; i < BUFFER_COUNT; i++) size += buffer_size(i, network);
  network->memory = aligned_alloc(HB_I8_ALIGNMENT, size + hb_i8_round_up(scratch));
  if (network->memory == NULL) return hb_fail_memory(error);
  uint8_t *next = network->memory;
  for (int i = 0; i < BUFFER_COUNT; next += buffer_size(i++, network)) network->buffers[i] = next;
  network->scratch = next;
  *weights = next + hb_i8_round_up(scratch);
  return HB_OK;
}

hb_status hb_network_i8_create(const hb_quantized *quantized, hb_i8_form form, hb_worker_team *team,
                               hb_network_i8 **out, hb_error *error) {
  hb_network_i8 *network = calloc(1, sizeof *network);
  if (network == NULL) return hb_fail_memory(error);
  network->team = team;
  network->product = form;
  network->form = hb_i8_form_of_maps(form);
  network->input = quantized->input;
  memcpy(network->conv, quantized->conv, sizeof network->conv);
  memcpy(network->block, quantized->block, sizeof network->block);
  hb_conv_i8_choice choices[HB_CONV_COUNT];
  uint8_t *weights;
  choose_all(network, quantized, choices);
  hb_status status = allocate(network, choices, &weights, error);
  if (status != HB_OK) return hb_network_i8_free(network), status;
  for (int c = 0; c < HB_CONV_COUNT; weights += choices[c++].size)
    hb_conv_i8_pack(&choices[c], weights, &network->convs[c]);
  *out = network;
  return HB_OK;
}

void hb_network_i8_free(hb_network_i8 *network) {
  if (network == NULL) return;
  free(network->memory);
  free(network);
}

/* ---- A run ---- */

static void convolve(const hb_network_i8 *network, const hb_conv_i8 *conv, const hb_feature_map *in,
                     const hb_feature_map *out, const hb_sum_i8 *sum) {
  hb_conv_i8_run(conv, in, out, sum, network->scratch, network->team);
}

/* Computes rows first to first + count - 1 of the stem into the strip, from its row `to` on. */
static void stem_rows(const hb_conv_i8 *stem, const hb_feature_map *picture, uint32_t first, uint32_t count,
                      const hb_feature_map *strip, uint32_t to) {
  hb_feature_map in = *picture, out = *strip;
  in.origin += first * stem->spec->stride * in.row;
  out.origin += to * out.row;
  hb_conv_direct_part(stem, &in, &out, NULL, &(hb_conv_part){0, count, 0, stem->spec->out});
}

typedef struct {
  const hb_network_i8 *network;
  const hb_feature_map *picture, *pooled;
  uint32_t items;
} stem_work;

/* Computes stem and max pool, a few rows at a time. The strip's first row is the last one of the strip before it, and
 * is computed once more where an item begins. */
static void stem_and_pool_item(void *context, uint32_t item, uint32_t member) {
  const stem_work *w = context;
  const hb_conv_i8 *stem = &w->network->convs[0];
  const size_t row = STEM_SIDE * STEM_CHANNELS;
  const hb_feature_map strip = {
      w->network->buffers[SECOND] + member * STRIP_BYTES, row, STEM_SIDE, STEM_CHANNELS, 0, w->network->form};
  const uint32_t strips = POOLED_SIDE / STRIP, first = strips * item / w->items * STRIP;
  const uint32_t end = strips * (item + 1) / w->items * STRIP;
  if (first > 0) stem_rows(stem, w->picture, 2 * first - 1, 1, &strip, STRIP_ROWS - 1);
  for (uint32_t y = first; y < end; y += STRIP) {
    if (y > 0) memcpy(strip.origin, strip.origin + (STRIP_ROWS - 1) * row, row);
    stem_rows(stem, w->picture, 2 * y, 2 * STRIP, &strip, 1);
    for (uint32_t i = 0; i < STRIP; i++) {
      const uint8_t *above = strip.origin + 2 * i * row, *middle = above + row;
      hb_feature_map_max_pool_row((const uint8_t *[3]){y + i > 0 ? above : middle, middle, middle + row}, w->pooled,
                                  y + i);
    }
  }
}

/* Every item but the first computes a row twice, hence the small number of items. */
static void stem_and_pool(const hb_network_i8 *network, const hb_feature_map *picture, const hb_feature_map *pooled) {
  const uint32_t present = hb_worker_team_present(network->team);
  stem_work w = {network, picture, pooled, present == 1 ? 1 : 2 * present};
  hb_worker_team_run(network->team, w.items, stem_and_pool_item, &w);
}

static hb_feature_map lay_map(const hb_network_i8 *network, int buffer, uint32_t side, uint32_t channels,
                              int32_t zero) {
  return hb_feature_map_place(network->buffers[buffer], side, channels, 1, network->form, zero);
}

/* Computes a basic block from convolution *c on. Moves *c behind it, and sets *at to the buffer of the result. */
static hb_feature_map basic_block(const hb_network_i8 *network, int *c, int block, hb_feature_map input, int *at) {
  const hb_conv_i8 *conv = &network->convs[*c];
  const int first = *c;
  const uint32_t side = input.side / conv->spec->stride, channels = conv->spec->out;
  hb_feature_map branch = lay_map(network, BRANCH, side, channels, network->conv[first].zero), output = input;
  convolve(network, conv, &input, &branch, NULL);
  *c += 2;
  if (downsamples(first + 2)) {
    *at = *at == FIRST ? SECOND : FIRST;
    output = lay_map(network, *at, side, channels, network->block[block].zero);
    convolve(network, &network->convs[(*c)++], &input, &output, NULL);
  } else {
    hb_feature_map_fill_border(&output, network->block[block].zero);
  }
  convolve(network, &network->convs[first + 1], &branch, &output, &network->sums[block]);
  return output;
}

void hb_network_i8_run(hb_network_i8 *network, const int8_t *numbers, float features[HB_FEATURES_DIM]) {
  hb_feature_map picture =
      hb_feature_map_place(network->buffers[BRANCH], HB_CROP_SIDE, 3, 3, network->form, network->input.zero);
  hb_feature_map_write(numbers, &picture);
  if (network->product == HB_I8_WIDE) picture = hb_feature_map_widen(&picture, network->scratch, network->team);
  hb_feature_map x = lay_map(network, FIRST, POOLED_SIDE, STEM_CHANNELS, network->conv[0].zero);
  stem_and_pool(network, &picture, &x);
  for (int c = 1, block = 0, at = FIRST; block < HB_BLOCK_COUNT; block++) {
    x = basic_block(network, &c, block, x, &at);
    const uint32_t feature = hb_plan_feature((uint32_t)block);
    if (feature < HB_FEATURES_DIM) hb_feature_map_mean(&x, network->block[block], features + feature);
  }
}
