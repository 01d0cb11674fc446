#include "image/size.h"

#include <string.h>

/* Pixels that a byte stands for at most. A block of 8 x 8 pixels takes a bit of a JPEG, its first coefficient's
 * shortest Huffman code. Deflate makes 1032 bytes of one, each of 8 pixels in black and white. A GIF's code of 12 bits
 * stands for a string that has at most as many pixels as there are codes, 4096. */
#define JPEG_PIXELS 512
#define PNG_PIXELS (8 * 1032)
#define GIF_PIXELS 2731

hb_status hb_image_check_size(uint64_t width, uint64_t height, hb_error *error) {
  if (width == 0 || height == 0) return hb_fail(error, HB_CORRUPT_IMAGE, "the picture has no pixels");
  if (width > HB_IMAGE_MAX_PIXELS || height > HB_IMAGE_MAX_PIXELS / width)
    return hb_fail(error, HB_IMAGE_TOO_LARGE,
                   "the picture has %.0f megapixels, and at most %u can be read here; make it smaller first",
                   (double)width * (double)height * 1e-6, HB_IMAGE_MAX_PIXELS / 1000000);
  return HB_OK;
}

static uint32_t big_endian(const uint8_t *p) { return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]; }

hb_status hb_image_check_png(const uint8_t *bytes, size_t size, hb_error *error) {
  static const char signature[] = "\x89PNG\r\n\x1a\n";
  if (size < 24 || memcmp(bytes, signature, 8) != 0 || memcmp(bytes + 12, "IHDR", 4) != 0) return HB_OK;
  return hb_image_check_size(big_endian(bytes + 16), big_endian(bytes + 20), error);
}

/* Bits of a pixel. The header of OS/2 is 12 bytes long and has 16 bits a number, all others have 32. */
static uint64_t bmp_bits(const uint8_t *bytes, size_t size) {
  if (size < 30) return 1;
  const uint8_t *bits = bytes + (bytes[14] == 12 ? 24 : 28);
  return (uint64_t)bits[0] | (uint64_t)bits[1] << 8;
}

static uint64_t least_bytes(const uint8_t *bytes, size_t size, uint64_t pixels) {
  switch (bytes[0]) {
    case 0xff: return pixels / JPEG_PIXELS;
    case 0x89: return pixels / PNG_PIXELS;
    case 'G': return pixels / GIF_PIXELS;
    case 'B': return pixels / 8 * bmp_bits(bytes, size);
    default: return bytes[1] == '6' ? 3 * pixels : pixels; /* PNM */
  }
}

bool hb_image_may_hold(const uint8_t *bytes, size_t size, uint64_t pixels) {
  return size >= 2 && size >= least_bytes(bytes, size, pixels);
}
