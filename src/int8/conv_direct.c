/* A tile is a few pixels by eight channels, whose sums stay in registers. For each row of the window, its pixels' runs
 * of numbers are read side by side. A tile goes on in the next row where a row ends, so that tiles are full in small
 * feature maps, too. */
#include "int8/conv_direct.h"

#define EIGHT HB_CONV_CHANNELS

/* Numbers whose products one instruction adds up. A run of numbers is filled up to a multiple with weights of zero. */
#define GROUP 4
#define WIDE_GROUP 2

/* Pixels of a tile: as many as x86's 16 registers allow beside two of weights and one of numbers, and in a WIDE_TILE
 * one of products. The innermost loops take one group a turn: with more, the compiler moves loads ahead until sums have
 * to leave their registers. A full SMALL_TILE takes no longer for a pixel than a full TILE. */
#define TILE 6
#define WIDE_TILE 5
#define SMALL_TILE 4

/* Bytes of weights that stay in the nearest cache beside the numbers. A tile is computed for the channels that they
 * belong to before the next tile is. */
#define NEAR_WEIGHTS 12288

/* Returns how many numbers a row of the window has. */
static uint32_t run_length(const hb_conv_spec *spec, uint32_t group) {
  return (spec->kernel * spec->in + group - 1) / group * group;
}

/* ---- Packing ---- */

static size_t weight_bytes(const hb_conv_spec *spec) {
  return (size_t)spec->out * spec->kernel * run_length(spec, GROUP);
}

size_t hb_conv_direct_size(const hb_conv_spec *spec) {
  return hb_i8_round_up(weight_bytes(spec)) + hb_i8_round_up(spec->out * sizeof(int32_t)) +
         hb_i8_round_up(spec->out * sizeof(float));
}

/* Packs weights as [eight channels][row of the window][group][channel of the eight][number of the group]. */
static void pack_weights(const hb_conv_i8_source *source, uint32_t group, int8_t *packed) {
  const hb_conv_spec *s = source->spec;
  const uint32_t length = s->kernel * s->in, padded = run_length(s, group);
  for (uint32_t o = 0; o < s->out; o++)
    for (uint32_t ky = 0; ky < s->kernel; ky++) {
      const int8_t *from = source->kernel + ((size_t)o * s->kernel + ky) * length;
      int8_t *to = packed + ((size_t)o / EIGHT * s->kernel + ky) * padded * EIGHT + o % EIGHT * group;
      for (uint32_t k = 0; k < padded; k++) to[k / group * group * EIGHT + k % group] = k < length ? from[k] : 0;
    }
}

static void run(const hb_conv_i8 *, const hb_feature_map *, const hb_feature_map *, const hb_sum_i8 *, void *,
                hb_worker_team *);

void hb_conv_direct_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out) {
  const hb_conv_spec *s = source->spec;
  int8_t *weights = memory;
  int32_t *bias = (int32_t *)(weights + hb_i8_round_up(weight_bytes(s)));
  float *scale = (float *)(bias + hb_i8_round_up(s->out * sizeof *bias) / sizeof *bias);
  pack_weights(source, form == HB_I8_WIDE ? WIDE_GROUP : GROUP, weights);
  for (uint32_t o = 0; o < s->out; o++) {
    bias[o] = hb_conv_i8_bias(source, o, form);
    scale[o] = hb_conv_i8_scale(source, o);
  }
  *out = (hb_conv_i8){.spec = s,
                      .weights = weights,
                      .bias = bias,
                      .scale = scale,
                      .rounding = hb_rounding_to(source->output.zero),
                      .form = form,
                      .run = run};
}

/* ---- Tiles ---- */

/* Pixels whose sums are computed at once: where their windows begin, and where the results go. */
typedef struct {
  const uint8_t *in[TILE];
  uint8_t *out[TILE];
  uint32_t count; /* pixels from here on are computed, but not stored */
} tile;

/* The next pixel: its window, its result, and its column. */
typedef struct {
  const uint8_t *in;
  uint8_t *out;
  uint32_t x;
} cursor;

HB_INLINE void advance(cursor *c, const hb_conv_spec *spec, const hb_feature_map *in, const hb_feature_map *out,
                       size_t bytes) {
  c->in += spec->stride * in->channels * bytes;
  c->out += out->channels;
  if (++c->x < out->side) return;
  c->x = 0;
  c->in += spec->stride * (in->row - out->side * in->channels * bytes);
  c->out += out->row - out->side * out->channels;
}

