#include "image/stb.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "image/jpeg_pixels.h"
#include "image/jpeg_transform.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_GIF
#define STBI_NO_STDIO
#define STBI_NO_SIMD /* its vectors are for JPEG: see jpeg_transform.c and jpeg_pixels.c */
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_NO_FAILURE_STRINGS
#define STBI_MALLOC(bytes) allocate(NULL, bytes)
#define STBI_REALLOC(pointer, bytes) allocate(pointer, bytes)
#define STBI_FREE(pointer) free(pointer)

/* What stb_image may allocate at once for the picture at hand. */
static _Thread_local uint64_t most_bytes;
/* Whether it was refused what it may: it does not tell why it fails. */
static _Thread_local bool was_short;

/* Zeros, so that nothing that was in memory before shows in a damaged picture. */
static void *allocate(void *pointer, size_t bytes) {
  if (bytes > most_bytes) return NULL;
  void *memory = pointer != NULL ? realloc(pointer, bytes) : calloc(bytes, 1);
  if (memory == NULL && bytes > 0) was_short = true;
  return memory;
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
/* Where a PNG's first piece of data is empty it adds 0 to a null pointer and copies 0 bytes there, which harms nobody.
 */
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow", "nonnull-attribute"))), apply_to = function)
#include <stb_image.h>
#pragma clang attribute pop
#pragma clang diagnostic pop

/* 16 bits a channel, twice, as what is unpacked grows by doubling; the file itself likewise; and some for tables and
 * for what fills up a JPEG's last blocks. */
uint64_t hb_stb_limit(uint64_t pixels, size_t size) { return 2 * (4 * sizeof(uint16_t) * pixels + size) + (64 << 20); }

/* ---- A file in pieces ---- */

typedef struct {
  const hb_pieces *file;
  uint32_t piece;
  size_t position; /* in that piece */
} source;

static size_t left_in_piece(const source *s) { return s->file->pieces[s->piece].size - s->position; }

/* Copies nothing if `out` is NULL. */
static int advance(source *s, char *out, int wanted) {
  int done = 0;
  while (done < wanted && s->piece < s->file->count) {
    const size_t left = left_in_piece(s), n = (size_t)(wanted - done) < left ? (size_t)(wanted - done) : left;
    if (out != NULL) memcpy(out + done, s->file->pieces[s->piece].bytes + s->position, n);
    done += (int)n;
    s->position += n;
    if (n == left) s->piece++, s->position = 0;
  }
  return done;
}

static int source_read(void *user, char *out, int wanted) { return advance(user, out, wanted); }
static void source_skip(void *user, int n) { advance(user, NULL, n); }
static int source_at_end(void *user) {
  const source *s = user;
  return s->piece >= s->file->count;
}

static stbi_io_callbacks callbacks = {source_read, source_skip, source_at_end};

static void start(stbi__context *context, source *s, uint64_t limit) {
  most_bytes = limit;
  was_short = false;
  stbi__start_callbacks(context, &callbacks, s);
}

static hb_status result(uint8_t *pixels, uint8_t **out) {
  if (pixels == NULL) return was_short ? HB_OUT_OF_MEMORY : HB_CORRUPT_IMAGE;
  *out = pixels;
  return HB_OK;
}

/* ---- JPEG ---- */

/* stb_image fills up data that end early with zeros, and says nothing. It hands over block after block to be
 * transformed, so that there one can see how far it came. */
typedef struct {
  const stbi__jpeg *jpeg;
  uintptr_t planes[4];               /* of the components */
  uintptr_t last, first_behind_end;  /* where blocks went */
  uint64_t blocks, blocks_since_end; /* since the data's end was seen */
  bool is_short;
} watch;

static _Thread_local watch *watched;

/* Bits of the code that ends a block. */
static unsigned end_bits(const stbi__huffman *codes) {
  unsigned i = 0;
  while (i < 255 && codes->values[i] != 0) i++;
  return codes->size[i];
}

/* When the data's end is seen, this many blocks at most are still in the decoder's 32 bits. */
static uint64_t blocks_in_hand(const stbi__jpeg *j) {
  unsigned least = 32;
  for (int k = 0; k < j->scan_n; k++) {
    const int n = j->order[k];
    const unsigned bits = j->huff_dc[j->img_comp[n].hd].size[0] + end_bits(&j->huff_ac[j->img_comp[n].ha]);
    if (bits < least) least = bits;
  }
  return 32 / (least > 1 ? least : 2);
}

static void note_end(watch *w) {
  if (w->blocks_since_end == 0) w->first_behind_end = w->last;
  w->blocks_since_end++;
  w->is_short = w->blocks_since_end > blocks_in_hand(w->jpeg);
}

static void transform_and_watch(stbi_uc *out, int stride, short data[64]) {
  watch *w = watched;
  if (w->blocks++ == 0)
    for (int n = 0; n < w->jpeg->s->img_n; n++) w->planes[n] = (uintptr_t)w->jpeg->img_comp[n].data;
  w->last = (uintptr_t)out;
  if (!w->jpeg->nomore)
    w->blocks_since_end = w->is_short ? w->blocks_since_end : 0;
  else if (!w->is_short)
    note_end(w);
  hb_jpeg_transform(out, stride, data);
}

/* The first pixel of the unit of blocks that has the one at `block`. */
static void locate(const watch *w, uintptr_t block, hb_jpeg_progress *p) {
  const stbi__jpeg *j = w->jpeg;
  p->step = 8 * (uint32_t)j->img_v_max;
  for (int n = 0; n < j->s->img_n; n++) {
    const size_t stride = (size_t)j->img_comp[n].w2, rows = (size_t)j->img_comp[n].h2, at = block - w->planes[n];
    if (block < w->planes[n] || at >= stride * rows) continue;
    p->x = (uint32_t)(at % stride / 8) / (uint32_t)j->img_comp[n].h * 8 * (uint32_t)j->img_h_max;
    p->y = (uint32_t)(at / stride / 8) / (uint32_t)j->img_comp[n].v * p->step;
  }
}

static hb_jpeg_colours colours_of(const stbi__jpeg *j) {
  switch (j->s->img_n) {
    case 1: return HB_JPEG_GREY;
    case 4:
      if (j->app14_color_transform == 0) return HB_JPEG_CMYK;
      if (j->app14_color_transform == 2) return HB_JPEG_YCCK;
      return HB_JPEG_YCC; /* the fourth is no ink */
    default: return j->rgb == 3 || (j->app14_color_transform == 0 && !j->jfif) ? HB_JPEG_RGB : HB_JPEG_YCC;
  }
}

/* stb_image reads the coefficients. Its own transform, smoothing and colours would be up to 3 levels from libjpeg's. */
static uint8_t *decode_jpeg(stbi__jpeg *j) {
  uint8_t *rgb = NULL;
  j->s->img_n = 0; /* so that what is freed is known where it fails early */
  if (stbi__decode_jpeg_image(j)) {
    hb_jpeg_plane planes[4];
    for (int n = 0; n < j->s->img_n; n++)
      planes[n] = (hb_jpeg_plane){j->img_comp[n].data,
                                  (size_t)j->img_comp[n].w2,
                                  (uint32_t)j->img_comp[n].x,
                                  (uint32_t)j->img_comp[n].y,
                                  (uint32_t)(j->img_h_max / j->img_comp[n].h),
                                  (uint32_t)(j->img_v_max / j->img_comp[n].v)};
    const uint32_t width = j->s->img_x, height = j->s->img_y;
    rgb = allocate(NULL, (size_t)width * height * 3);
    if (rgb != NULL && hb_jpeg_pixels(planes, colours_of(j), width, height, rgb) != HB_OK) {
      was_short = true;
      free(rgb);
      rgb = NULL;
    }
  }
  stbi__cleanup_jpeg(j);
  return rgb;
}

hb_status hb_stb_jpeg(const hb_pieces *file, uint64_t limit, uint8_t **pixels, hb_jpeg_progress *progress) {
  stbi__context context;
  source s = {file, 0, 0};
  start(&context, &s, limit);
  stbi__jpeg *jpeg = allocate(NULL, sizeof *jpeg);
  if (jpeg == NULL) return HB_OUT_OF_MEMORY;
  jpeg->s = &context;
  watch w = {.jpeg = jpeg};
  watched = &w;
  jpeg->idct_block_kernel = transform_and_watch;
  uint8_t *decoded = decode_jpeg(jpeg);
  watched = NULL;
  *progress = (hb_jpeg_progress){.blocks = w.blocks, .is_short = w.is_short};
  locate(&w, w.blocks_since_end > 0 ? w.first_behind_end : w.last, progress);
  free(jpeg);
  return result(decoded, pixels);
}

/* ---- PNG ---- */

hb_status hb_stb_png(const hb_pieces *file, uint64_t limit, uint32_t channels, uint8_t **pixels) {
  stbi__context context;
  source s = {file, 0, 0};
  start(&context, &s, limit);
  /* what Xcode makes of PNGs for iPhones: blue first, colours multiplied with alpha */
  stbi_convert_iphone_png_to_rgb_thread(1);
  stbi_set_unpremultiply_on_load_thread(1);
  int width, height, stored;
  stbi__result_info info = {8, 0, 0};
  uint8_t *decoded = stbi__png_load(&context, &width, &height, &stored, (int)channels, &info);
  if (decoded != NULL && info.bits_per_channel == 16) {
    /* the upper half, as stb_image has it, which would lose the picture where it has no memory for a copy */
    const uint16_t *deep = (const uint16_t *)decoded;
    for (size_t i = 0; i < (size_t)width * (size_t)height * channels; i++) decoded[i] = (uint8_t)(deep[i] >> 8);
  }
  return result(decoded, pixels);
}

/* A block that is not compressed, and of which not all is there, leaves nothing behind, but its beginning in `z`. */
static size_t copy_stored(const stbi__zbuf *z, const uint8_t *bytes) {
  const size_t left = (size_t)(z->zbuffer_end - z->zbuffer), room = (size_t)(z->zout_end - z->zout);
  if (z->zbuffer - bytes < 4) return 0;
  const uint8_t *header = z->zbuffer - 4;
  const unsigned length = header[0] | (unsigned)header[1] << 8, inverse = header[2] | (unsigned)header[3] << 8;
  if (length != (inverse ^ 0xffff) || length <= left) return 0;
  const size_t count = left < room ? left : room;
  memcpy(z->zout, z->zbuffer, count);
  return count;
}

size_t hb_stb_inflate(const uint8_t *bytes, size_t size, bool has_header, uint8_t *out, size_t capacity) {
  /* Within a block stb_image does not tell how far it came, so that what it did not write must be seen: a filter's
   * number, with which each row of a PNG begins, is never this. */
  const uint8_t unwritten = 0xaa;
  if (size > INT_MAX || capacity > INT_MAX) return 0;
  memset(out, unwritten, capacity);
  stbi__zbuf z = {.zbuffer = (stbi_uc *)bytes, .zbuffer_end = (stbi_uc *)bytes + size};
  if (stbi__do_zlib(&z, (char *)out, (int)capacity, 0, has_header)) return (size_t)(z.zout - z.zout_start);
  const size_t stored = copy_stored(&z, bytes);
  if (stored > 0) return (size_t)(z.zout - z.zout_start) + stored;
  while (capacity > 0 && out[capacity - 1] == unwritten) capacity--;
  return capacity;
}

/* ---- GIF ---- */

/* stb_image paints the background's colour where the frame is not, which no browser does. */
static hb_gif_frame take_frame(stbi__gif *gif) {
  const uint32_t row = (uint32_t)gif->line_size;
  hb_gif_frame frame = {gif->history, (uint32_t)gif->start_x / 4, (uint32_t)gif->start_y / row,
                        (uint32_t)(gif->max_x - gif->start_x) / 4, (uint32_t)(gif->max_y - gif->start_y) / row};
  for (size_t i = 0; i < (size_t)gif->w * (size_t)gif->h; i++)
    if (!gif->history[i]) gif->out[4 * i + 3] = 0;
  return frame;
}

hb_status hb_stb_gif(const hb_pieces *file, uint64_t limit, uint8_t **pixels, hb_gif_frame *frame) {
  stbi__context context;
  source s = {file, 0, 0};
  start(&context, &s, limit);
  stbi__gif *gif = allocate(NULL, sizeof *gif);
  if (gif == NULL) return HB_OUT_OF_MEMORY;
  for (int i = 0; i < 256; i++) gif->pal[i][3] = gif->lpal[i][3] = 255; /* what a palette has no colour for is black */
  int channels;
  const uint8_t *decoded = stbi__gif_load_next(&context, gif, &channels, 4, NULL);
  const bool is_frame = decoded != NULL && decoded == gif->out; /* else the end of the file */
  if (is_frame) {
    *pixels = gif->out;
    *frame = take_frame(gif);
  } else {
    free(gif->out);
    free(gif->history);
  }
  free(gif->background);
  free(gif);
  return is_frame ? HB_OK : was_short ? HB_OUT_OF_MEMORY : HB_CORRUPT_IMAGE;
}
