#include "image/png.h"

#include <stdlib.h>
#include <string.h>

#include "image/damage.h"
#include "image/size.h"
#include "image/stb.h"

#define SIGNATURE_BYTES 8
#define CHUNK_BYTES 12 /* length, type and, behind the content, checksum */
#define HEADER_BYTES 13
#define COLOURS_MAX 256
#define PASSES 7

enum { GREY = 0, TRUE_COLOUR = 2, PALETTE = 3 }; /* types; with alpha 4 and 6 */

static const uint8_t end_chunk[] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
static const uint8_t zeros[8];

/* What of the end of a PNG's data carries no pixels: the checksum of zlib's format. */
#define CHECKSUM_BYTES 4

/* A part of the file. */
typedef struct {
  size_t start, end;
} range;

typedef struct {
  const uint8_t *bytes;
  size_t size;

  uint32_t width, height;
  uint8_t depth, colour_type, interlace;
  bool has_header, has_transparency, is_of_iphone;
  range palette;   /* the chunk PLTE */
  range bad_chunk; /* a tRNS that does not fit, and is ignored */
  size_t data_at;  /* the first IDAT; 0: none */
  size_t end;      /* behind the last chunk that is whole, but for IEND */
  bool is_ended;
} structure;

typedef struct {
  size_t at;
  uint32_t length; /* of its content, as it says */
  const uint8_t *type, *content;
} chunk;

static uint32_t read32(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

/* False if the file ends before its content begins. */
static bool chunk_at(const uint8_t *bytes, size_t size, size_t at, chunk *c) {
  if (at > size || size - at < 8) return false;
  *c = (chunk){at, read32(bytes + at), bytes + at + 4, bytes + at + 8};
  return true;
}

static bool is_type(const chunk *c, const char type[5]) { return memcmp(c->type, type, 4) == 0; }

static size_t content_left(const chunk *c, size_t size) { return size - c->at - 8; }

/* All of it and its checksum. */
static bool is_whole(const chunk *c, size_t size) { return content_left(c, size) >= (uint64_t)c->length + 4; }

static void note_header(structure *s, const chunk *c) {
  if (c->length != HEADER_BYTES || s->has_header || content_left(c, s->size) < HEADER_BYTES) return;
  s->has_header = true;
  s->width = read32(c->content);
  s->height = read32(c->content + 4);
  s->depth = c->content[8], s->colour_type = c->content[9], s->interlace = c->content[12];
}

static uint32_t palette_colours(const structure *s) {
  return s->palette.end > 0 ? (uint32_t)(s->palette.end - s->palette.start - CHUNK_BYTES) / 3 : 0;
}

static bool fits(const structure *s, const chunk *transparency) {
  switch (s->colour_type) {
    case GREY: return transparency->length == 2;
    case TRUE_COLOUR: return transparency->length == 6;
    case PALETTE: return transparency->length <= palette_colours(s);
    default: return false;
  }
}

static void note_chunk(structure *s, const chunk *c) {
  const range place = {c->at, c->at + CHUNK_BYTES + c->length};
  if (is_type(c, "IHDR")) note_header(s, c);
  if (is_type(c, "CgBI")) s->is_of_iphone = true;
  if (is_type(c, "IDAT") && s->data_at == 0) s->data_at = c->at;
  if (s->data_at > 0 || !is_whole(c, s->size)) return;
  if (is_type(c, "PLTE") && s->palette.end == 0 && c->length <= 3 * COLOURS_MAX) s->palette = place;
  if (!is_type(c, "tRNS")) return;
  if (fits(s, c))
    s->has_transparency = true;
  else
    s->bad_chunk = place;
}

static structure read_structure(const uint8_t *bytes, size_t size) {
  structure s = {.bytes = bytes, .size = size, .end = SIGNATURE_BYTES};
  chunk c;
  for (size_t at = SIGNATURE_BYTES; chunk_at(bytes, size, at, &c); at = s.end) {
    note_chunk(&s, &c);
    s.is_ended = is_type(&c, "IEND");
    if (s.is_ended || !is_whole(&c, size)) break;
    s.end = at + CHUNK_BYTES + c.length;
  }
  return s;
}

const uint8_t *hb_png_exif(const uint8_t *bytes, size_t size, size_t *exif_size) {
  chunk c;
  for (size_t at = SIGNATURE_BYTES; chunk_at(bytes, size, at, &c) && is_whole(&c, size); at += CHUNK_BYTES + c.length) {
    if (is_type(&c, "IEND")) break; /* what follows is not the picture's */
    if (!is_type(&c, "eXIf")) continue;
    *exif_size = c.length;
    return c.content;
  }
  return NULL;
}

/* ---- Rows ---- */

static uint32_t bits_of_pixel(const structure *s) {
  static const uint8_t channels[7] = {1, 0, 3, 1, 2, 0, 4};
  return s->colour_type < 7 ? (uint32_t)channels[s->colour_type] * s->depth : 0;
}

typedef struct {
  uint32_t x, y, dx, dy; /* the first pixel and the distance of two */
} pass;

/* Adam7 has seven passes. The last one here is the whole picture, which is not interlaced. */
static const pass passes[PASSES + 1] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                        {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}, {0, 0, 1, 1}};

