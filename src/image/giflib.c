#include "image/giflib.h"

#ifndef HAS_GIFLIB

hb_status hb_giflib_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  (void)bytes, (void)size, (void)out, (void)error;
  return HB_UNSUPPORTED_IMAGE;
}

#else

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "image/damage.h"
#include "image/size.h"

/* The memory sanitizer does not see what giflib writes. */
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
static void is_written(const void *memory, size_t size) { __msan_unpoison(memory, size); }
#else
static void is_written(const void *memory, size_t size) { (void)memory, (void)size; }
#endif

typedef struct {
  const uint8_t *bytes;
  size_t size, at;
} source;

static int source_read(GifFileType *gif, GifByteType *out, int wanted) {
  source *s = gif->UserData;
  const size_t left = s->size - s->at, n = (size_t)wanted < left ? (size_t)wanted : left;
  memcpy(out, s->bytes + s->at, n);
  s->at += n;
  return (int)n;
}

/* Notes the transparent colour of a graphics control extension; false at the file's end. */
static bool read_extension(GifFileType *gif, int *transparent) {
  GifByteType *block = NULL;
  int kind = 0;
  if (DGifGetExtension(gif, &kind, &block) == GIF_ERROR) return false;
  while (block != NULL) {
    GraphicsControlBlock control = {0};
    if (kind == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
      *transparent = control.TransparentColor;
    if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return false;
  }
  return true;
}

/* Up to the first frame's description. */
static bool find_frame(GifFileType *gif, int *transparent) {
  GifRecordType record = UNDEFINED_RECORD_TYPE;
  *transparent = NO_TRANSPARENT_COLOR;
  while (DGifGetRecordType(gif, &record) != GIF_ERROR) {
    if (record == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(gif) != GIF_ERROR;
    if (record != EXTENSION_RECORD_TYPE || !read_extension(gif, transparent)) return false;
  }
  return false;
}

/* An interlaced frame stores its rows in four turns. */
static const struct { int start, step; } turns[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}, {0, 1}};

typedef struct {
  const GifImageDesc *frame;
  const ColorMapObject *palette;
  int transparent;
  GifPixelType *line; /* room for a row of the frame */
} drawing;

static void draw_line(const drawing *d, int y, hb_image *image) {
  uint8_t *out = image->pixels + 4 * ((size_t)(d->frame->Top + y) * image->width + (size_t)d->frame->Left);
  for (int x = 0; x < d->frame->Width; x++, out += 4) {
    const int index = d->line[x];
    if (index == d->transparent) continue;
    if (index < d->palette->ColorCount)
      memcpy(out,
             (const uint8_t[3]){d->palette->Colors[index].Red, d->palette->Colors[index].Green,
                                d->palette->Colors[index].Blue},
             3);
    out[3] = 255;
  }
}

/* Returns how many rows there are. */
static int draw_frame(GifFileType *gif, const drawing *d, hb_image *image) {
  int rows = 0;
  const int first = d->frame->Interlace ? 0 : 4, last = d->frame->Interlace ? 3 : 4;
  for (int turn = first; turn <= last; turn++)
    for (int y = turns[turn].start; y < d->frame->Height; y += turns[turn].step, rows++) {
      if (DGifGetLine(gif, d->line, d->frame->Width) == GIF_ERROR) return rows;
      draw_line(d, y, image);
    }
  return rows;
}

static uint32_t larger(int a, int b) { return (uint32_t)(a > b ? a : b); }

static hb_status decode_frame(GifFileType *gif, int transparent, hb_image *image, hb_error *error) {
  const source *s = gif->UserData;
  const GifImageDesc *frame = &gif->Image;
  const ColorMapObject *palette = frame->ColorMap != NULL ? frame->ColorMap : gif->SColorMap;
  if (palette != NULL) is_written(palette, sizeof *palette);
  if (palette == NULL || frame->Width <= 0 || frame->Height <= 0) return HB_UNSUPPORTED_IMAGE;
  *image = (hb_image){NULL, larger(gif->SWidth, frame->Left + frame->Width),
                      larger(gif->SHeight, frame->Top + frame->Height), 4, HB_UPRIGHT};
  const uint64_t pixels = (uint64_t)image->width * image->height;
  hb_status status = hb_image_check_size(image->width, image->height, error);
  if (status != HB_OK) return status;
  if (!hb_image_may_hold(s->bytes, s->size, pixels)) return hb_image_fail_incomplete(error);
  const drawing d = {frame, palette, transparent, calloc((size_t)frame->Width, 1)};
  image->pixels = calloc(pixels, 4);
  if (d.line == NULL || image->pixels == NULL) return free(d.line), hb_fail_memory(error);
  const int rows = draw_frame(gif, &d, image);
  free(d.line);
  return hb_image_is_enough((uint64_t)rows, (uint64_t)frame->Height) ? HB_OK : hb_image_fail_incomplete(error);
}

hb_status hb_giflib_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  source s = {bytes, size, 0};
  int failure = 0, transparent;
  GifFileType *gif = DGifOpen(&s, source_read, &failure);
  if (gif == NULL) return failure == D_GIF_ERR_NOT_ENOUGH_MEM ? hb_fail_memory(error) : HB_UNSUPPORTED_IMAGE;
  hb_image image = {0};
  hb_status status =
      find_frame(gif, &transparent) ? decode_frame(gif, transparent, &image, error) : HB_UNSUPPORTED_IMAGE;
  DGifCloseFile(gif, &failure);
  if (status != HB_OK) return hb_image_free(&image), status;
  *out = image;
  return HB_OK;
}

#endif
