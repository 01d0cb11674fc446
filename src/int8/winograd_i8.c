#include "int8/winograd_i8.h"

#include <string.h>

#define EIGHT HB_WINOGRAD_CHANNELS
#define POINTS HB_WINOGRAD_POINTS
#define TAPS 9
#define TILE 4
/* Points must not all fall into the same lines of a cache: bytes between them. */
#define GAP 64

/* ---- Tiles ---- */

/* Along a side: `full` tiles of four outputs, then tiles of at most three. */
static uint32_t tiles_of(uint32_t side) { return (side + TILE - 1) / TILE; }

static uint32_t full_of(uint32_t side) {
  const uint32_t tiles = tiles_of(side), missing = tiles * TILE - side;
  return tiles > missing ? tiles - missing : 1;
}

/* The first of a tile's four outputs; `from` is the first that no tile before it has given. */
static uint32_t tile_start(uint32_t side, uint32_t t, uint32_t *from) {
  const uint32_t full = full_of(side);
  *from = 0;
  if (t < full) return t * TILE;
  const uint32_t first = full * TILE + (t - full) * (TILE - 1), last = side - TILE;
  const uint32_t start = first - 1 < last ? first - 1 : last;
  *from = first - start;
  return start;
}

/* ---- Blocks: rows of tiles that are multiplied together; some blocks share what is computed from weights ---- */

#define BLOCK_TILES 16 /* about so many: their sums are to stay in the fastest cache */
#define BATCH 4        /* blocks */

/* Scratch that members of a team do not share. */
typedef struct {
  uint16_t *u;
  uint32_t *m;
  void *columns;
} desk;

typedef struct {
  const hb_winograd_i8 *conv;
  const void *packed;
  const hb_winograd_map *input, *output;
  const hb_winograd_sum *sum;
  uint32_t block_rows, batch; /* rows of tiles in a block; blocks */
  size_t u_point, bytes;      /* numbers from point to point; of scratch */
  hb_winograd_block blocks[BATCH];
  uint32_t block_count, row; /* of the batch that is at work; its first row */
  desk desks[HB_WORKER_TEAM_MEMBERS_MAX];
} work;

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* The part of the scratch for `count` things. */
static void *take(work *w, char *scratch, size_t count, size_t size) {
  void *part = scratch != NULL ? scratch + w->bytes : NULL;
  w->bytes += (count * size + 15) / 16 * 16;
  return part;
}

/* With scratch NULL only to know its size. */
static void lay_out(work *w, const hb_winograd_i8 *conv, uint32_t members, char *scratch) {
  const uint32_t side = tiles_of(conv->side), rows = smaller(side, side < BLOCK_TILES ? BLOCK_TILES / side : 1);
  const size_t tiles = (size_t)rows * side;
  *w = (work){.conv = conv, .block_rows = rows, .batch = smaller(BATCH, (side + rows - 1) / rows)};
  for (hb_winograd_block *block = w->blocks; block < w->blocks + w->batch; block++) {
    block->columns = side;
    block->v_point = tiles * conv->in + GAP / sizeof *block->v;
    block->v = take(w, scratch, POINTS * block->v_point, sizeof *block->v);
    block->tiles = take(w, scratch, tiles, sizeof *block->tiles);
    for (int j = 0; j < 2; j++) block->order[j] = take(w, scratch, tiles, sizeof *block->order[j]);
  }
  w->u_point = (size_t)conv->in * EIGHT + GAP / sizeof *w->desks->u;
  for (desk *d = w->desks; d < w->desks + members; d++) {
    d->u = take(w, scratch, POINTS * w->u_point, sizeof *d->u);
    d->m = take(w, scratch, tiles * POINTS * EIGHT, sizeof *d->m);
    d->columns = take(w, scratch, conv->side + 2, HB_WINOGRAD_COLUMN_BYTES);
  }
}

size_t hb_winograd_i8_scratch_bytes(const hb_winograd_i8 *conv, uint32_t members) {
  work w;
  lay_out(&w, conv, members, NULL);
  return w.bytes;
}

/* Tile number `t` of a block whose first row is `first`. */
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

/* ---- Packed: for each eight output channels their weights and hb_winograd_finish ---- */

static size_t weights_bytes(const hb_winograd_i8 *conv) { return (size_t)conv->in * EIGHT * TAPS; }

static size_t eight_bytes(const hb_winograd_i8 *conv) { return weights_bytes(conv) + sizeof(hb_winograd_finish); }

size_t hb_winograd_i8_packed_bytes(const hb_winograd_i8 *conv) { return conv->out / EIGHT * eight_bytes(conv); }

/* What the bytes of input maps are more than int8's numbers. */
static int32_t zero_of_bytes(const hb_winograd_i8 *conv) { return conv->input_zero + conv->flip; }

static void pack_weights(const hb_winograd_i8 *conv, const int8_t *kernel, int8_t *packed) {
  for (uint32_t k = 0; k < conv->in; k += 2)
    for (uint32_t o = 0; o < EIGHT; o += 4)
      for (uint32_t tap = 0; tap < TAPS; tap++)
        for (uint32_t i = 0; i < 8; i++) *packed++ = kernel[((o + i / 2) * TAPS + tap) * conv->in + k + i % 2];
}

