#include "image/damage.h"

#include <string.h>

hb_status hb_image_end_at(hb_image *image, uint32_t x, uint32_t y, uint32_t step, uint8_t shade, hb_error *error) {
  const uint32_t width = image->width, height = image->height;
  if (y >= height) return HB_OK;
  const uint32_t last = step < height - y ? y + step : height; /* row behind those that are broken off */
  if (x > width) x = width;
  if (!hb_image_is_enough((uint64_t)width * y + (uint64_t)x * (last - y), (uint64_t)width * height))
    return hb_image_fail_incomplete(error);
  const size_t channels = image->channels, row = width * channels;
  for (uint32_t i = y; i < last; i++) memset(image->pixels + i * row + x * channels, shade, row - x * channels);
  memset(image->pixels + last * row, shade, (height - last) * row);
  return HB_OK;
}

hb_status hb_image_fail_corrupt(hb_error *error) {
  return hb_fail(error, HB_CORRUPT_IMAGE, "the picture is damaged or incomplete; try to download or export it again");
}

hb_status hb_image_fail_incomplete(hb_error *error) {
  hb_fail(
      error, HB_CORRUPT_IMAGE,
      "the picture is damaged or incomplete: less than three quarters of it are there; try to download or export it "
      "again");
  if (error != NULL) error->is_incomplete = true;
  return HB_CORRUPT_IMAGE;
}

hb_status hb_image_fail_decoder(hb_status status, hb_error *error) {
  return status == HB_OUT_OF_MEMORY ? hb_fail_memory(error) : hb_image_fail_corrupt(error);
}
