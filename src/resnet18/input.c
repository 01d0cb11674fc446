#include "resnet18/input.h"

#include <math.h>

/* The constants are those of torchvision's ResNet18_Weights.IMAGENET1K_V1.transforms. */
static const double mean[3] = {0.485, 0.456, 0.406};
static const double standard_deviation[3] = {0.229, 0.224, 0.225};

static double normalized(int channel, int value) {
  return (value / 255.0 - mean[channel]) / standard_deviation[channel];
}

void hb_input_normalize(const uint8_t crop[HB_CROP_BYTES], float *input) {
  float table[3][256];
  for (int c = 0; c < 3; c++)
    for (int v = 0; v < 256; v++) table[c][v] = (float)normalized(c, v);
  for (size_t i = 0; i < HB_CROP_BYTES; i += 3)
    for (size_t c = 0; c < 3; c++) input[i + c] = table[c][crop[i + c]];
}

void hb_input_quantize(const uint8_t crop[HB_CROP_BYTES], hb_quantization q, int8_t *input) {
  int8_t table[3][256];
  for (int c = 0; c < 3; c++)
    for (int v = 0; v < 256; v++) {
      double code = rint(normalized(c, v) / (double)q.scale) + q.zero;
      table[c][v] = (int8_t)fmin(127, fmax(-128, code));
    }
  for (size_t i = 0; i < HB_CROP_BYTES; i += 3)
    for (size_t c = 0; c < 3; c++) input[i + c] = table[c][crop[i + c]];
}
