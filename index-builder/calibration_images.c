#include "calibration_images.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "decoder_process.h"
#include "file_kind.h"
#include "image_files.h"
#include "left_out.h"
#include "messages.h"

static hb_status read_crops(decoder_process *decoder, const char *folder, const char *name, hb_view view,
                            hb_crops *crops, hb_error *error) {
  hb_mapping file;
  char *path = hb_path_join(folder, name);
  if (path == NULL) return hb_fail_memory(error);
  hb_status status = hb_file_map(path, &file, error);
  free(path);
  if (status != HB_OK) return status;
  const char *refusal = file_kind_refusal(file.bytes, file.size);
  status = refusal != NULL ? hb_fail(error, HB_UNSUPPORTED_IMAGE, "%s", refusal)
                           : decoder_process_crops(decoder, file.bytes, file.size, NULL, view, crops, NULL, error);
  hb_file_unmap(file);
  return status;
}

/* Copies a crop of picture `number` and frees all. Every fourth picture is held out by hb_model_to_i8, so that the turn
 * shifts by one there. */
static void take_one(hb_crops *crops, uint32_t number, uint8_t *crop) {
  const uint32_t turn = (number + number / 4) % crops->count;
  memcpy(crop, crops->pixels + (size_t)turn * HB_CROP_BYTES, HB_CROP_BYTES);
  free(crops->pixels);
}

/* Makes a crop of each of up to `count` pictures. Sets *read to the number of pictures that could be read. */
static hb_status read_all(decoder_process *decoder, const char *folder, const image_files *set, uint32_t count,
                          hb_view view, uint8_t *out, uint32_t *read, hb_error *error) {
  *read = 0;
  for (uint32_t i = 0; i < count; i++) {
    const char *name = set->paths[(uint64_t)i * set->count / count];
    hb_error unreadable;
    hb_crops crops;
    hb_status status = read_crops(decoder, folder, name, view, &crops, &unreadable);
    if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
    if (status == HB_OK)
      take_one(&crops, *read, out + (size_t)*read * HB_CROP_BYTES), ++*read;
    else
      note("skipped '%s': %s", name, unreadable.text);
  }
  return HB_OK;
}

hb_status calibration_images_read(const char *folder, uint32_t wanted, hb_view view, hb_calibration *out,
                                  hb_error *error) {
  static const image_files_options options = {0};
  image_files set;
  hb_status status = image_files_list(folder, &options, &set, error);
  left_out_print_unread(&set);
  if (status != HB_OK) return image_files_free(&set), status;
  uint32_t count = set.count < wanted ? set.count : wanted;
  uint8_t *crops = malloc((size_t)count * HB_CROP_BYTES + 1);
  decoder_process *decoder = NULL;
  status = crops != NULL ? decoder_process_create(DECODER_PROCESS_SECONDS, &decoder, error) : hb_fail_memory(error);
  uint32_t read = 0;
  if (status == HB_OK) status = read_all(decoder, folder, &set, count, view, crops, &read, error);
  if (status == HB_OK)
    *out = (hb_calibration){.crops = crops, .count = read};
  else
    free(crops);
  decoder_process_free(decoder);
  image_files_free(&set);
  return status;
}
