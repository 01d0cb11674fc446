#include "pictures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A wave along one axis for each channel, [channels][length]. */
static double *waves(uint32_t length, uint32_t channels, double step, double more, double start) {
  double *wave = must_allocate((size_t)length * channels * sizeof *wave);
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t i = 0; i < length; i++) wave[c * length + i] = sin(start + i * (step + more * c));
  return wave;
}

picture picture_make(uint32_t width, uint32_t height, uint32_t channels, uint64_t seed) {
  hb_random random = {seed};
  picture p = {width, height, channels, must_allocate((size_t)width * height * channels)};
  double *across = waves(width, channels, 0.11, 0.03, 0), *down = waves(height, channels, 0.07, 0.02, 1.57);
  uint8_t *out = p.pixels;
  for (uint32_t y = 0; y < height; y++)
    for (uint32_t x = 0; x < width; x++)
      for (uint32_t c = 0; c < channels; c++)
        *out++ = (uint8_t)(110 + 90 * across[c * width + x] * down[c * height + y] + hb_random_below(&random, 50));
  free(across);
  free(down);
  return p;
}

void picture_free(picture *p) {
  free(p->pixels);
  *p = (picture){0};
}

picture picture_turned(const picture *p, int orientation) {
  bool swap = orientation >= 5;
  picture out = {swap ? p->height : p->width, swap ? p->width : p->height, p->channels, NULL};
  out.pixels = must_allocate((size_t)out.width * out.height * p->channels);
  for (uint32_t y = 0; y < out.height; y++)
    for (uint32_t x = 0; x < out.width; x++) {
      uint32_t right = p->width - 1, bottom = p->height - 1, sx = 0, sy = 0;
      switch (orientation) {
        case 1: sx = x, sy = y; break;
        case 2: sx = right - x, sy = y; break;
        case 3: sx = right - x, sy = bottom - y; break;
        case 4: sx = x, sy = bottom - y; break;
        case 5: sx = y, sy = x; break;
        case 6: sx = y, sy = bottom - x; break;
        case 7: sx = right - y, sy = bottom - x; break;
        case 8: sx = right - y, sy = x; break;
      }
      memcpy(out.pixels + ((size_t)y * out.width + x) * p->channels,
             p->pixels + ((size_t)sy * p->width + sx) * p->channels, p->channels);
    }
  return out;
}

picture picture_cut(const picture *p, uint32_t left, uint32_t top, uint32_t width, uint32_t height) {
  picture out = {width, height, p->channels, must_allocate((size_t)width * height * p->channels)};
  for (uint32_t y = 0; y < height; y++)
    memcpy(out.pixels + (size_t)y * width * p->channels,
           p->pixels + ((size_t)(top + y) * p->width + left) * p->channels, (size_t)width * p->channels);
  return out;
}

/* ---- PNG ---- */

static uint32_t crc32_of(const uint8_t *bytes, size_t size) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

static uint32_t adler32_of(const blob *b) {
  uint32_t low = 1, high = 0;
  for (size_t i = 0; i < b->size; i++) {
    low = (low + b->bytes[i]) % 65521;
    high = (high + low) % 65521;
  }
  return high << 16 | low;
}

static void add_chunk(blob *png, const char *type, const void *bytes, size_t size) {
  blob_add_u32_big(png, (uint32_t)size);
  size_t begin = png->size;
  blob_add(png, type, 4);
  blob_add(png, bytes, size);
  blob_add_u32_big(png, crc32_of(png->bytes + begin, png->size - begin));
}

static blob png_start(uint32_t width, uint32_t height, unsigned bits, unsigned colour_type) {
  blob png = blob_of("\x89PNG\r\n\x1a\n", 8), header = {0};
  blob_add_u32_big(&header, width);
  blob_add_u32_big(&header, height);
  blob_add_u8(&header, bits);
  blob_add_u8(&header, colour_type);
  blob_add(&header, "\0\0\0", 3); /* deflate, adaptive filters, not interlaced */
  add_chunk(&png, "IHDR", header.bytes, header.size);
  blob_free(&header);
  return png;
}

/* The picture data as one zlib stream of stored blocks, and the end of the file. */
static void png_finish(blob *png, blob *rows) {
  blob stream = blob_of("\x78\x01", 2);
  for (size_t at = 0; at < rows->size;) {
    size_t n = rows->size - at < 65535 ? rows->size - at : 65535;
    blob_add_u8(&stream, at + n == rows->size);
    blob_add_little(&stream, n, 2);
    blob_add_little(&stream, ~n & 65535, 2);
    blob_add(&stream, rows->bytes + at, n);
    at += n;
  }
  blob_add_u32_big(&stream, adler32_of(rows));
  add_chunk(png, "IDAT", stream.bytes, stream.size);
  add_chunk(png, "IEND", NULL, 0);
  blob_free(&stream);
  blob_free(rows);
}

