/* make_weights WEIGHTS MODEL: writes a ResNet-18 of random weights in torchvision's layout, and the same in the
 * project's own; the tests of all that needs a network share the two. */
#include <stdio.h>
#include <stdlib.h>

#include "synthetic.h"

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: make_weights WEIGHTS MODEL\n"), 2;
  blob file = synthetic_weights(20240817);
  file_write(argv[1], file.bytes, file.size);
  blob_free(&file);
  hb_error error;
  hb_model *model;
  if (hb_model_open(argv[1], &model, &error) != HB_OK || hb_model_write(model, argv[2], &error) != HB_OK)
    return fprintf(stderr, "make_weights: %s\n", error.text), 1;
  hb_model_free(model);
  return 0;
}
