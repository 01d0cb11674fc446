/* conv_choice.h: which kind computes a convolution. */
#ifndef HB_INT8_CONV_CHOICE_H
#define HB_INT8_CONV_CHOICE_H

#include "int8/conv_i8.h"

/* The faster kind for a convolution, and the memory that it takes. */
typedef struct {
  hb_conv_i8_source source;
  uint32_t side; /* of the input */
  hb_i8_form product;
  bool winograd;
  size_t size, scratch; /* bytes: packed; for a run */
} hb_conv_i8_choice;

/* `product`: see hb_i8_form_here. Maps are of bytes: signed ones if it is HB_I8_WIDE, else of that form. `members`: of
 * the team that runs it. */
hb_conv_i8_choice hb_conv_i8_choose(const hb_conv_i8_source *source, uint32_t side, hb_i8_form product,
                                    uint32_t members);
void hb_conv_i8_pack(const hb_conv_i8_choice *choice, void *memory, hb_conv_i8 *out);
static inline hb_i8_form hb_i8_form_of_maps(hb_i8_form product) {
  return product == HB_I8_WIDE ? HB_I8_SIGNED : product;
}

#endif
