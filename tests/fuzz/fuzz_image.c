/* Aims at hostile picture files: stb_image behind the checks of its size, EXIF, regions of any numbers, and the resizer
 * with shapes that no camera makes. The region is read from the file's last bytes. */
#include <stdlib.h>

#include "image/decode.h"
#include "image/exif.h"
#include "image/region.h"
#include "image/resize.h"
#include "image/size.h"
#include "input.h"

/* Every pixel that was claimed is there, and may be changed. */
static void touch(const hb_image *image) {
  require(image->pixels != NULL && (image->channels == 3 || image->channels == 4));
  require(image->orientation >= HB_UPRIGHT && image->orientation <= HB_ROTATE_270);
  require(hb_image_check_size(image->width, image->height, &failure) == HB_OK);
  image->pixels[(size_t)image->width * image->height * image->channels - 1] ^= 1;
}

static void use(hb_image *image, input region_bytes) {
  static uint8_t crop[HB_CROP_BYTES], small[16 * 9 * 3];
  hb_status status = hb_image_center_crop(image, crop, &failure);
  if (status != HB_OK) require_sentence(status);
  status = hb_image_scale(image, 16, 9, small, &failure);
  if (status != HB_OK) require_sentence(status);
  const hb_region region = {take_fraction(&region_bytes), take_fraction(&region_bytes), take_fraction(&region_bytes),
                            take_fraction(&region_bytes)};
  status = hb_region_keep(image, &region, &failure);
  if (status == HB_OK) touch(image), status = hb_image_center_crop(image, crop, &failure);
  if (status != HB_OK) require_sentence(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  hb_image image;
  hb_status status = hb_image_decode(bytes, size, &image, &failure);
  hb_exif_orientation(bytes, size); /* also of what is no picture */
  if (status != HB_OK) return require_sentence(status), 0;
  touch(&image);
  use(&image, (input){bytes + size - 4, 4});
  hb_image_free(&image);
  return 0;
}
