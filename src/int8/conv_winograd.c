#include "int8/conv_winograd.h"

#include "int8/winograd_transform.h"

#define EIGHT HB_CONV_CHANNELS
#define POINTS HB_WINOGRAD_POINTS
#define TAPS 9
#define TILE 4
/* Bytes between the numbers of two points. Without them, points would fall onto each other in a cache. */
#define GAP 64

/* ---- Tiles ---- */

/* Along a side there are first full tiles, of four outputs, then tiles of at most three. */
static uint32_t tiles_of(uint32_t side) { return (side + TILE - 1) / TILE; }

static uint32_t full_of(uint32_t side) {
  const uint32_t tiles = tiles_of(side), missing = tiles * TILE - side;
  return tiles > missing ? tiles - missing : 1;
}

/* Returns the first of a tile's four outputs. *from is the first of the four that no tile before it gives. */
static uint32_t tile_start(uint32_t side, uint32_t t, uint32_t *from) {
  const uint32_t full = full_of(side);
  *from = 0;
  if (t < full) return t * TILE;
  const uint32_t first = full * TILE + (t - full) * (TILE - 1), last = side - TILE;
  const uint32_t start = first - 1 < last ? first - 1 : last;
  *from = first - start;
  return start;
}

/* ---- Blocks: rows of tiles that are multiplied together. The blocks of a batch share transformed weights ---- */

#define BLOCK_TILES 16 /* about so many, so that their sums stay in the nearest cache */
#define BATCH 4        /* blocks in a batch */

/* Scratch that members of a team do not share. */
typedef struct {
  int16_t *u;
  uint32_t *m;
  void *columns;
} desk;

typedef struct {
  const hb_conv_i8 *conv;
  const hb_feature_map *in, *out;
  const hb_sum_i8 *sum;
  uint32_t block_rows, batch; /* rows of tiles in a block; blocks in a batch */
  size_t u_point, bytes;      /* numbers of u from point to point; bytes of scratch */
  hb_winograd_block blocks[BATCH];
  uint32_t block_count, row; /* blocks of the current batch; its first row of tiles */
  desk desks[HB_WORKER_TEAM_MEMBERS_MAX];
} work;

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Takes a part of the scratch, for `count` things of `size` bytes. */
static void *take(work *w, char *scratch, size_t count, size_t size) {
  void *part = scratch != NULL ? scratch + w->bytes : NULL;
  w->bytes += (count * size + 15) / 16 * 16;
  return part;
}

/* Divides the scratch. It may be NULL to find out its size. */
static void lay_out(work *w, const hb_conv_spec *spec, uint32_t map_side, uint32_t members, char *scratch) {
  const uint32_t side = tiles_of(map_side), rows = smaller(side, side < BLOCK_TILES ? BLOCK_TILES / side : 1);
  const size_t tiles = (size_t)rows * side;
  *w = (work){.block_rows = rows, .batch = smaller(BATCH, (side + rows - 1) / rows)};
  for (hb_winograd_block *block = w->blocks; block < w->blocks + w->batch; block++) {
    block->columns = side;
    block->v_point = tiles * spec->in + GAP / sizeof *block->v;
    block->v = take(w, scratch, POINTS * block->v_point, sizeof *block->v);
    block->tiles = take(w, scratch, tiles, sizeof *block->tiles);
    for (int j = 0; j < 2; j++) block->order[j] = take(w, scratch, tiles, sizeof *block->order[j]);
  }
  w->u_point = (size_t)spec->in * EIGHT + GAP / sizeof *w->desks->u;
  for (desk *d = w->desks; d < w->desks + members; d++) {
    d->u = take(w, scratch, POINTS * w->u_point, sizeof *d->u);
    d->m = take(w, scratch, tiles * POINTS * EIGHT, sizeof *d->m);
    d->columns = take(w, scratch, map_side + 2, HB_WINOGRAD_COLUMN_BYTES);
  }
}

size_t hb_conv_winograd_scratch(const hb_conv_spec *spec, uint32_t side, uint32_t members) {
  work w;
  lay_out(&w, spec, side, members, NULL);
  return hb_i8_round_up(w.bytes);
}

/* Makes tile number `t` of a block whose first row of tiles is `first`. */
static void make_tile(hb_winograd_block *block, uint32_t side, uint32_t first, uint32_t t) {
  const uint32_t y = t / block->columns, x = t % block->columns, full = full_of(side);
  hb_winograd_tile *tile = &block->tiles[t];
  tile->y = tile_start(side, first + y, &tile->from_y);
  tile->x = tile_start(side, x, &tile->from_x);
  block->order[1][tile->slot[1] = t] = t;
  if (tile->from_x == 0) block->order[0][tile->slot[0] = y * full + x] = t;
}

static void begin_block(hb_winograd_block *block, uint32_t side, uint32_t first, uint32_t rows) {
  const uint32_t full = full_of(side), full_rows = full > first ? smaller(full - first, rows) : 0;
  block->rows = rows;
  for (int i = 0; i < 2; i++) {
    block->count[i][0] = (i > 0 ? rows : full_rows) * full;
    block->count[i][1] = (i > 0 ? rows : full_rows) * block->columns;
  }
  for (uint32_t t = 0; t < rows * block->columns; t++) make_tile(block, side, first, t);
}

/* ---- Whether it is exact ---- */