/* Rows with filter 0; with `wide` every byte is followed by `low`. */
static blob png_rows(const picture *p, bool wide, uint8_t low) {
  size_t stride = (size_t)p->width * p->channels, wide_stride = stride * (wide ? 2 : 1);
  blob rows = {must_allocate((wide_stride + 1) * p->height), (wide_stride + 1) * p->height};
  uint8_t *out = rows.bytes;
  for (uint32_t y = 0; y < p->height; y++) {
    *out++ = 0;
    for (size_t i = 0; i < stride; i++) {
      *out++ = p->pixels[y * stride + i];
      if (wide) *out++ = low;
    }
  }
  return rows;
}

static const unsigned colour_types[5] = {0, 0, 4, 2, 6};

blob png_encode(const picture *p) {
  blob png = png_start(p->width, p->height, 8, colour_types[p->channels]), rows = png_rows(p, false, 0);
  png_finish(&png, &rows);
  return png;
}

blob png_encode_16(const picture *p, uint8_t low) {
  blob png = png_start(p->width, p->height, 16, colour_types[p->channels]), rows = png_rows(p, true, low);
  png_finish(&png, &rows);
  return png;
}

blob png_encode_palette(const picture *indices, const uint8_t *palette, uint32_t colours, const uint8_t *alpha,
                        uint32_t alphas) {
  blob png = png_start(indices->width, indices->height, 8, 3), rows = png_rows(indices, false, 0);
  add_chunk(&png, "PLTE", palette, colours * 3);
  if (alpha != NULL) add_chunk(&png, "tRNS", alpha, alphas);
  png_finish(&png, &rows);
  return png;
}

blob png_encode_key(const picture *p, const uint8_t key[3]) {
  const uint8_t wide_key[6] = {0, key[0], 0, key[1], 0, key[2]};
  blob png = png_start(p->width, p->height, 8, 2), rows = png_rows(p, false, 0);
  add_chunk(&png, "tRNS", wide_key, sizeof wide_key);
  png_finish(&png, &rows);
  return png;
}

blob png_claiming(uint32_t width, uint32_t height) {
  blob png = png_start(width, height, 8, 2);
  add_chunk(&png, "IDAT", NULL, 0);
  return png;
}

/* Bits into bytes, the lowest first. */
typedef struct {
  blob *out;
  unsigned bits, count;
} bit_writer;

static void add_bits(bit_writer *w, unsigned bits, unsigned count) {
  w->bits |= bits << w->count;
  for (w->count += count; w->count >= 8; w->count -= 8, w->bits >>= 8) w->out->bytes[w->out->size++] = (uint8_t)w->bits;
}

/* One block of deflate's fixed codes: a zero, then matches of 258 bytes at a distance of 1. */
blob png_unpacking_to(uint32_t width, uint32_t height, size_t bytes) {
  blob png = png_start(width, height, 8, 2), stream = {must_allocate(bytes / 150 + 64), 0};
  stream.bytes[stream.size++] = 0x78, stream.bytes[stream.size++] = 0x01;
  bit_writer w = {.out = &stream};
  add_bits(&w, 3, 3); /* the last block, fixed codes */
  add_bits(&w, 0x0c, 8);
  for (size_t done = 1; done < bytes; done += 258) add_bits(&w, 0xa3, 13);
  add_bits(&w, 0, 7); /* the end of the block */
  add_bits(&w, 0, 7);
  add_chunk(&png, "IDAT", stream.bytes, stream.size);
  add_chunk(&png, "IEND", NULL, 0);
  blob_free(&stream);
  return png;
}

/* ---- The simpler formats ---- */

blob bmp_encode(const picture *p, bool top_down) {
  size_t stride = ((size_t)p->width * 3 + 3) / 4 * 4, bytes = stride * p->height;
  blob bmp = blob_of("BM", 2);
  blob_add_little(&bmp, 54 + bytes, 4);
  blob_add_little(&bmp, 0, 4);
  blob_add_little(&bmp, 54, 4);
  blob_add_little(&bmp, 40, 4);
  blob_add_little(&bmp, p->width, 4);
  blob_add_little(&bmp, top_down ? -(uint64_t)p->height : p->height, 4);
  blob_add_little(&bmp, 1, 2);
  blob_add_little(&bmp, 24, 2);
  blob_add_little(&bmp, 0, 4);
  blob_add_little(&bmp, bytes, 4);
  for (int i = 0; i < 4; i++) blob_add_little(&bmp, 0, 4);
  for (uint32_t row = 0; row < p->height; row++) {
    uint32_t y = top_down ? row : p->height - 1 - row;
    for (uint32_t x = 0; x < p->width; x++)
      for (int c = 2; c >= 0; c--) blob_add_u8(&bmp, p->pixels[((size_t)y * p->width + x) * 3 + (size_t)c]);
    for (size_t i = (size_t)p->width * 3; i < stride; i++) blob_add_u8(&bmp, 0);
  }
  return bmp;
}

