#include "image/bmp_rle.h"

#include <string.h>

/* The byte behind a 0. Any other number is that of pixels that follow one by one. */
enum { END_OF_ROW = 0, END_OF_PICTURE = 1, MOVE = 2 };

typedef struct {
  const hb_bmp_runs *runs;
  hb_image *image;
  size_t at;
  uint32_t x, row; /* rows count from the bottom */
} drawing;

static size_t left(const drawing *d) { return d->runs->size - d->at; }

static void draw(drawing *d, const uint8_t rgb[3]) {
  if (d->x >= d->image->width || d->row >= d->image->height) return;
  memcpy(d->image->pixels + 3 * ((size_t)(d->image->height - 1 - d->row) * d->image->width + d->x++), rgb, 3);
}

/* Pixel `i` of those that are at `p`: a byte, half a byte, or blue, green and red. */
static void draw_pixel(drawing *d, const uint8_t *p, uint32_t i) {
  switch (d->runs->bits) {
    case 8: draw(d, d->runs->palette[p[i]]); break;
    case 4: draw(d, d->runs->palette[i % 2 == 0 ? p[i / 2] >> 4 : p[i / 2] & 15]); break;
    default: draw(d, (const uint8_t[3]){p[3 * i + 2], p[3 * i + 1], p[3 * i]});
  }
}

/* Repeats one pixel, or two in turn if they have 4 bits. */
static bool draw_run(drawing *d, uint32_t count) {
  const size_t bytes = d->runs->bits == 24 ? 3 : 1;
  if (left(d) < bytes) return false;
  const uint32_t pixels = d->runs->bits == 4 ? 2 : 1;
  for (uint32_t i = 0; i < count; i++) draw_pixel(d, d->runs->bytes + d->at, i % pixels);
  d->at += bytes;
  return true;
}

/* Pixels as they are, padded to whole 16 bits. */
static bool draw_pixels(drawing *d, uint32_t count) {
  const size_t bytes = ((size_t)count * d->runs->bits + 7) / 8;
  if (left(d) < bytes) return false;
  for (uint32_t i = 0; i < count; i++) draw_pixel(d, d->runs->bytes + d->at, i);
  d->at += bytes % 2 == 1 && left(d) > bytes ? bytes + 1 : bytes;
  return true;
}

static bool move(drawing *d) {
  if (left(d) < 2) return false;
  d->x += d->runs->bytes[d->at];
  d->row += d->runs->bytes[d->at + 1];
  d->at += 2;
  return true;
}

uint32_t hb_bmp_runs_decode(const hb_bmp_runs *runs, hb_image *image) {
  drawing d = {.runs = runs, .image = image};
  bool goes_on = true;
  while (goes_on && d.row < image->height && left(&d) >= 2) {
    const uint8_t count = runs->bytes[d.at], command = runs->bytes[d.at + 1];
    if (count > 0) {
      d.at += 1;
      goes_on = draw_run(&d, count);
      continue;
    }
    d.at += 2;
    switch (command) {
      case END_OF_ROW: d.x = 0, d.row++; break;
      case END_OF_PICTURE: return image->height;
      case MOVE: goes_on = move(&d); break;
      default: goes_on = draw_pixels(&d, command);
    }
  }
  if (d.row >= image->height) return image->height;
  /* the last row may lack the command that ends it */
  return d.x >= image->width ? d.row + 1 : d.row;
}