/* Returns whether 64 times the sum fits into 32 bits for every input. */
static bool sums_fit(const int8_t *kernel, size_t count, int32_t bias, int32_t zero) {
  const int64_t low = INT8_MIN - zero, high = INT8_MAX - zero, most = INT32_MAX / 64;
  int64_t positive = 0, negative = 0;
  for (size_t i = 0; i < count; i++) *(kernel[i] > 0 ? &positive : &negative) += kernel[i];
  return bias + positive * high + negative * low <= most && bias + positive * low + negative * high >= -most;
}

bool hb_conv_winograd_fits(const hb_conv_i8_source *source, uint32_t side) {
  const hb_conv_spec *s = source->spec;
  if (s->kernel != 3 || s->stride != 1 || side < TILE) return false;
  if (s->in % EIGHT != 0 || s->out % EIGHT != 0 || s->in == 0) return false;
  const size_t taps = hb_conv_taps(s);
  for (uint32_t o = 0; o < s->out; o++)
    if (!sums_fit(source->kernel + o * taps, taps, source->bias[o], source->input.zero)) return false;
  return true;
}

/* ---- Packing: the weights of each eight output channels, then their hb_winograd_scales ---- */

static size_t weights_bytes(const hb_conv_spec *spec) { return EIGHT * hb_conv_taps(spec); }

static size_t eight_bytes(const hb_conv_spec *spec) { return weights_bytes(spec) + sizeof(hb_winograd_scales); }

size_t hb_conv_winograd_size(const hb_conv_spec *spec) { return hb_i8_round_up(spec->out / EIGHT * eight_bytes(spec)); }

static void pack_weights(const int8_t *kernel, uint32_t in, int8_t *packed) {
  for (uint32_t k = 0; k < in; k += 2)
    for (uint32_t o = 0; o < EIGHT; o += 4)
      for (uint32_t tap = 0; tap < TAPS; tap++)
        for (uint32_t i = 0; i < 8; i++) *packed++ = kernel[((o + i / 2) * TAPS + tap) * in + k + i % 2];
}

static void run(const hb_conv_i8 *, const hb_feature_map *, const hb_feature_map *, const hb_sum_i8 *, void *,
                hb_worker_team *);

void hb_conv_winograd_pack(const hb_conv_i8_source *source, hb_i8_form form, void *memory, hb_conv_i8 *out) {
  const hb_conv_spec *s = source->spec;
  char *next = memory;
  for (uint32_t o = 0; o < s->out; o += EIGHT, next += eight_bytes(s)) {
    hb_winograd_scales *scales = (hb_winograd_scales *)(void *)(next + weights_bytes(s));
    pack_weights(source->kernel + o * hb_conv_taps(s), s->in, (int8_t *)next);
    for (uint32_t i = 0; i < EIGHT; i++) {
      scales->bias[i] = 36 * (uint32_t)hb_conv_i8_bias(source, o + i, form);
      for (int k = 0; k < HB_WINOGRAD_SCALES; k++)
        scales->scale[k][i] = hb_conv_i8_scale(source, o + i) / (float)(4 << k);
    }
  }
  *out = (hb_conv_i8){
      .spec = s, .weights = memory, .rounding = hb_rounding_to(source->output.zero), .form = form, .run = run};
}

/* ---- Run ---- */

/* Transforms the input of a block of the batch. */
static void run_block(void *context, uint32_t item, uint32_t member) {
  work *w = context;
  const uint32_t first = w->row + item * w->block_rows, side = tiles_of(w->in->side);
  begin_block(&w->blocks[item], w->in->side, first, smaller(w->block_rows, side - first));
  hb_winograd_input(w->in, &w->blocks[item], w->desks[member].columns);
}

/* Computes eight output channels of all blocks of the batch. */
static void run_eight(void *context, uint32_t item, uint32_t member) {
  const work *w = context;
  const desk *d = &w->desks[member];
  const hb_conv_spec *spec = w->conv->spec;
  const int8_t *weights = (const int8_t *)w->conv->weights + item * eight_bytes(spec);
  const hb_winograd_scales *scales = (const void *)(weights + weights_bytes(spec));
  hb_winograd_weights(weights, spec->in, d->u, w->u_point);
  for (const hb_winograd_block *block = w->blocks; block < w->blocks + w->block_count; block++) {
    hb_winograd_products(block, spec->in, d->u, w->u_point, scales->bias, d->m);
    for (uint32_t t = 0; t < block->rows * block->columns; t++)
      hb_winograd_output(w->conv, scales, item * EIGHT, d->m + t * POINTS * EIGHT, &block->tiles[t], w->out, w->sum);
  }
}

static void run(const hb_conv_i8 *conv, const hb_feature_map *in, const hb_feature_map *out, const hb_sum_i8 *sum,
                void *scratch, hb_worker_team *team) {
  const uint32_t rows = tiles_of(in->side);
  work w;
  lay_out(&w, conv->spec, in->side, hb_worker_team_members(team), scratch);
  w.conv = conv, w.in = in, w.out = out, w.sum = sum;
  for (; w.row < rows; w.row += w.block_count * w.block_rows) {
    w.block_count = smaller(w.batch, (rows - w.row + w.block_rows - 1) / w.block_rows);
    hb_worker_team_run(team, w.block_count, run_block, &w);
    hb_worker_team_run(team, conv->spec->out / EIGHT, run_eight, &w);
  }
}
