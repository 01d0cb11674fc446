#include "image/bmp.h"

#include <stdlib.h>
#include <string.h>

#include "image/bmp_rle.h"
#include "image/damage.h"
#include "image/size.h"

/* Sizes of the header behind the file's own. That of OS/2 2 may end after any of its fields. */
#define FILE_HEADER 14
#define OS2_HEADER 12
#define OS2_2_SHORTEST 16
#define OS2_2_HEADER 64
#define WINDOWS_HEADER 40
#define MASKS_HEADER 52      /* with masks of red, green and blue */
#define ALPHA_MASK_HEADER 56 /* and of alpha */
#define V4_HEADER 108

/* biCompression */
enum { RGB = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, OS2_RLE24 = 4, ALPHA_BITFIELDS = 6 };

typedef struct {
  const uint8_t *bytes;
  size_t size;

  uint32_t header, width, height, bits, compression, colours;
  bool is_top_down, is_os2_2;
  uint32_t masks[4]; /* red, green, blue, alpha */
  uint8_t palette[256][3];
  size_t pixels_at;
} bitmap;

static uint32_t read16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t read32(const uint8_t *p) { return read16(p) | read16(p + 2) << 16; }

/* A field of the header, 0 where the header is too short for it. */
static uint32_t field16(const bitmap *b, uint32_t at) {
  return at + 2 <= b->header ? read16(b->bytes + FILE_HEADER + at) : 0;
}
static uint32_t field32(const bitmap *b, uint32_t at) {
  return at + 4 <= b->header ? read32(b->bytes + FILE_HEADER + at) : 0;
}

static hb_status fail_kind(hb_error *error) {
  return hb_fail(error, HB_UNSUPPORTED_IMAGE,
                 "this is a BMP of a rare kind, which cannot be read; save it as JPEG or PNG");
}

static bool has_masks(const bitmap *b) {
  return !b->is_os2_2 && (b->compression == BITFIELDS || b->compression == ALPHA_BITFIELDS);
}

/* ---- Headers ---- */

static bool read_header(bitmap *b) {
  if (b->size < FILE_HEADER + 4) return false;
  b->header = read32(b->bytes + FILE_HEADER);
  if (b->header > b->size - FILE_HEADER) return false;
  if (b->header == OS2_HEADER) {
    b->width = field16(b, 4), b->height = field16(b, 6), b->bits = field16(b, 10);
    return true;
  }
  if (b->header < OS2_2_SHORTEST) return false;
  b->is_os2_2 = b->header <= OS2_2_HEADER && b->header != WINDOWS_HEADER && b->header != MASKS_HEADER &&
                b->header != ALPHA_MASK_HEADER;
  b->width = field32(b, 4), b->height = field32(b, 8), b->bits = field16(b, 14);
  b->compression = field32(b, 16), b->colours = field32(b, 32);
  if (b->height > INT32_MAX) b->is_top_down = true, b->height = -b->height;
  return b->width <= INT32_MAX;
}

static bool is_supported(const bitmap *b) {
  switch (b->compression) {
    case RGB:
      return b->bits == 1 || b->bits == 2 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 ||
             b->bits == 32;
    case RLE8: return b->bits == 8 && !b->is_top_down;
    case RLE4: return b->bits == 4 && !b->is_top_down;
    case OS2_RLE24: return b->is_os2_2 && b->bits == 24 && !b->is_top_down;
    default: return has_masks(b) && (b->bits == 16 || b->bits == 32);
  }
}

/* Masks are in the header, or behind that of Windows 3, and count only if they are asked for. */
static bool read_masks(bitmap *b, size_t *header_end) {
  *header_end = FILE_HEADER + (size_t)b->header;
  static const uint32_t of_16_bits[3] = {0x7c00, 0x3e0, 0x1f}, of_32_bits[3] = {0xff0000, 0xff00, 0xff};
  memcpy(b->masks, b->bits == 16 ? of_16_bits : of_32_bits, sizeof of_16_bits);
  if (!has_masks(b)) {
    if (b->bits == 32 && b->header >= V4_HEADER) b->masks[3] = field32(b, 52);
    return true;
  }
  const uint32_t count = b->compression == ALPHA_BITFIELDS || b->header >= ALPHA_MASK_HEADER ? 4 : 3;
  if (b->header == WINDOWS_HEADER) *header_end += 4 * (size_t)count;
  if (b->size < FILE_HEADER + WINDOWS_HEADER + 4 * (size_t)count) return false;
  for (uint32_t i = 0; i < count; i++) b->masks[i] = read32(b->bytes + FILE_HEADER + WINDOWS_HEADER + 4 * i);
  return true;
}

/* Entries that are not there are black. */
static void read_palette(bitmap *b, size_t at) {
  const size_t entry = b->header == OS2_HEADER ? 3 : 4, end = b->pixels_at > at ? b->pixels_at : b->size;
  size_t count = b->bits <= 8 ? (size_t)1 << b->bits : 0;
  if (b->colours > 0 && b->colours < count) count = b->colours;
  for (size_t i = 0; i < count && at + entry * i + 3 <= end && at + entry * i + 3 <= b->size; i++)
    for (size_t c = 0; c < 3; c++) b->palette[i][c] = b->bytes[at + entry * i + 2 - c];
}

static hb_status read_bitmap(bitmap *b, hb_error *error) {
  if (!read_header(b)) return hb_image_fail_corrupt(error);
  hb_status status = hb_image_check_size(b->width, b->height, error);
  if (status != HB_OK) return status;
  if (!is_supported(b)) return fail_kind(error);
  size_t header_end;
  if (!read_masks(b, &header_end)) return hb_image_fail_corrupt(error);
  b->pixels_at = read32(b->bytes + 10);
  read_palette(b, header_end);
  if (b->pixels_at < header_end) { /* it says nothing, or nonsense: they are behind the palette */
    const size_t entry = b->header == OS2_HEADER ? 3 : 4, most = b->bits <= 8 ? (size_t)1 << b->bits : 0;
    b->pixels_at = header_end + entry * (b->colours > 0 && b->colours < most ? b->colours : most);
  }
  return b->pixels_at < b->size ? HB_OK : hb_image_fail_incomplete(error);
}

