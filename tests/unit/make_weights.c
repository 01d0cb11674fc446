/* make_weights WEIGHTS MODEL MODEL-I8: writes a ResNet-18 of random weights in torchvision's layout, the same in the
 * project's own, and that in i8; the tests of all that needs a network share the three. */
#include <stdio.h>
#include <stdlib.h>

#include "synthetic.h"

static hb_status write_models(char **paths, hb_error *error) {
  hb_model *model = NULL, *quantized = NULL;
  hb_calibration_report report;
  uint8_t *crops = synthetic_crops(HB_CALIBRATION_LEAST, 7);
  const hb_calibration calibration = {.crops = crops, .count = HB_CALIBRATION_LEAST};
  hb_status status = hb_model_open(paths[0], &model, error);
  if (status == HB_OK) status = hb_model_write(model, paths[1], error);
  if (status == HB_OK) status = hb_model_to_i8(model, &calibration, &report, &quantized, error);
  if (status == HB_OK) status = hb_model_write(quantized, paths[2], error);
  hb_model_free(model);
  hb_model_free(quantized);
  free(crops);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: make_weights WEIGHTS MODEL MODEL-I8\n"), 2;
  blob file = synthetic_weights(20240817);
  file_write(argv[1], file.bytes, file.size);
  blob_free(&file);
  hb_error error;
  if (write_models(argv + 1, &error) != HB_OK) return fprintf(stderr, "make_weights: %s\n", error.text), 1;
  return 0;
}
