#include "image/resample.h"

#include <stdlib.h>
#include <string.h>

#include "image/resample_pass.h"

#define CHANNELS 3 /* of what comes out */

/* What the two orders of passes share: the stored picture's own axes, each with the weights of its pixels. */
typedef struct {
  const hb_image *image;
  hb_resample_weights columns, rows;
  uint32_t width, height;   /* of the part, as it is stored */
  size_t line;              /* bytes of a stored row that are read */
  uint8_t *lines[HB_BATCH]; /* room for as many rows, and HB_READ_BEYOND */
} resampler;

/* Bytes of a stored row, from the first column that is read. */
static const uint8_t *stored_row(const resampler *r, uint32_t y) {
  return r->image->pixels + ((size_t)y * r->image->width + r->columns.first) * r->image->channels;
}

/* Returns the row where HB_READ_BEYOND more bytes can be read. It copies the last rows to `line`. */
static const uint8_t *readable_row(const resampler *r, uint32_t y, uint8_t *line) {
  const uint8_t *row = stored_row(r, y);
  const uint8_t *end = r->image->pixels + (size_t)r->image->width * r->image->height * r->image->channels;
  return (size_t)(end - row) >= r->line + HB_READ_BEYOND ? row : memcpy(line, row, r->line);
}

/* ---- Upright: along the rows, then across them ---- */

/* The last rows that were made, each in its place of a ring. */
typedef struct {
  uint8_t *bytes;
  size_t line;
  uint32_t capacity, next; /* the stored row that is made next */
} ring;

static uint8_t *ring_line(const ring *g, uint32_t y) { return g->bytes + y % g->capacity * g->line; }

static void make_rows(const resampler *r, ring *g, uint32_t end) {
  while (g->next < end) {
    const uint8_t *from[HB_BATCH];
    uint8_t *to[HB_BATCH];
    uint32_t count = 0;
    for (; count < HB_BATCH && g->next < r->rows.end; count++, g->next++)
      from[count] = readable_row(r, g->next, r->lines[count]), to[count] = ring_line(g, g->next);
    hb_resample_along(&r->columns, from, r->image->channels, to, count);
  }
}

static hb_status resample_upright(const resampler *r, uint8_t *rgb, hb_error *error) {
  const uint32_t taps = r->rows.max_groups * HB_WEIGHT_GROUP;
  const size_t line = (size_t)r->width * CHANNELS;
  ring g = {.line = line + HB_WRITE_BEYOND, .capacity = taps + HB_BATCH, .next = r->rows.first};
  const uint8_t **under = malloc((size_t)taps * sizeof *under);
  size_t bytes;
  g.bytes = hb_size_mul(g.capacity, g.line, &bytes) ? malloc(bytes) : NULL;
  const bool is_possible = under != NULL && g.bytes != NULL;
  for (uint32_t i = 0; is_possible && i < r->height; i++) {
    /* a mirrored picture is made from its end, so that stored rows are read one after the other */
    const uint32_t y = hb_orientation_flips_y(r->image->orientation) ? r->height - 1 - i : i;
    const hb_taps *t = &r->rows.taps[y];
    make_rows(r, &g, t->first + t->count);
    for (uint32_t k = 0; k < t->count; k++) under[k] = ring_line(&g, t->first + k);
    hb_resample_across(&r->rows, y, under, line, rgb + y * line);
  }
  free(g.bytes);
  free(under);
  return is_possible ? HB_OK : hb_fail_memory(error);
}

/* ---- Turned by a quarter: what are shown as rows are stored as columns, and come first ---- */

/* Puts `count` columns, which were made as rows, into the picture from column `x` on. */
static void put_columns(const resampler *r, const uint8_t *const made[], uint32_t x, uint32_t count, uint8_t *rgb) {
  for (uint32_t y = 0; y < r->width; y++) {
    uint8_t *to = rgb + ((size_t)y * r->height + x) * CHANNELS;
    for (uint32_t i = 0; i < count; i++) memcpy(to + i * CHANNELS, made[i] + (size_t)y * CHANNELS, CHANNELS);
  }
}

static hb_status resample_turned(const resampler *r, uint8_t *rgb, hb_error *error) {
  const size_t line = (size_t)r->width * CHANNELS + HB_WRITE_BEYOND;
  const uint8_t **under = malloc((size_t)r->rows.max_groups * HB_WEIGHT_GROUP * sizeof *under);
  uint8_t *made[HB_BATCH] = {malloc(HB_BATCH * line)};
  const bool is_possible = under != NULL && made[0] != NULL;
  for (uint32_t i = 1; is_possible && i < HB_BATCH; i++) made[i] = made[0] + i * line;
  for (uint32_t x = 0; is_possible && x < r->height; x += HB_BATCH) {
    uint32_t count = 0;
    for (; count < HB_BATCH && x + count < r->height; count++) {
      const hb_taps *t = &r->rows.taps[x + count];
      for (uint32_t k = 0; k < t->count; k++) under[k] = stored_row(r, t->first + k);
      hb_resample_across(&r->rows, x + count, under, r->line, r->lines[count]);
    }
    hb_resample_along(&r->columns, (const uint8_t *const *)r->lines, r->image->channels, made, count);
    put_columns(r, (const uint8_t *const *)made, x, count, rgb);
  }
  free(made[0]);
  free(under);
  return is_possible ? HB_OK : hb_fail_memory(error);
}

/* ---- Both ---- */

static hb_status resample(resampler *r, bool is_turned, uint8_t *rgb, hb_error *error) {
  r->line = (size_t)(r->columns.end - r->columns.first) * r->image->channels;
  uint8_t *lines = calloc(HB_BATCH, r->line + HB_READ_BEYOND);
  if (lines == NULL) return hb_fail_memory(error);
  for (uint32_t i = 0; i < HB_BATCH; i++) r->lines[i] = lines + i * (r->line + HB_READ_BEYOND);
  const hb_status status = is_turned ? resample_turned(r, rgb, error) : resample_upright(r, rgb, error);
  free(lines);
  return status;
}

hb_status hb_image_resample(const hb_image *image, hb_span across, hb_span down, uint8_t *rgb, hb_error *error) {
  const bool is_turned = hb_orientation_swaps_axes(image->orientation);
  const hb_span columns = is_turned ? down : across, rows = is_turned ? across : down;
  resampler r = {.image = image, .width = columns.count, .height = rows.count};
  hb_status status =
      hb_resample_weights_make(image->width, hb_orientation_flips_x(image->orientation), columns, &r.columns, error);
  if (status != HB_OK) return status;
  status = hb_resample_weights_make(image->height, hb_orientation_flips_y(image->orientation), rows, &r.rows, error);
  if (status == HB_OK) status = resample(&r, is_turned, rgb, error);
  hb_resample_weights_free(&r.rows);
  hb_resample_weights_free(&r.columns);
  return status;
}