/* ---- Rows ---- */

/* A mask's bits as a number of 0 to 255. */
typedef struct {
  uint32_t mask, shift, most;
} field;

static field field_of(uint32_t mask) {
  field f = {mask, 0, 0};
  if (mask == 0) return f;
  while ((mask >> f.shift & 1) == 0) f.shift++;
  f.most = mask >> f.shift;
  return f;
}

static uint8_t take(const field *f, uint32_t pixel) {
  if (f->most == 0) return 0;
  const uint64_t value = (pixel & f->mask) >> f->shift;
  return (uint8_t)((value * 255 + f->most / 2) / f->most);
}

static void read_indices(const bitmap *b, const uint8_t *row, uint8_t *out) {
  const uint32_t in_byte = 8 / b->bits, mask = (1u << b->bits) - 1;
  for (uint32_t x = 0; x < b->width; x++, out += 3)
    memcpy(out, b->palette[row[x / in_byte] >> (8 - b->bits * (x % in_byte + 1)) & mask], 3);
}

static void read_bgr(const bitmap *b, const uint8_t *row, uint8_t *out) {
  for (uint32_t x = 0; x < b->width; x++, row += 3, out += 3) out[0] = row[2], out[1] = row[1], out[2] = row[0];
}

static void read_fields(const bitmap *b, const field fields[4], const uint8_t *row, uint8_t *out) {
  const uint32_t channels = b->masks[3] != 0 ? 4 : 3, bytes = b->bits / 8;
  for (uint32_t x = 0; x < b->width; x++, row += bytes, out += channels) {
    const uint32_t pixel = bytes == 2 ? read16(row) : read32(row);
    for (uint32_t c = 0; c < channels; c++) out[c] = take(&fields[c], pixel);
  }
}

/* Alpha that is 0 everywhere is a byte that nobody filled in. */
static void drop_empty_alpha(hb_image *image) {
  const size_t pixels = (size_t)image->width * image->height;
  if (image->channels != 4) return;
  for (size_t i = 0; i < pixels; i++)
    if (image->pixels[4 * i + 3] != 0) return;
  for (size_t i = 0; i < pixels; i++) image->pixels[4 * i + 3] = 255;
}

/* Rows that the file has. The last one may lack its padding. */
static uint32_t count_rows(const bitmap *b, size_t row, size_t stride) {
  if (stride == 0) return 0;
  const size_t left = b->size - b->pixels_at, rows = left / stride + (left % stride >= row);
  return rows < b->height ? (uint32_t)rows : b->height;
}

static hb_status read_rows(const bitmap *b, hb_image *image, hb_error *error) {
  const size_t row = ((size_t)b->width * b->bits + 7) / 8, stride = (row + 3) / 4 * 4;
  const uint32_t rows = count_rows(b, row, stride);
  if (!hb_image_is_enough(rows, b->height)) return hb_image_fail_incomplete(error);
  const size_t out_row = (size_t)b->width * image->channels;
  image->pixels = malloc(out_row * b->height);
  if (image->pixels == NULL) return hb_fail_memory(error);
  memset(image->pixels, 255, out_row * b->height);
  const field fields[4] = {field_of(b->masks[0]), field_of(b->masks[1]), field_of(b->masks[2]), field_of(b->masks[3])};
  for (uint32_t y = 0; y < rows; y++) {
    const uint8_t *from = b->bytes + b->pixels_at + y * stride;
    uint8_t *to = image->pixels + out_row * (b->is_top_down ? y : b->height - 1 - y);
    if (b->bits <= 8)
      read_indices(b, from, to);
    else if (b->bits == 24)
      read_bgr(b, from, to);
    else
      read_fields(b, fields, from, to);
  }
  drop_empty_alpha(image);
  return HB_OK;
}

/* What runs leave out is black, and what is missing white. */
static hb_status read_runs(const bitmap *b, hb_image *image, hb_error *error) {
  const hb_bmp_runs runs = {b->bytes + b->pixels_at, b->size - b->pixels_at, b->bits, b->palette};
  if (!hb_image_may_hold(b->bytes, b->size, (uint64_t)b->width * b->height)) return hb_image_fail_incomplete(error);
  image->pixels = calloc((size_t)b->width * b->height, 3);
  if (image->pixels == NULL) return hb_fail_memory(error);
  const uint32_t rows = hb_bmp_runs_decode(&runs, image);
  memset(image->pixels, 255, (size_t)b->width * (b->height - rows) * 3);
  if (hb_image_is_enough(rows, b->height)) return HB_OK;
  hb_image_free(image);
  return hb_image_fail_incomplete(error);
}

hb_status hb_bmp_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  bitmap b = {.bytes = bytes, .size = size};
  hb_status status = read_bitmap(&b, error);
  if (status != HB_OK) return status;
  const bool is_packed = b.compression == RLE8 || b.compression == RLE4 || (b.is_os2_2 && b.compression == OS2_RLE24);
  const uint32_t channels = !is_packed && b.bits >= 16 && b.masks[3] != 0 ? 4 : 3;
  hb_image image = {NULL, b.width, b.height, channels, HB_UPRIGHT};
  status = is_packed ? read_runs(&b, &image, error) : read_rows(&b, &image, error);
  if (status == HB_OK) *out = image;
  return status;
}
