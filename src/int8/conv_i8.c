#include "int8/conv_i8.h"

int32_t hb_conv_i8_bias(const hb_conv_i8_source *source, uint32_t o, hb_i8_form form) {
  const size_t taps = hb_conv_taps(source->spec);
  const int32_t stored_zero = source->input.zero + hb_i8_form_offset(form);
  int32_t sum = 0;
  for (size_t t = 0; t < taps; t++) sum += source->kernel[o * taps + t];
  return (int32_t)((uint32_t)source->bias[o] - (uint32_t)stored_zero * (uint32_t)sum);
}
