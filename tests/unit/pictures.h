/* pictures.h: picture files made in memory, and two small JPEGs that were made with Pillow from the same pattern. */
#ifndef PICTURES_H
#define PICTURES_H

#include "support.h"

/* 8 bits a channel, rows top to bottom. Channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
typedef struct {
  uint32_t width, height, channels;
  uint8_t *pixels;
} picture;

/* Smooth waves with noise on top, so that a shift by one pixel shows. */
picture picture_make(uint32_t width, uint32_t height, uint32_t channels, uint64_t seed);
void picture_free(picture *p);
/* The picture that is to be shown of one with this EXIF orientation, from the EXIF standard's words on which row and
 * column of the stored picture is at the top and at the left. */
picture picture_turned(const picture *p, int orientation);
/* A rectangle of it. */
picture picture_cut(const picture *p, uint32_t left, uint32_t top, uint32_t width, uint32_t height);

/* All encoders return fresh memory. PNG: deflate's stored blocks only. */
blob png_encode(const picture *p);
/* 16 bits a channel: the picture's byte is the upper half, `low` the lower one. */
blob png_encode_16(const picture *p, uint8_t low);
/* One byte a pixel into a palette of RGB triples; `alpha` (may be NULL) is the tRNS chunk. */
blob png_encode_palette(const picture *indices, const uint8_t *palette, uint32_t colours, const uint8_t *alpha,
                        uint32_t alphas);
/* RGB with one colour that is transparent. */
blob png_encode_key(const picture *p, const uint8_t key[3]);
/* A PNG's first 33 bytes (RGB, 8 bits), which claim any size, and an IDAT chunk without content. */
blob png_claiming(uint32_t width, uint32_t height);
/* A black RGB picture whose data unpack to so many zero bytes, a little more than asked for, from about a 150th. */
blob png_unpacking_to(uint32_t width, uint32_t height, size_t bytes);

blob bmp_encode(const picture *p, bool top_down);
/* P6 or, for one channel, P5. */
blob pnm_encode(const picture *p);
/* One byte a pixel, below 128; `transparent` is an index or -1. */
blob gif_encode(const picture *indices, const uint8_t *palette, int transparent);

/* 24 x 16 pixels: red 10 x, green 15 y, blue 255 - 10 x. */
#define JPEG_WIDTH 24
#define JPEG_HEIGHT 16
extern const uint8_t jpeg_baseline[374], jpeg_progressive[604];

/* A JPEG with segments put in right behind its first two bytes. */
blob jpeg_with(const uint8_t *jpeg, size_t size, const blob *segments);
/* An EXIF segment (marker and all) with `padding` bytes between TIFF header and directory, one other entry before the
 * orientation, of the given type, count and value. */
blob exif_segment(bool big_endian, size_t padding, unsigned type, uint32_t count, unsigned value);
/* Any other segment: marker byte and zeros. */
blob other_segment(unsigned marker, size_t size);

#endif
