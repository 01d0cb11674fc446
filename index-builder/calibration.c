#include "calibration.h"

#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "images.h"
#include "preprocess.h"

_Static_assert(HB_CALIBRATION_CROP == HB_INPUT_BYTES, "a picture for calibration is the network's crop");

static hb_status read_crop(const char *folder, const char *name, uint8_t *crop, hb_error *error) {
  hb_mapping file;
  hb_image image;
  char *path = hb_path_join(folder, name);
  if (path == NULL) return hb_fail_memory(error);
  hb_status status = hb_file_map(path, &file, error);
  free(path);
  if (status != HB_OK) return status;
  status = hb_image_decode(file.bytes, file.size, &image, error);
  hb_file_unmap(file);
  if (status != HB_OK) return status;
  status = hb_preprocess_crop(&image, crop, error);
  hb_image_free(&image);
  return status;
}

hb_status calibration_read(const char *folder, uint32_t wanted, hb_calibration *out, hb_error *error) {
  static const text_list none = {0};
  image_set set;
  hb_status status = images_list(folder, &none, &set, error);
  if (status != HB_OK) return status;
  uint32_t count = set.count < wanted ? set.count : wanted, read = 0;
  uint8_t *crops = malloc((size_t)count * HB_CALIBRATION_CROP + 1);
  if (crops == NULL) return images_free(&set), hb_fail_memory(error);
  for (uint32_t i = 0; i < count; i++) {
    const char *name = set.paths[(uint64_t)i * set.count / count];
    hb_error unreadable;
    if (read_crop(folder, name, crops + (size_t)read * HB_CALIBRATION_CROP, &unreadable) == HB_OK)
      read++;
    else
      fprintf(stderr, "index-builder: %s: %s; it is left out\n", name, unreadable.text);
  }
  images_free(&set);
  *out = (hb_calibration){.crops = crops, .count = read};
  return HB_OK;
}
