#include "preprocess.h"

#include <stdlib.h>
#include <string.h>

/* Compiled with -ffp-contract=off, which makes stb_image_resize2 give the same bytes on every machine and in wasm. */
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <stb_image_resize2.h>
#pragma clang diagnostic pop

#define RESIZE_SIDE 256
#define MAX_ASPECT 100000

/* torchvision ResNet18_Weights.IMAGENET1K_V1.transforms */
static const double mean[3] = {0.485, 0.456, 0.406};
static const double standard_deviation[3] = {0.229, 0.224, 0.225};

/* CenterCrop's int(round((size - 224) / 2.0)), where Python rounds a half to the even neighbour. */
static uint32_t crop_offset(uint32_t size) {
  uint32_t twice = size - HB_INPUT_SIDE, half = twice / 2;
  return twice % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

/* Resizes the stored picture to width x height and computes only the square at (left, top). */
static bool resize_square(const hb_image *image, uint32_t width, uint32_t height, uint32_t left, uint32_t top,
                          uint8_t *square) {
  int channels = (int)image->channels;
  STBIR_RESIZE resize;
  stbir_resize_init(&resize, image->pixels, (int)image->width, (int)image->height, (int)image->width * channels, square,
                    HB_INPUT_SIDE, HB_INPUT_SIDE, HB_INPUT_SIDE * channels, channels == 4 ? STBIR_4CHANNEL : STBIR_RGB,
                    STBIR_TYPE_UINT8);
  stbir_set_filters(&resize, STBIR_FILTER_TRIANGLE, STBIR_FILTER_TRIANGLE);
  stbir_set_edgemodes(&resize, STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP);
  /* the part of the stored picture that the square shows; the filter still reads beyond its edges */
  stbir_set_input_subrect(&resize, (double)left / width, (double)top / height, (double)(left + HB_INPUT_SIDE) / width,
                          (double)(top + HB_INPUT_SIDE) / height);
  return stbir_resize_extended(&resize);
}

/* Turns the square of the stored picture the right way up and drops a fourth channel. */
static void orient_square(const uint8_t *square, uint32_t channels, hb_orientation orientation, uint8_t *crop) {
  for (uint32_t y = 0; y < HB_INPUT_SIDE; y++) {
    for (uint32_t x = 0; x < HB_INPUT_SIDE; x++, crop += 3) {
      uint32_t from_x = hb_swaps_axes(orientation) ? y : x, from_y = hb_swaps_axes(orientation) ? x : y;
      if (hb_flips_x(orientation)) from_x = HB_INPUT_SIDE - 1 - from_x;
      if (hb_flips_y(orientation)) from_y = HB_INPUT_SIDE - 1 - from_y;
      memcpy(crop, square + ((size_t)from_y * HB_INPUT_SIDE + from_x) * channels, 3);
    }
  }
}

hb_status hb_preprocess_crop(const hb_image *image, uint8_t crop[HB_INPUT_BYTES], hb_error *error) {
  uint32_t w = image->width, h = image->height;
  if (w / h >= MAX_ASPECT || h / w >= MAX_ASPECT)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "the picture is %u x %u pixels, too narrow to be compared", w, h);

  /* torchvision: the shorter side becomes 256, the longer one int(256 * long / short) */
  uint32_t width = w <= h ? RESIZE_SIDE : (uint32_t)((uint64_t)RESIZE_SIDE * w / h);
  uint32_t height = w <= h ? (uint32_t)((uint64_t)RESIZE_SIDE * h / w) : RESIZE_SIDE;
  /* the crop's place counts from the shown picture's corner; a flipped axis counts from the other end */
  uint32_t left = crop_offset(width), top = crop_offset(height);
  if (hb_flips_x(image->orientation)) left = width - HB_INPUT_SIDE - left;
  if (hb_flips_y(image->orientation)) top = height - HB_INPUT_SIDE - top;

  uint8_t *square = malloc((size_t)HB_INPUT_SIDE * HB_INPUT_SIDE * image->channels);
  if (square == NULL) return hb_fail_memory(error);
  hb_status status = HB_OK;
  if (resize_square(image, width, height, left, top, square))
    orient_square(square, image->channels, image->orientation, crop);
  else
    status = hb_fail_memory(error);
  free(square);
  return status;
}

void hb_preprocess_normalize(const uint8_t crop[HB_INPUT_BYTES], float *input) {
  float table[3][256];
  for (int c = 0; c < 3; c++)
    for (int v = 0; v < 256; v++) table[c][v] = (float)((v / 255.0 - mean[c]) / standard_deviation[c]);
  for (size_t i = 0; i < HB_INPUT_BYTES; i += 3)
    for (size_t c = 0; c < 3; c++) input[i + c] = table[c][crop[i + c]];
}
