#include "image/size.h"

/* Pixels that a byte stands for at most. A block of 8 x 8 pixels takes a bit of a JPEG, its first coefficient's
 * shortest Huffman code. Deflate makes 1032 bytes of one, each of 8 pixels in black and white. A GIF's code of 12 bits
 * stands for a string that has at most as many pixels as there are codes, 4096. Two bytes of a BMP are a run of 255
 * pixels; a move over empty rows, which is more, is a trick of small animations. */
#define JPEG_PIXELS 512
#define PNG_PIXELS (8 * 1032)
#define GIF_PIXELS 2731
#define BMP_PIXELS 256

hb_status hb_image_check_size(uint64_t width, uint64_t height, hb_error *error) {
  if (width == 0 || height == 0) return hb_fail(error, HB_CORRUPT_IMAGE, "the picture has no pixels");
  if (width > HB_IMAGE_MAX_PIXELS || height > HB_IMAGE_MAX_PIXELS / width)
    return hb_fail(error, HB_IMAGE_TOO_LARGE,
                   "the picture has %.0f megapixels, and at most %u can be read here; make it smaller first",
                   (double)width * (double)height * 1e-6, HB_IMAGE_MAX_PIXELS / 1000000);
  return HB_OK;
}

static uint64_t pixels_of_byte(uint8_t first) {
  switch (first) {
    case 0xff: return JPEG_PIXELS;
    case 0x89: return PNG_PIXELS;
    case 'G': return GIF_PIXELS;
    default: return BMP_PIXELS;
  }
}

bool hb_image_may_hold(const uint8_t *bytes, size_t size, uint64_t pixels) {
  return size >= 2 && size >= pixels / pixels_of_byte(bytes[0]);
}