blob pnm_encode(const picture *p) {
  char header[64];
  int length = snprintf(header, sizeof header, "P%d\n%u %u\n255\n", p->channels == 1 ? 5 : 6, p->width, p->height);
  blob pnm = blob_of(header, (size_t)length);
  blob_add(&pnm, p->pixels, (size_t)p->width * p->height * p->channels);
  return pnm;
}

#define GIF_CLEAR 128
#define GIF_END 129

/* Codes of 8 bits: a clear code comes before the table would have grown to 9. */
static blob gif_codes(const picture *indices) {
  blob codes = {0};
  size_t pixels = (size_t)indices->width * indices->height;
  for (size_t i = 0; i < pixels; i++) {
    if (i % 100 == 0) blob_add_u8(&codes, GIF_CLEAR);
    blob_add_u8(&codes, indices->pixels[i]);
  }
  blob_add_u8(&codes, GIF_END);
  return codes;
}

blob gif_encode(const picture *indices, const uint8_t *palette, int transparent) {
  blob gif = blob_of("GIF89a", 6), codes = gif_codes(indices);
  blob_add_little(&gif, indices->width, 2);
  blob_add_little(&gif, indices->height, 2);
  blob_add(&gif, "\xf6\0\0", 3); /* a palette of 128 colours, background 0 */
  blob_add(&gif, palette, 128 * 3);
  if (transparent >= 0) {
    blob_add(&gif, "\x21\xf9\x04\x01\0\0", 6);
    blob_add_u8(&gif, (unsigned)transparent);
    blob_add_u8(&gif, 0);
  }
  blob_add(&gif, "\x2c\0\0\0\0", 5);
  blob_add_little(&gif, indices->width, 2);
  blob_add_little(&gif, indices->height, 2);
  blob_add(&gif, "\0\x07", 2);
  for (size_t at = 0; at < codes.size; at += 255) {
    size_t n = codes.size - at < 255 ? codes.size - at : 255;
    blob_add_u8(&gif, (unsigned)n);
    blob_add(&gif, codes.bytes + at, n);
  }
  blob_add(&gif, "\0\x3b", 2);
  blob_free(&codes);
  return gif;
}

/* ---- JPEG ---- */

blob jpeg_with(const uint8_t *jpeg, size_t size, const blob *segments) {
  blob out = blob_of(jpeg, 2);
  blob_add(&out, segments->bytes, segments->size);
  blob_add(&out, jpeg + 2, size - 2);
  return out;
}

static void add_number(blob *b, bool big_endian, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) blob_add_u8(b, value >> 8 * (big_endian ? bytes - 1 - i : i) & 255);
}

static void add_same(blob *b, uint8_t value, size_t count) {
  uint8_t *bytes = must_allocate(count);
  memset(bytes, value, count);
  blob_add(b, bytes, count);
  free(bytes);
}

blob exif_segment(bool big_endian, size_t padding, unsigned type, uint32_t count, unsigned value) {
  blob tiff = blob_of(big_endian ? "MM" : "II", 2);
  add_number(&tiff, big_endian, 42, 2);
  add_number(&tiff, big_endian, (uint32_t)(8 + padding), 4);
  add_same(&tiff, 0xaa, padding);
  add_number(&tiff, big_endian, 2, 2); /* entries */
  const uint32_t entries[2][3] = {{0x010f, 2, 4}, {0x0112, type, count}};
  for (int e = 0; e < 2; e++) {
    add_number(&tiff, big_endian, entries[e][0], 2);
    add_number(&tiff, big_endian, entries[e][1], 2);
    add_number(&tiff, big_endian, entries[e][2], 4);
    add_number(&tiff, big_endian, e == 0 ? 0x6162 : value, 2);
    add_number(&tiff, big_endian, 0, 2);
  }
  add_number(&tiff, big_endian, 0, 4); /* no second directory */

  blob segment = blob_of("\xff\xe1", 2);
  add_number(&segment, true, (uint32_t)(2 + 6 + tiff.size), 2);
  blob_add(&segment, "Exif\0\0", 6);
  blob_add(&segment, tiff.bytes, tiff.size);
  blob_free(&tiff);
  return segment;
}

blob other_segment(unsigned marker, size_t size) {
  blob segment = blob_of("\xff", 1);
  blob_add_u8(&segment, marker);
  add_number(&segment, true, (uint32_t)(size + 2), 2);
  add_same(&segment, 0, size);
  return segment;
}
