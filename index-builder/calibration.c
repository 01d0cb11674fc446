#include "calibration.h"

#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "images.h"

static hb_status read_crop(const char *folder, const char *name, uint8_t *crop, hb_error *error) {
  hb_mapping file;
  char *path = hb_path_join(folder, name);
  if (path == NULL) return hb_fail_memory(error);
  hb_status status = hb_file_map(path, &file, error);
  free(path);
  if (status != HB_OK) return status;
  status = hb_crop_file(file.bytes, file.size, NULL, crop, NULL, error);
  hb_file_unmap(file);
  return status;
}

hb_status calibration_read(const char *folder, uint32_t wanted, hb_calibration *out, hb_error *error) {
  static const text_list none = {0};
  image_set set;
  hb_status status = images_list(folder, &none, &set, error);
  if (status != HB_OK) return status;
  uint32_t count = set.count < wanted ? set.count : wanted, read = 0;
  uint8_t *crops = malloc((size_t)count * HB_CROP_BYTES + 1);
  if (crops == NULL) return images_free(&set), hb_fail_memory(error);
  for (uint32_t i = 0; i < count; i++) {
    const char *name = set.paths[(uint64_t)i * set.count / count];
    hb_error unreadable;
    if (read_crop(folder, name, crops + (size_t)read * HB_CROP_BYTES, &unreadable) == HB_OK)
      read++;
    else
      fprintf(stderr, "index-builder: %s: %s; it is left out\n", name, unreadable.text);
  }
  images_free(&set);
  *out = (hb_calibration){.crops = crops, .count = read};
  return HB_OK;
}
