/* A picture, as a file or as pixels, to what the public header has of it: the crop, and a smaller picture. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "image/region.h"
#include "image/resize.h"
#include "image/size.h"
#include "image/view.h"

#define LONGEST_SIDE 65535

/* ---- Crops ---- */

static const char *const view_names[] = {
    [HB_VIEW_CROP] = "crop", [HB_VIEW_WHOLE] = "whole", [HB_VIEW_BOTH] = "both", [HB_VIEW_EVERY] = "every"};

const char *hb_view_name(hb_view view) { return view_names[view]; }

bool hb_view_parse(const char *name, hb_view *out) {
  for (size_t view = HB_VIEW_CROP; view <= HB_VIEW_BOTH; view++) {
    if (strcmp(name, view_names[view]) != 0) continue;
    *out = (hb_view)view;
    return true;
  }
  return false;
}

/* Of which the region is kept. `started` is when decoding began. */
static hb_status crop_image(hb_image *image, const hb_region *region, hb_view view, double started, hb_crops *out,
                            hb_timings *timings, hb_error *error) {
  const double decoded = hb_clock_milliseconds();
  hb_status status = region != NULL ? hb_region_keep(image, region, error) : HB_OK;
  if (status == HB_OK) status = hb_image_look(image, view, out, error);
  if (status == HB_OK && timings != NULL)
    timings->decode = decoded - started, timings->preprocess = hb_clock_milliseconds() - decoded;
  return status;
}

hb_status hb_crops_file(const void *bytes, size_t size, const hb_region *region, hb_view view, hb_crops *out,
                        hb_timings *timings, hb_error *error) {
  const double started = hb_clock_milliseconds();
  hb_image image;
  hb_status status = hb_image_decode(bytes, size, &image, error);
  if (status != HB_OK) return status;
  status = crop_image(&image, region, view, started, out, timings, error);
  hb_image_free(&image);
  return status;
}

hb_status hb_crops_rgba(const uint8_t *rgba, uint32_t width, uint32_t height, const hb_region *region, hb_view view,
                        hb_crops *out, hb_timings *timings, hb_error *error) {
  const double started = hb_clock_milliseconds();
  hb_status status = hb_image_check_size(width, height, error);
  if (status != HB_OK) return status;
  const size_t pixels = (size_t)width * height;
  uint8_t *copy = malloc(4 * pixels);
  if (copy == NULL) return hb_fail_memory(error);
  memcpy(copy, rgba, 4 * pixels);
  hb_image_flatten_alpha(copy, pixels);
  hb_image image = {copy, width, height, 4, HB_UPRIGHT};
  status = crop_image(&image, region, view, started, out, timings, error);
  free(copy);
  return status;
}

static hb_status take_only(hb_status status, const hb_crops *crops, uint8_t crop[HB_CROP_BYTES]) {
  if (status != HB_OK) return status;
  memcpy(crop, crops->pixels, HB_CROP_BYTES);
  free(crops->pixels);
  return HB_OK;
}

hb_status hb_crop_file(const void *bytes, size_t size, const hb_region *region, uint8_t crop[HB_CROP_BYTES],
                       hb_timings *timings, hb_error *error) {
  hb_crops crops;
  return take_only(hb_crops_file(bytes, size, region, HB_VIEW_CROP, &crops, timings, error), &crops, crop);
}

hb_status hb_crop_rgba(const uint8_t *rgba, uint32_t width, uint32_t height, const hb_region *region,
                       uint8_t crop[HB_CROP_BYTES], hb_timings *timings, hb_error *error) {
  hb_crops crops;
  return take_only(hb_crops_rgba(rgba, width, height, region, HB_VIEW_CROP, &crops, timings, error), &crops, crop);
}

/* ---- Smaller pictures ---- */

/* `side` of a picture whose longer side shrinks from `longer` to `longest`: rounded, at least 1. */
static uint32_t shrink(uint32_t side, uint32_t longer, uint32_t longest) {
  if (longer <= longest) return side;
  uint32_t shrunk = (uint32_t)(((uint64_t)side * longest + longer / 2) / longer);
  return shrunk > 0 ? shrunk : 1;
}

static hb_status scale(const hb_image *image, uint32_t longest, hb_picture *out, hb_error *error) {
  bool swap = hb_orientation_swaps_axes(image->orientation);
  uint32_t width = swap ? image->height : image->width, height = swap ? image->width : image->height;
  uint32_t longer = width > height ? width : height;
  hb_picture scaled = {NULL, shrink(width, longer, longest), shrink(height, longer, longest)};
  scaled.rgb = malloc((size_t)scaled.width * scaled.height * 3); /* no more than the picture, which is in memory */
  if (scaled.rgb == NULL) return hb_fail_memory(error);
  hb_status status = hb_image_scale(image, scaled.width, scaled.height, scaled.rgb, error);
  if (status != HB_OK) return free(scaled.rgb), status;
  *out = scaled;
  return HB_OK;
}

hb_status hb_scale_file(const void *bytes, size_t size, uint32_t longest, hb_picture *out, hb_error *error) {
  if (longest < 1 || longest > LONGEST_SIDE)
    return hb_fail(error, HB_INVALID_ARGUMENT, "the longer side cannot have %u pixels, only 1 to %d", longest,
                   LONGEST_SIDE);
  hb_image image;
  hb_status status = hb_image_decode(bytes, size, &image, error);
  if (status != HB_OK) return status;
  status = scale(&image, longest, out, error);
  hb_image_free(&image);
  return status;
}
