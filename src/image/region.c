#include "image/region.h"

#include <math.h>
#include <string.h>

/* From the first pixel to the one behind the last. */
typedef struct {
  uint32_t first, end;
} range;

/* Fractions that add up to 1 may be a little more when they are added. */
#define SLACK 1e-9

static bool is_inside(double start, double size) { return start >= 0 && size > 0 && start + size <= 1 + SLACK; }

static range pixels_of(double start, double size, uint32_t pixels) {
  return (range){(uint32_t)lround(start * pixels), (uint32_t)lround(fmin(start + size, 1) * pixels)};
}

static bool is_too_small(range r, uint32_t pixels) {
  return r.end - r.first < (pixels < HB_REGION_MIN ? pixels : HB_REGION_MIN);
}

static range flipped(range r, uint32_t pixels) { return (range){pixels - r.end, pixels - r.first}; }

/* Every row moves towards the front, so that none is overwritten before it has moved. */
static void keep_pixels(hb_image *image, range columns, range rows) {
  size_t channels = image->channels, width = columns.end - columns.first;
  uint8_t *out = image->pixels;
  for (uint32_t y = rows.first; y < rows.end; y++, out += width * channels)
    memmove(out, image->pixels + ((size_t)y * image->width + columns.first) * channels, width * channels);
  image->width = (uint32_t)width;
  image->height = rows.end - rows.first;
}

hb_status hb_region_keep(hb_image *image, const hb_region *region, hb_error *error) {
  if (!is_inside(region->x, region->width) || !is_inside(region->y, region->height))
    return hb_fail(error, HB_INVALID_ARGUMENT, "the region must be inside the picture, and have a width and a height");
  bool swap = hb_orientation_swaps_axes(image->orientation);
  uint32_t shown_width = swap ? image->height : image->width, shown_height = swap ? image->width : image->height;
  range across = pixels_of(region->x, region->width, shown_width);
  range down = pixels_of(region->y, region->height, shown_height);
  if (is_too_small(across, shown_width) || is_too_small(down, shown_height))
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "the region is %u x %u pixels of this picture, and must be at least %d x %d; choose a larger one",
                   across.end - across.first, down.end - down.first, HB_REGION_MIN, HB_REGION_MIN);
  range columns = swap ? down : across, rows = swap ? across : down;
  if (hb_orientation_flips_x(image->orientation)) columns = flipped(columns, image->width);
  if (hb_orientation_flips_y(image->orientation)) rows = flipped(rows, image->height);
  keep_pixels(image, columns, rows);
  return HB_OK;
}
