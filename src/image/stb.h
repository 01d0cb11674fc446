/* image/stb.h: stb_image, which decodes JPEG, PNG and GIF: behind checks of its size (image/size.h) and of the file's
 * structure, as it believes what it gets. It is not made for hostile files, so that it runs inside the wasm sandbox or,
 * natively, in a process of its own (index-builder/decoder_process.h). */
#ifndef HB_IMAGE_STB_H
#define HB_IMAGE_STB_H

#include "base/error.h"

/* A file as stb_image is to see it: parts of the real one, and what that lacks. */
#define HB_PIECES_MAX 8
typedef struct {
  const uint8_t *bytes;
  size_t size;
} hb_piece;
typedef struct {
  hb_piece pieces[HB_PIECES_MAX];
  uint32_t count;
} hb_pieces;

static inline void hb_pieces_add(hb_pieces *p, const void *bytes, size_t size) {
  if (size > 0) p->pieces[p->count++] = (hb_piece){bytes, size};
}

/* What may be allocated at once for a file of `size` bytes that has so many pixels. */
uint64_t hb_stb_limit(uint64_t pixels, size_t size);

/* Each of these returns pixels that free() takes, rows top to bottom without padding. `limit` is the most bytes that
 * may be allocated at once: stb_image would unpack a PNG's data to the end, up to 4 GB of a file of 4 MB, however few
 * of them the picture needs. They fail, without a sentence, with HB_OUT_OF_MEMORY or HB_CORRUPT_IMAGE. */

/* How far the data of a JPEG went. */
typedef struct {
  uint64_t blocks; /* of 8 x 8 samples, that were decoded; of a progressive JPEG always all */
  bool is_short;   /* the data ended before these blocks did */
  uint32_t x, y;   /* the pixel where the end of the data was seen, or else that of the last block */
  uint32_t step;   /* rows of pixels in a row of blocks */
} hb_jpeg_progress;

/* RGB, the bytes that libjpeg makes of it. */
hb_status hb_stb_jpeg(const hb_pieces *file, uint64_t limit, uint8_t **pixels, hb_jpeg_progress *progress);

/* RGB or RGBA, as `channels` says. Of 16 bits a channel the upper half. */
hb_status hb_stb_png(const hb_pieces *file, uint64_t limit, uint32_t channels, uint8_t **pixels);

/* The first frame, RGBA, on an otherwise transparent canvas. `drawn` has a byte for each pixel of the canvas that is
 * not 0 if the data had that pixel; the caller frees it. */
typedef struct {
  uint8_t *drawn;
  uint32_t left, top, width, height; /* of the frame */
} hb_gif_frame;
hb_status hb_stb_gif(const hb_pieces *file, uint64_t limit, uint8_t **pixels, hb_gif_frame *frame);

/* Unpacks zlib's format as far as it is whole, and returns how many bytes of `out` that filled. `has_header` is false
 * for deflate alone. */
size_t hb_stb_inflate(const uint8_t *bytes, size_t size, bool has_header, uint8_t *out, size_t capacity);

#endif