static uint32_t count_along(uint32_t size, uint32_t first, uint32_t distance) {
  return size > first ? (size - first + distance - 1) / distance : 0;
}

/* Bytes of a pass's row, with the filter's number in front; 0 if it has no pixels. */
static uint64_t row_bytes(const structure *s, const pass *p) {
  const uint32_t columns = count_along(s->width, p->x, p->dx);
  return columns > 0 ? ((uint64_t)columns * bits_of_pixel(s) + 7) / 8 + 1 : 0;
}

static uint64_t pass_bytes(const structure *s, const pass *p) {
  return row_bytes(s, p) * count_along(s->height, p->y, p->dy);
}

static uint64_t all_bytes(const structure *s) {
  if (s->interlace == 0) return pass_bytes(s, &passes[PASSES]);
  uint64_t bytes = 0;
  for (int i = 0; i < PASSES; i++) bytes += pass_bytes(s, &passes[i]);
  return bytes;
}

/* ---- Decoding ---- */

static hb_status decode(const structure *s, const hb_pieces *file, hb_image *out) {
  const uint32_t channels = s->has_transparency || (s->colour_type & 4) != 0 ? 4 : 3;
  *out = (hb_image){NULL, s->width, s->height, channels, HB_UPRIGHT};
  return hb_stb_png(file, hb_stb_limit((uint64_t)s->width * s->height, s->size), channels, &out->pixels);
}

static void put32(uint8_t *p, uint32_t value) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A palette with all the colours that an index can ask for: its last one, as in browsers, is that of all that are
 * missing. stb_image does not look how many there are. */
typedef uint8_t whole_palette[CHUNK_BYTES + 3 * COLOURS_MAX];

static bool make_palette(const structure *s, whole_palette chunk_bytes) {
  const uint32_t colours = palette_colours(s);
  if (s->colour_type != PALETTE || colours == 0 || colours == COLOURS_MAX) return false;
  memset(chunk_bytes, 0, sizeof(whole_palette));
  put32(chunk_bytes, 3 * COLOURS_MAX);
  memcpy(chunk_bytes + 4, s->bytes + s->palette.start + 4, 4 + 3 * (size_t)colours);
  for (uint8_t *p = chunk_bytes + 8 + 3 * (size_t)colours; p < chunk_bytes + 8 + 3 * COLOURS_MAX; p++) *p = p[-3];
  return true;
}

/* Adds the file up to `end`, without what is wrong in it. */
static void add_chunks(const structure *s, size_t end, whole_palette palette, hb_pieces *file) {
  size_t at = 0;
  if (make_palette(s, palette)) {
    hb_pieces_add(file, s->bytes, s->palette.start);
    hb_pieces_add(file, palette, sizeof(whole_palette));
    at = s->palette.end;
  }
  if (s->bad_chunk.start >= at && s->bad_chunk.end > 0) {
    hb_pieces_add(file, s->bytes + at, s->bad_chunk.start - at);
    at = s->bad_chunk.end;
  }
  hb_pieces_add(file, s->bytes + at, end - at);
}

/* The file up to its last whole chunk and an IEND; and where a chunk of data is cut that lacks no pixels, that too. */
static hb_status decode_file(const structure *s, hb_image *out) {
  hb_pieces file = {.count = 0};
  whole_palette palette;
  chunk c;
  const bool is_cut = !s->is_ended && chunk_at(s->bytes, s->size, s->end, &c) && is_type(&c, "IDAT");
  const uint64_t missing = is_cut ? (uint64_t)c.length + 4 - content_left(&c, s->size) : 0;
  if (is_cut && missing <= CHECKSUM_BYTES + 4) {
    add_chunks(s, s->size, palette, &file);
    hb_pieces_add(&file, zeros, (size_t)missing);
  } else {
    add_chunks(s, s->end, palette, &file);
  }
  hb_pieces_add(&file, end_chunk, sizeof end_chunk);
  return decode(s, &file, out);
}

/* ---- What is left of a damaged file ---- */

/* The content of all IDAT; the caller frees it. NULL without memory. */
static uint8_t *gather_data(const structure *s, size_t *size) {
  uint8_t *data = malloc(s->size);
  *size = 0;
  chunk c;
  for (size_t at = s->data_at; data != NULL && chunk_at(s->bytes, s->size, at, &c); at += CHUNK_BYTES + c.length) {
    const size_t left = content_left(&c, s->size), length = c.length < left ? c.length : left;
    if (!is_type(&c, "IDAT")) break;
    memcpy(data + *size, c.content, length);
    *size += length;
    if (!is_whole(&c, s->size)) break;
  }
  return data;
}

#define MATCH_MAX 258    /* bytes that deflate repeats at once: stb_image writes all of them or none */
#define STORED_MAX 65535 /* bytes in a block that is not compressed */

/* An IDAT chunk with rows as they are, in zlib's format, without compression, but for the checksums, which stb_image
 * does not look at. The caller frees it. NULL without memory. */