HB_INLINE void take_pixels(tile *t, uint32_t count, cursor *c, const hb_conv_spec *spec, const hb_feature_map *in,
                           const hb_feature_map *out, size_t bytes) {
  t->count = count;
  for (uint32_t p = 0; p < TILE; p++) {
    t->in[p] = p < count ? c->in : t->in[0];
    t->out[p] = p < count ? c->out : t->out[0];
    if (p < count) advance(c, spec, in, out, bytes);
  }
}

/* Returns how many pixels to take. A rest that is a little more than a tile makes two small ones. */
HB_INLINE uint32_t share(uint32_t left, uint32_t tile) {
  if (left > tile) return left <= 2 * SMALL_TILE ? SMALL_TILE : tile;
  return left;
}

HB_INLINE void sum_bytes(const hb_conv_i8 *conv, const tile *t, const int8_t *w, size_t row, const int32_t *bias,
                         const int pixels, hb_i32x4 sums[][2]) {
  const bool is_unsigned = conv->form == HB_I8_UNSIGNED;
  const uint32_t length = run_length(conv->spec, GROUP);
  const uint8_t *x[TILE];
  for (int p = 0; p < pixels; p++) {
    x[p] = t->in[p];
    sums[p][0] = hb_load_i32x4(bias);
    sums[p][1] = hb_load_i32x4(bias + 4);
  }
  for (uint32_t ky = conv->spec->kernel; ky > 0; ky--) {
    for (uint32_t k = 0; k < length; k += GROUP, w += GROUP * EIGHT) {
      const hb_i8x16 low = hb_load_i8x16(w), high = hb_load_i8x16(w + 16);
      for (int p = 0; p < pixels; p++) {
        const hb_i8x16 v = (hb_i8x16)hb_load_splat_i32x4(x[p] + k);
        sums[p][0] = hb_add_dot_i8x16(sums[p][0], low, v, is_unsigned);
        sums[p][1] = hb_add_dot_i8x16(sums[p][1], high, v, is_unsigned);
      }
    }
    for (int p = 0; p < pixels; p++) x[p] += row;
  }
}

HB_INLINE void sum_wide(const hb_conv_i8 *conv, const tile *t, const int8_t *w, size_t row, const int32_t *bias,
                        const int pixels, hb_i32x4 sums[][2]) {
  const uint32_t bytes = 2 * run_length(conv->spec, WIDE_GROUP);
  const uint8_t *x[TILE];
  for (int p = 0; p < pixels; p++) {
    x[p] = t->in[p];
    sums[p][0] = hb_load_i32x4(bias);
    sums[p][1] = hb_load_i32x4(bias + 4);
  }
  for (uint32_t ky = conv->spec->kernel; ky > 0; ky--) {
    for (uint32_t k = 0; k < bytes; k += 2 * WIDE_GROUP, w += WIDE_GROUP * EIGHT) {
      const hb_i16x8 low = hb_load_widened_i8(w, 0), high = hb_load_widened_i8(w + 8, 0);
      for (int p = 0; p < pixels; p++) {
        const hb_i16x8 v = (hb_i16x8)hb_load_splat_i32x4(x[p] + k);
        sums[p][0] += hb_dot_i16x8(low, v);
        sums[p][1] += hb_dot_i16x8(high, v);
      }
    }
    for (int p = 0; p < pixels; p++) x[p] += row;
  }
}

/* Computes a pixel's numbers from its sums. If `sum` is not NULL, it adds the numbers that are `there`. */
HB_INLINE hb_i16x8 requantize(const hb_conv_i8 *conv, const hb_i32x4 sums[2], uint32_t channel, const uint8_t *there,
                              const hb_sum_i8 *sum) {
  const hb_i16x8 q = hb_requantize_i8(sums[0], sums[1], conv->scale + channel, &conv->rounding);
  if (sum == NULL) return q;
  return hb_add_shortcut_i8(q, hb_load_widened_i8(there, hb_i8_form_flip(conv->form)), sum);
}

/* Stores the pixels before t->count. Without the pragma, sums would be looked up by a number that is known only at run
 * time, and the compiler would keep them in memory instead of registers. */
HB_INLINE void requantize_all(const hb_conv_i8 *conv, const tile *t, uint32_t channel, const hb_sum_i8 *sum,
                              const int pixels, const hb_i32x4 sums[][2]) {
#pragma clang loop unroll(full)
  for (int p = 0; p < pixels; p += 2) {
    if ((uint32_t)p >= t->count) continue;
    const int next = p + 1 < pixels ? p + 1 : p;
    uint8_t *first = t->out[p] + channel, *second = t->out[next] + channel;
    const hb_i16x8 a = requantize(conv, sums[p], channel, first, sum);
    const hb_i16x8 b = requantize(conv, sums[next], channel, second, sum);
    const hb_i8x16 both = hb_narrow_i16x8(a, b) ^ hb_i8_form_flip(conv->form);
    hb_store_half_i8x16(first, both, 0);
    if (next > p && (uint32_t)next < t->count) hb_store_half_i8x16(second, both, 1);
  }
}

