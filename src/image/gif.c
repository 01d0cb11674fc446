#include "image/gif.h"

#include <stdlib.h>
#include <string.h>

#include "image/damage.h"
#include "image/size.h"
#include "image/stb.h"

#define HEADER_BYTES 13

#define EXTENSION 0x21
#define FRAME 0x2c
#define FRAME_BYTES 10 /* FRAME, its place and size, and flags */

/* Bytes of the palette that these flags announce. */
static size_t palette_bytes(uint8_t flags) { return (flags & 0x80) != 0 ? (size_t)6 << (flags & 7) : 0; }

/* Where the data of the first frame begin, in blocks of up to 255 bytes, or `size` if the file does not come so far. */
static size_t find_data(const uint8_t *bytes, size_t size) {
  size_t at = HEADER_BYTES + palette_bytes(bytes[10]);
  while (at + FRAME_BYTES < size) {
    if (bytes[at] == FRAME) {
      at += FRAME_BYTES + palette_bytes(bytes[at + FRAME_BYTES - 1]) + 1; /* and the codes' first size */
      return at < size ? at : size;
    }
    if (bytes[at] != EXTENSION) return size;
    for (at += 2; at < size && bytes[at] != 0;) at += 1 + (size_t)bytes[at];
    at++;
  }
  return size;
}

/* The file; of one that is cut within a block of the first frame, that block is told to be shorter, as stb_image reads
 * zeros behind the end. */
static hb_pieces whole_file(const uint8_t *bytes, size_t size, uint8_t *length) {
  hb_pieces file = {.count = 0};
  size_t at = find_data(bytes, size);
  while (at < size && bytes[at] != 0 && bytes[at] < size - at) at += 1 + (size_t)bytes[at];
  hb_pieces_add(&file, bytes, at < size ? at : size);
  if (at >= size) return file;
  const size_t left = size - at - 1;
  *length = bytes[at] < left ? bytes[at] : (uint8_t)left;
  hb_pieces_add(&file, length, 1);
  hb_pieces_add(&file, bytes + at + 1, left);
  return file;
}

/* Whether nothing, or not all, was drawn of a row above one that was drawn: rows of an interlaced frame come in four
 * turns. */
static bool has_gaps(const hb_image *image, const hb_gif_frame *f) {
  bool is_gap_above = false;
  for (uint32_t y = 0; y < f->height; y++) {
    const uint8_t *row = f->drawn + (size_t)(f->top + y) * image->width + f->left;
    if (row[0] && is_gap_above) return true;
    if (!row[f->width - 1]) is_gap_above = true;
  }
  return false;
}

/* What did not come of an interlaced frame shows the row above, as in browsers. */
static void fill_gaps(hb_image *image, const hb_gif_frame *f) {
  const size_t width = image->width;
  for (uint32_t y = 1; y < f->height; y++)
    for (uint32_t x = 0; x < f->width; x++) {
      const size_t at = (f->top + y) * width + f->left + x;
      if (!f->drawn[at]) memcpy(image->pixels + 4 * at, image->pixels + 4 * (at - width), 4);
    }
}

static hb_status check(hb_image *image, const hb_gif_frame *f, hb_error *error) {
  const size_t canvas = (size_t)image->width * image->height, all = (size_t)f->width * f->height;
  size_t there = 0;
  for (size_t i = 0; i < canvas; i++) there += f->drawn[i];
  if (all == 0) return hb_image_fail_corrupt(error);
  if (!hb_image_is_enough(there, all)) return hb_image_fail_incomplete(error);
  if (there < all && has_gaps(image, f)) fill_gaps(image, f);
  return HB_OK;
}

hb_status hb_gif_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  if (size < HEADER_BYTES) return hb_image_fail_corrupt(error);
  const uint32_t width = bytes[6] | (uint32_t)bytes[7] << 8, height = bytes[8] | (uint32_t)bytes[9] << 8;
  hb_status status = hb_image_check_size(width, height, error);
  if (status != HB_OK) return status;
  const uint64_t pixels = (uint64_t)width * height;
  if (!hb_image_may_hold(bytes, size, pixels)) return hb_image_fail_incomplete(error);
  uint8_t length;
  const hb_pieces file = whole_file(bytes, size, &length);
  hb_image image = {NULL, width, height, 4, HB_UPRIGHT};
  hb_gif_frame frame;
  status = hb_stb_gif(&file, hb_stb_limit(pixels, size), &image.pixels, &frame);
  if (status != HB_OK) return hb_image_fail_decoder(status, error);
  status = check(&image, &frame, error);
  free(frame.drawn);
  if (status != HB_OK) return hb_image_free(&image), status;
  *out = image;
  return HB_OK;
}
