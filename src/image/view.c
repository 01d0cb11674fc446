#include "image/view.h"

#include <stdlib.h>
#include <string.h>

#include "image/resize.h"

#define LONG 3 /* times as long as wide */

/* Makes `count` tiles of 224 x 224, one behind the other. `count` is 1 for the whole picture. */
static hb_status make_tiles(const hb_image *image, bool is_wide, uint32_t count, uint8_t *tiles, hb_error *error) {
  /* below each other they are what hb_image_scale makes of a high picture */
  if (!is_wide || count == 1) return hb_image_scale(image, HB_CROP_SIDE, count * HB_CROP_SIDE, tiles, error);
  const size_t row = HB_CROP_SIDE * 3;
  uint8_t *strip = malloc((size_t)count * HB_CROP_BYTES);
  if (strip == NULL) return hb_fail_memory(error);
  hb_status status = hb_image_scale(image, count * HB_CROP_SIDE, HB_CROP_SIDE, strip, error);
  for (uint32_t t = 0; t < count && status == HB_OK; t++)
    for (uint32_t y = 0; y < HB_CROP_SIDE; y++)
      memcpy(tiles + t * HB_CROP_BYTES + y * row, strip + (y * count + t) * row, row);
  free(strip);
  return status;
}

/* The number of tiles of a long picture: as many as make them about square. */
static uint32_t count_tiles(uint32_t longer, uint32_t shorter) {
  const uint64_t count = (longer + (uint64_t)shorter / 2) / shorter;
  return count < HB_CROPS_MAX ? (uint32_t)count : HB_CROPS_MAX;
}

hb_status hb_image_look(const hb_image *image, hb_view view, hb_crops *out, hb_error *error) {
  const bool is_wide = (image->width > image->height) != hb_orientation_swaps_axes(image->orientation);
  const uint32_t longer = image->width > image->height ? image->width : image->height;
  const uint32_t shorter = image->width > image->height ? image->height : image->width;
  /* In a strip, a panorama or a page the subject may be anywhere. Squashed it is not recognised, and the centre does
   * not show it. tests/golden/long_pictures.py has what was measured. */
  const bool is_long = view != HB_VIEW_CROP && longer > (uint64_t)LONG * shorter;
  const uint32_t tiles = is_long ? count_tiles(longer, shorter) : view != HB_VIEW_CROP;
  const bool has_centre = view == HB_VIEW_EVERY || (!is_long && view != HB_VIEW_WHOLE);
  hb_crops crops = {malloc((has_centre + (size_t)tiles) * HB_CROP_BYTES), has_centre + tiles};
  hb_status status = crops.pixels != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK && has_centre) status = hb_image_center_crop(image, crops.pixels, error);
  if (status == HB_OK && tiles > 0)
    status = make_tiles(image, is_wide, tiles, crops.pixels + has_centre * HB_CROP_BYTES, error);
  if (status != HB_OK) return free(crops.pixels), status;
  *out = crops;
  return HB_OK;
}