HB_INLINE void run_tile(const hb_conv_i8 *conv, const tile *t, uint32_t channel, size_t row, const hb_sum_i8 *sum,
                        const bool wide, const int pixels) {
  const hb_conv_spec *s = conv->spec;
  const int8_t *weights =
      (const int8_t *)conv->weights + (size_t)channel * s->kernel * run_length(s, wide ? WIDE_GROUP : GROUP);
  hb_i32x4 sums[TILE][2];
  if (wide)
    sum_wide(conv, t, weights, row, conv->bias + channel, pixels, sums);
  else
    sum_bytes(conv, t, weights, row, conv->bias + channel, pixels, sums);
  requantize_all(conv, t, channel, sum, pixels, sums);
}

/* Computes a tile's channels from `channel` to before `end`. */
HB_INLINE void run_channels(const hb_conv_i8 *conv, const tile *t, uint32_t channel, uint32_t end, size_t row,
                            const hb_sum_i8 *sum, const bool wide) {
  for (; channel < end; channel += EIGHT)
    if (t->count > SMALL_TILE)
      run_tile(conv, t, channel, row, sum, wide, wide ? WIDE_TILE : TILE);
    else
      run_tile(conv, t, channel, row, sum, wide, SMALL_TILE);
}

/* Returns for how many channels the weights stay in the nearest cache. */
static uint32_t near_channels(const hb_conv_spec *s, uint32_t group) {
  const uint32_t weights = s->kernel * run_length(s, group) * EIGHT;
  return weights < NEAR_WEIGHTS ? NEAR_WEIGHTS / weights * EIGHT : EIGHT;
}

HB_INLINE void run_part(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                        const hb_sum_i8 *sum, const hb_conv_part *part, const bool wide) {
  const hb_conv_spec *s = conv->spec;
  const size_t bytes = wide ? 2 : 1, padding = s->kernel / 2;
  const uint32_t whole = wide ? WIDE_TILE : TILE, span = near_channels(s, wide ? WIDE_GROUP : GROUP);
  const cursor first = {in->origin + part->row * s->stride * in->row - padding * (in->row + in->channels * bytes),
                        out->origin + part->row * out->row, 0};
  for (uint32_t channel = part->channel, end; channel < part->channel_end; channel = end) {
    end = channel + span < part->channel_end ? channel + span : part->channel_end;
    cursor next = first;
    for (uint32_t left = (part->row_end - part->row) * out->side; left > 0;) {
      tile t;
      take_pixels(&t, share(left, whole), &next, s, in, out, bytes);
      left -= t.count;
      run_channels(conv, &t, channel, end, in->row, sum, wide);
    }
  }
}

void hb_conv_direct_part(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out,
                         const hb_sum_i8 *sum, const hb_conv_part *part) {
  if (conv->form == HB_I8_WIDE)
    run_part(conv, in, out, sum, part, true);
  else
    run_part(conv, in, out, sum, part, false);
}

/* ---- A whole convolution ---- */

/* The members share the channels, so that weights are read once. Each takes some of them about so many times, because
 * members do not all have one speed. */
#define TURNS 4

typedef struct {
  const hb_conv_i8 *conv;
  const hb_feature_map *in, *out;
  const hb_sum_i8 *sum;
  uint32_t channels; /* in an item */
} work;

static void run_item(void *context, uint32_t item, uint32_t member) {
  const work *w = context;
  const uint32_t channel = item * w->channels, end = channel + w->channels, all = w->conv->spec->out;
  (void)member;
  hb_conv_direct_part(w->conv, w->in, w->out, w->sum, &(hb_conv_part){0, w->out->side, channel, end < all ? end : all});
}

static void run(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
                void *scratch, hb_worker_team *team) {
  const hb_feature_map from = in->form == conv->form ? *in : hb_feature_map_widen(in, scratch, team);
  const uint32_t blocks = conv->spec->out / EIGHT, items = TURNS * hb_worker_team_present(team);
  work w = {conv, &from, out, sum,
            hb_worker_team_present(team) == 1 ? conv->spec->out : (blocks + items - 1) / items * EIGHT};
  hb_worker_team_run(team, (conv->spec->out + w.channels - 1) / w.channels, run_item, &w);
}
