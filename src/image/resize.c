#include "image/resize.h"

#include <stdlib.h>
#include <string.h>

/* Compiled with -ffp-contract=off, which makes stb_image_resize2 give the same bytes on every machine and in wasm. */
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
/* It moves pairs of floats as 64-bit numbers that are not always aligned, which all our machines allow. */
#pragma clang attribute push(__attribute__((no_sanitize("alignment"))), apply_to = function)
#include <stb_image_resize2.h>
#pragma clang attribute pop
#pragma clang diagnostic pop

#define RESIZE_SIDE 256
#define MAX_ASPECT 100000

/* CenterCrop's int(round((size - 224) / 2.0)), where Python rounds a half to the even neighbour. */
static uint32_t crop_offset(uint32_t size) {
  uint32_t twice = size - HB_CROP_SIDE, half = twice / 2;
  return twice % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

/* A rectangle of the stored picture, once that is resized to full_width x full_height. */
typedef struct {
  uint32_t full_width, full_height, left, top, width, height;
} window;

/* Computes only the window. */
static bool resize_window(const hb_image *image, const window *w, uint8_t *out) {
  int channels = (int)image->channels, width = (int)w->width;
  double full_width = w->full_width, full_height = w->full_height;
  STBIR_RESIZE resize;
  stbir_resize_init(&resize, image->pixels, (int)image->width, (int)image->height, (int)image->width * channels, out,
                    width, (int)w->height, width * channels, channels == 4 ? STBIR_4CHANNEL : STBIR_RGB,
                    STBIR_TYPE_UINT8);
  stbir_set_filters(&resize, STBIR_FILTER_TRIANGLE, STBIR_FILTER_TRIANGLE);
  stbir_set_edgemodes(&resize, STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP);
  /* the part of the stored picture that the window shows; the filter still reads beyond its edges */
  stbir_set_input_subrect(&resize, w->left / full_width, w->top / full_height, (w->left + w->width) / full_width,
                          (w->top + w->height) / full_height);
  return stbir_resize_extended(&resize);
}

/* Turns stored pixels the right way up and drops a fourth channel. */
static void orient(const uint8_t *stored, const window *w, const hb_image *image, uint8_t *out) {
  hb_orientation orientation = image->orientation;
  bool swap = hb_orientation_swaps_axes(orientation);
  uint32_t width = swap ? w->height : w->width, height = swap ? w->width : w->height;
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++, out += 3) {
      uint32_t from_x = swap ? y : x, from_y = swap ? x : y;
      if (hb_orientation_flips_x(orientation)) from_x = w->width - 1 - from_x;
      if (hb_orientation_flips_y(orientation)) from_y = w->height - 1 - from_y;
      memcpy(out, stored + ((size_t)from_y * w->width + from_x) * image->channels, 3);
    }
  }
}

/* The window as 8-bit RGB, the right way up. */
static hb_status show(const hb_image *image, const window *w, uint8_t *out, hb_error *error) {
  uint8_t *stored = malloc((size_t)w->width * w->height * image->channels);
  bool resized = stored != NULL && resize_window(image, w, stored);
  if (resized) orient(stored, w, image, out);
  free(stored);
  return resized ? HB_OK : hb_fail_memory(error);
}

hb_status hb_image_center_crop(const hb_image *image, uint8_t crop[HB_CROP_BYTES], hb_error *error) {
  uint32_t w = image->width, h = image->height;
  if (w / h >= MAX_ASPECT || h / w >= MAX_ASPECT)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "the picture is %u x %u pixels, too narrow to be compared", w, h);

  /* torchvision: the shorter side becomes 256, the longer one int(256 * long / short) */
  uint32_t width = w <= h ? RESIZE_SIDE : (uint32_t)((uint64_t)RESIZE_SIDE * w / h);
  uint32_t height = w <= h ? (uint32_t)((uint64_t)RESIZE_SIDE * h / w) : RESIZE_SIDE;
  /* the crop's place counts from the shown picture's corner; a flipped axis counts from the other end */
  uint32_t left = crop_offset(width), top = crop_offset(height);
  if (hb_orientation_flips_x(image->orientation)) left = width - HB_CROP_SIDE - left;
  if (hb_orientation_flips_y(image->orientation)) top = height - HB_CROP_SIDE - top;
  const window centre = {width, height, left, top, HB_CROP_SIDE, HB_CROP_SIDE};
  return show(image, &centre, crop, error);
}

hb_status hb_image_scale(const hb_image *image, uint32_t width, uint32_t height, uint8_t *rgb, hb_error *error) {
  bool swap = hb_orientation_swaps_axes(image->orientation);
  uint32_t stored_width = swap ? height : width, stored_height = swap ? width : height;
  const window whole = {stored_width, stored_height, 0, 0, stored_width, stored_height};
  return show(image, &whole, rgb, error);
}
