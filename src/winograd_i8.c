#include "winograd_i8.h"

#include <string.h>

#include "winograd_transform.h"

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

uint32_t hb_winograd_i8_rows(uint32_t side) { return tiles_of(side); }

/* ---- Blocks: rows of tiles that are done together ---- */

#define BLOCK_BYTES (300 << 10) /* of transformed input */

typedef struct {
  const hb_winograd_i8 *conv;
  uint32_t first, rows, full_rows, columns, full_columns; /* of tiles */
  size_t v_point, u_point, m_point;                       /* numbers from point to point */
  uint16_t *v, *u;
  uint32_t *m;
} block;

static uint32_t rows_at_once(const hb_winograd_i8 *conv) {
  const size_t row = (size_t)POINTS * tiles_of(conv->side) * conv->in * sizeof(uint16_t);
  const uint32_t all = tiles_of(conv->side), rows = row < BLOCK_BYTES ? (uint32_t)(BLOCK_BYTES / row) : 1;
  if (rows >= all) return all;
  const uint32_t blocks = (all + rows - 1) / rows;
  return (all + blocks - 1) / blocks; /* about the same for each */
}

static void lay_out(const hb_winograd_i8 *conv, block *b) {
  const size_t tiles = (size_t)rows_at_once(conv) * tiles_of(conv->side);
  b->conv = conv;
  b->columns = tiles_of(conv->side), b->full_columns = full_of(conv->side);
  b->v_point = tiles * conv->in + GAP / sizeof *b->v;
  b->u_point = (size_t)conv->in * EIGHT + GAP / sizeof *b->u;
  b->m_point = tiles * EIGHT + GAP / sizeof *b->m;
}

size_t hb_winograd_i8_scratch_bytes(const hb_winograd_i8 *conv) {
  block b;
  lay_out(conv, &b);
  return POINTS * (b.v_point * sizeof *b.v + b.u_point * sizeof *b.u + b.m_point * sizeof *b.m);
}

static void place(block *b, void *scratch) {
  b->v = scratch;
  b->u = b->v + POINTS * b->v_point;
  b->m = (uint32_t *)(void *)(b->u + POINTS * b->u_point);
}

static void begin_rows(block *b, uint32_t first, uint32_t rows) {
  const uint32_t full = full_of(b->conv->side);
  b->first = first, b->rows = rows;
  b->full_rows = full <= first ? 0 : full - first < rows ? full - first : rows;
}

/* Tile (y, x) of the block, and where its outputs begin. */
static hb_winograd_tile tile_at(const block *b, uint32_t y, uint32_t x, uint32_t *start_y, uint32_t *start_x) {
  hb_winograd_tile tile;
  *start_y = tile_start(b->conv->side, b->first + y, &tile.from_y);
  *start_x = tile_start(b->conv->side, x, &tile.from_x);
  for (int i = 0; i < 2; i++) {
    tile.slot[i][0] = (size_t)y * b->full_columns + x;
    tile.slot[i][1] = (size_t)y * b->columns + x;
  }
  return tile;
}

/* Tiles that have the point. */
static size_t count_at(const block *b, int point) {
  const int i = point / HB_WINOGRAD_SIZE, j = point % HB_WINOGRAD_SIZE;
  return (size_t)(i > 0 ? b->rows : b->full_rows) * (j > 0 ? b->columns : b->full_columns);
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

static void transform_input(const block *b, const hb_map_i8 *input) {
  for (uint32_t y = 0; y < b->rows; y++)
    for (uint32_t x = 0; x < b->columns; x++) {
      uint32_t start_y, start_x;
      const hb_winograd_tile tile = tile_at(b, y, x, &start_y, &start_x);
      const uint8_t *start = input->pixels + start_y * input->stride + (size_t)start_x * b->conv->in;
      hb_winograd_input(b->conv, start - input->stride - b->conv->in, input->stride, &tile, b->v, b->v_point);
    }
}

static void multiply(const block *b, const hb_winograd_finish *finish) {
  for (int p = 0; p < POINTS; p++)
    hb_winograd_products(b->v + p * b->v_point, b->u + p * b->u_point, b->conv->in, count_at(b, p),
                         p == HB_WINOGRAD_ONE ? finish->start : NULL, b->m + p * b->m_point);
}

static void transform_output(const block *b, const hb_winograd_finish *finish, uint32_t channel,
                             const hb_map_i8 *output, const hb_sum_i8 *sum) {
  for (uint32_t y = 0; y < b->rows; y++)
    for (uint32_t x = 0; x < b->columns; x++) {
      uint32_t start_y, start_x;
      const hb_winograd_tile tile = tile_at(b, y, x, &start_y, &start_x);
      const size_t offset = (size_t)start_x * b->conv->out + channel;
      const uint8_t *other = sum != NULL ? sum->other.pixels + start_y * sum->other.stride + offset : NULL;
      hb_winograd_output(b->conv, finish, b->m, b->m_point, &tile, output->pixels + start_y * output->stride + offset,
                         output->stride, sum, other);
    }
}

void hb_winograd_i8_run(const hb_winograd_i8 *conv, const void *packed, const hb_map_i8 *input, const hb_map_i8 *output,
                        const hb_sum_i8 *sum, hb_winograd_part part, void *scratch) {
  block b;
  lay_out(conv, &b);
  place(&b, scratch);
  const uint32_t at_once = rows_at_once(conv);
  for (uint32_t y = part.row_begin; y < part.row_end; y += at_once) {
    begin_rows(&b, y, part.row_end - y < at_once ? part.row_end - y : at_once);
    transform_input(&b, input);
    for (uint32_t c = part.channel_begin; c < part.channel_end; c += EIGHT) {
      const char *eight = (const char *)packed + c / EIGHT * eight_bytes(conv);
      const hb_winograd_finish *finish = (const void *)(eight + weights_bytes(conv));
      hb_winograd_weights((const int8_t *)eight, conv->in, b.u, b.u_point);
      multiply(&b, finish);
      transform_output(&b, finish, c, output, sum);
    }
  }
}
