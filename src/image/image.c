#include "image/image.h"

#include <stdlib.h>

void hb_image_flatten_alpha(uint8_t *rgba, size_t pixels) {
  for (uint8_t *p = rgba, *end = rgba + 4 * pixels; p < end; p += 4) {
    unsigned alpha = p[3];
    if (alpha == 255) continue;
    for (int c = 0; c < 3; c++) p[c] = (uint8_t)((p[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    p[3] = 255;
  }
}

void hb_image_free(hb_image *image) {
  free(image->pixels);
  image->pixels = NULL;
}
