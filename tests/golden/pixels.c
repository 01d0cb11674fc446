/* pixels: decodes and resizes pictures, for test_pixels.py. Each line of its input orders something, and what it
 * writes comes behind a line "WIDTH HEIGHT ORIENTATION" as 8-bit RGB: stored FILE               the decoded pixels, as
 * they are stored crop FILE                 hb_image_center_crop scale WIDTH HEIGHT FILE   hb_image_scale A picture
 * that is refused is a line with the sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/resize.h"

static void tell(uint32_t width, uint32_t height, const hb_image *image, const uint8_t *pixels, uint32_t channels) {
  printf("%u %u %d\n", width, height, image->orientation);
  for (size_t i = 0; i < (size_t)width * height; i++)
    if (fwrite(pixels + i * channels, 3, 1, stdout) != 1) exit(1);
}

static hb_status resize(const hb_image *image, const char *order, unsigned width, unsigned height, hb_error *error) {
  uint8_t *rgb = malloc((size_t)width * height * 3);
  if (rgb == NULL) return hb_fail_memory(error);
  hb_status status =
      *order == 'c' ? hb_image_center_crop(image, rgb, error) : hb_image_scale(image, width, height, rgb, error);
  if (status == HB_OK) tell(width, height, image, rgb, 3);
  free(rgb);
  return status;
}

static hb_status obey(const char *order, hb_error *error) {
  unsigned width = HB_CROP_SIDE, height = HB_CROP_SIDE;
  int name = -1;
  if (sscanf(order, "scale %u %u %n", &width, &height, &name) < 2) name = *order == 'c' ? 5 : 7;
  hb_mapping file;
  hb_image image;
  hb_status status = hb_file_map(order + name, &file, error);
  if (status != HB_OK) return status;
  status = hb_image_decode(file.bytes, file.size, &image, error);
  hb_file_unmap(file);
  if (status != HB_OK) return status;
  if (strncmp(order, "stored", 6) == 0)
    tell(image.width, image.height, &image, image.pixels, image.channels);
  else
    status = resize(&image, order, width, height, error);
  hb_image_free(&image);
  return status;
}

int main(void) {
  char order[4200];
  while (fgets(order, sizeof order, stdin) != NULL) {
    hb_error error;
    order[strcspn(order, "\n")] = 0;
    if (obey(order, &error) != HB_OK) printf("%s\n", error.text);
    fflush(stdout);
  }
  return 0;
}