static uint32_t start_of(const hb_winograd_i8 *conv, const int8_t *kernel, int32_t bias) {
  uint32_t sum = 0;
  for (size_t i = 0; i < (size_t)TAPS * conv->in; i++) sum += (uint32_t)kernel[i];
  return 36 * ((uint32_t)bias - (uint32_t)zero_of_bytes(conv) * sum);
}

#define INVERSE_OF_9 0x38e38e39u /* modulo 2^32 */
#define MAGIC 0x1.8p23f          /* from here on the last bit of a float is worth 1 ... */
#define MAGIC_BITS 0x4b400000    /* ... and these are its bits */

static void fill_vectors(const hb_winograd_i8 *conv, hb_winograd_finish *finish) {
  for (int i = 0; i < 4; i++) {
    finish->inverse[i] = INVERSE_OF_9;
    finish->magic[i] = MAGIC;
    finish->lowest[i] = (uint32_t)(MAGIC_BITS + INT8_MIN - conv->output_zero);
    finish->offset[i] = (uint32_t)(MAGIC_BITS - conv->output_zero);
  }
  memset(finish->flip, conv->flip, sizeof finish->flip);
}

void hb_winograd_i8_pack(const hb_winograd_i8 *conv, const int8_t *kernel, const int32_t *bias, const float *multiplier,
                         void *packed) {
  char *next = packed;
  for (uint32_t o = 0; o < conv->out; o += EIGHT, next += eight_bytes(conv)) {
    hb_winograd_finish *finish = (hb_winograd_finish *)(void *)(next + weights_bytes(conv));
    pack_weights(conv, kernel + (size_t)o * TAPS * conv->in, (int8_t *)next);
    for (uint32_t i = 0; i < EIGHT; i++) {
      finish->start[i] = start_of(conv, kernel + (size_t)(o + i) * TAPS * conv->in, bias[o + i]);
      for (int s = 0; s < HB_WINOGRAD_SCALES; s++) finish->scale[s][i] = multiplier[o + i] / (float)(4 << s);
    }
    fill_vectors(conv, finish);
  }
}

/* ---- Whether it is exact ---- */

/* 64 times a sum fits into 32 bits. */
static bool sums_fit(const int8_t *kernel, size_t count, int32_t bias, int32_t zero) {
  const int64_t low = INT8_MIN - zero, high = INT8_MAX - zero, most = INT32_MAX / 64;
  int64_t positive = 0, negative = 0;
  for (size_t i = 0; i < count; i++) *(kernel[i] > 0 ? &positive : &negative) += kernel[i];
  return bias + positive * high + negative * low <= most && bias + positive * low + negative * high >= -most;
}

bool hb_winograd_i8_fits(const hb_winograd_i8 *conv, const int8_t *kernel, const int32_t *bias) {
  if (conv->side < HB_WINOGRAD_SIDE || conv->in % EIGHT != 0 || conv->out % EIGHT != 0 || conv->in == 0) return false;
  const size_t count = (size_t)TAPS * conv->in;
  for (uint32_t o = 0; o < conv->out; o++)
    if (!sums_fit(kernel + o * count, count, bias[o], conv->input_zero)) return false;
  return true;
}

/* ---- Run ---- */

/* Input of a block of the batch. */
static void run_block(void *context, uint32_t item, uint32_t member) {
  work *w = context;
  const uint32_t first = w->row + item * w->block_rows, side = tiles_of(w->conv->side);
  begin_block(&w->blocks[item], w->conv->side, first, smaller(w->block_rows, side - first));
  hb_winograd_input(w->conv, w->input, &w->blocks[item], w->desks[member].columns);
}

/* All blocks of the batch, eight output channels. */
static void run_eight(void *context, uint32_t item, uint32_t member) {
  const work *w = context;
  const desk *d = &w->desks[member];
  const int8_t *weights = (const int8_t *)w->packed + item * eight_bytes(w->conv);
  const hb_winograd_finish *finish = (const void *)(weights + weights_bytes(w->conv));
  hb_winograd_weights(weights, w->conv->in, d->u, w->u_point);
  for (const hb_winograd_block *block = w->blocks; block < w->blocks + w->block_count; block++) {
    hb_winograd_products(block, w->conv->in, d->u, w->u_point, finish->start, d->m);
    for (uint32_t t = 0; t < block->rows * block->columns; t++)
      hb_winograd_output(w->conv, finish, item * EIGHT, d->m + t * POINTS * EIGHT, &block->tiles[t], w->output, w->sum);
  }
}

void hb_winograd_i8_run(const hb_winograd_i8 *conv, const void *packed, const hb_winograd_map *input,
                        const hb_winograd_map *output, const hb_winograd_sum *sum, void *scratch,
                        hb_worker_team *team) {
  const uint32_t rows = tiles_of(conv->side);
  work w;
  lay_out(&w, conv, hb_worker_team_members(team), scratch);
  w.packed = packed, w.input = input, w.output = output, w.sum = sum;
  for (; w.row < rows; w.row += w.block_count * w.block_rows) {
    w.block_count = smaller(w.batch, (rows - w.row + w.block_rows - 1) / w.block_rows);
    hb_worker_team_run(team, w.block_count, run_block, &w);
    hb_worker_team_run(team, conv->out / EIGHT, run_eight, &w);
  }
}