static uint8_t *store_rows(const uint8_t *rows, size_t size, bool has_header, size_t *chunk_size) {
  const size_t blocks = size / STORED_MAX + 1;
  uint8_t *out = calloc(8 + 2 + size + 5 * blocks + CHECKSUM_BYTES + 4, 1), *p = out;
  if (out == NULL) return NULL;
  p += 4;
  memcpy(p, "IDAT", 4), p += 4;
  if (has_header) *p++ = 0x78, *p++ = 0x01;
  for (size_t at = 0, length; at < size; at += length) {
    length = size - at < STORED_MAX ? size - at : STORED_MAX;
    *p++ = at + length == size; /* the last block */
    *p++ = (uint8_t)length, *p++ = (uint8_t)(length >> 8), *p++ = (uint8_t)~length, *p++ = (uint8_t)(~length >> 8);
    memcpy(p, rows + at, length), p += length;
  }
  p += CHECKSUM_BYTES;
  put32(out, (uint32_t)(p - out - 8));
  *chunk_size = (size_t)(p - out) + 4;
  return out;
}

/* Row `y` of the picture is not there, though it was begun: it shows the one above. */
static void repeat_row(hb_image *image, uint32_t y) {
  const size_t row = (size_t)image->width * image->channels;
  memcpy(image->pixels + y * row, image->pixels + (y - 1) * row, row);
}

/* Fills in the rows that are missing: only their first `there` bytes come from the file. */
static hb_status end_rows(const structure *s, uint64_t there, hb_image *image, hb_error *error) {
  if (s->interlace == 0)
    return hb_image_end_at(image, 0, (uint32_t)(there / row_bytes(s, &passes[PASSES])), 1, HB_SHADE_WHITE, error);
  const pass *last = &passes[PASSES - 1]; /* every other row, half of all pixels */
  const uint64_t present = (there + pass_bytes(s, last) - all_bytes(s)) / row_bytes(s, last);
  for (uint64_t y = last->y + present * last->dy; y < s->height; y += last->dy) repeat_row(image, (uint32_t)y);
  return HB_OK;
}

/* Decodes a file of these rows that has no damage. */
static hb_status decode_rows(const structure *s, const uint8_t *rows, size_t size, hb_image *out, hb_error *error) {
  size_t chunk_size;
  uint8_t *chunk_of_rows = store_rows(rows, size, !s->is_of_iphone, &chunk_size);
  if (chunk_of_rows == NULL) return hb_fail_memory(error);
  hb_pieces file = {.count = 0};
  whole_palette palette;
  add_chunks(s, s->data_at, palette, &file);
  hb_pieces_add(&file, chunk_of_rows, chunk_size);
  hb_pieces_add(&file, end_chunk, sizeof end_chunk);
  hb_status status = decode(s, &file, out);
  free(chunk_of_rows);
  return status == HB_OK ? HB_OK : hb_image_fail_decoder(status, error);
}

/* Three quarters of all pixels are three quarters of the rows' bytes, or half of the last pass, which has half of them.
 */
static bool are_enough(const structure *s, uint64_t there) {
  const uint64_t all = all_bytes(s);
  return s->interlace == 0 ? hb_image_is_enough(there, all) : 2 * (all - there) <= pass_bytes(s, &passes[PASSES - 1]);
}

static hb_status decode_damaged(const structure *s, hb_image *out, hb_error *error) {
  const uint64_t all = all_bytes(s);
  if (s->data_at == 0 || all == 0 || all > hb_stb_limit((uint64_t)s->width * s->height, 0) ||
      all > SIZE_MAX - MATCH_MAX)
    return hb_image_fail_corrupt(error);
  size_t packed_size, there = 0;
  const size_t size = (size_t)all;
  uint8_t *packed = gather_data(s, &packed_size), *rows = malloc(size + MATCH_MAX);
  hb_status status = packed != NULL && rows != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK) {
    there = hb_stb_inflate(packed, packed_size, !s->is_of_iphone, rows, size + MATCH_MAX);
    if (there > size) there = size; /* more than the picture needs */
    if (!are_enough(s, there)) status = hb_image_fail_incomplete(error);
  }
  free(packed);
  if (status == HB_OK) {
    memset(rows + there, 0, size - there);
    status = decode_rows(s, rows, size, out, error);
  }
  free(rows);
  if (status != HB_OK) return status;
  status = end_rows(s, there, out, error);
  if (status != HB_OK) hb_image_free(out);
  return status;
}

hb_status hb_png_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  const structure s = read_structure(bytes, size);
  if (!s.has_header) return hb_image_fail_corrupt(error);
  hb_status status = hb_image_check_size(s.width, s.height, error);
  if (status != HB_OK) return status;
  if (!hb_image_may_hold(bytes, size, (uint64_t)s.width * s.height)) return hb_image_fail_incomplete(error);
  hb_image image;
  status = decode_file(&s, &image);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  if (status != HB_OK) status = decode_damaged(&s, &image, error);
  if (status == HB_OK) *out = image;
  return status;
}
