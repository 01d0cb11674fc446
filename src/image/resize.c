#include "image/resize.h"

#include "image/resample.h"

#define RESIZE_SIDE 256
#define MAX_ASPECT 100000

/* CenterCrop's int(round((size - 224) / 2.0)), where Python rounds a half to the even neighbour. */
static uint32_t crop_offset(uint32_t size) {
  uint32_t twice = size - HB_CROP_SIDE, half = twice / 2;
  return twice % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

hb_status hb_image_center_crop(const hb_image *image, uint8_t crop[HB_CROP_BYTES], hb_error *error) {
  const bool swap = hb_orientation_swaps_axes(image->orientation);
  const uint32_t w = swap ? image->height : image->width, h = swap ? image->width : image->height;
  if (w / h >= MAX_ASPECT || h / w >= MAX_ASPECT)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "the picture is %u x %u pixels, too narrow to be compared", w, h);

  /* torchvision: the shorter side becomes 256, the longer one int(256 * long / short) */
  const uint32_t width = w <= h ? RESIZE_SIDE : (uint32_t)((uint64_t)RESIZE_SIDE * w / h);
  const uint32_t height = w <= h ? (uint32_t)((uint64_t)RESIZE_SIDE * h / w) : RESIZE_SIDE;
  const hb_span across = {width, crop_offset(width), HB_CROP_SIDE}, down = {height, crop_offset(height), HB_CROP_SIDE};
  return hb_image_resample(image, across, down, crop, error);
}

hb_status hb_image_scale(const hb_image *image, uint32_t width, uint32_t height, uint8_t *rgb, hb_error *error) {
  const hb_span across = {width, 0, width}, down = {height, 0, height};
  return hb_image_resample(image, across, down, rgb, error);
}
