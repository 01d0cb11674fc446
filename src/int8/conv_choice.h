/* conv_choice.h: which kind computes a convolution. */
#ifndef HB_INT8_CONV_CHOICE_H
#define HB_INT8_CONV_CHOICE_H

#include "int8/conv_i8.h"

/* The faster kind for a convolution, and the memory that it takes. */
typedef struct {
  hb_conv_i8_source source;
  hb_i8_form product;
  bool winograd;
  size_t size, scratch; /* bytes of packed weights, and of what a run needs; the latter is used at a multiple of 64 */
} hb_conv_i8_choice;

/* Chooses for an input of `side` pixels a side. `product` is the form of products on this machine (hb_i8_form_here);
 * that of the feature maps follows from it (hb_i8_form_of_maps). The team that will run it has room for `members`. */
hb_conv_i8_choice hb_conv_i8_choose(const hb_conv_i8_source *source, uint32_t side, hb_i8_form product,
                                    uint32_t members);

/* Packs into `memory`, which is `size` bytes, starts at a multiple of 64, and outlives the convolution. What the source
 * points to may go, except the spec. */
void hb_conv_i8_pack(const hb_conv_i8_choice *choice, void *memory, hb_conv_i8 *out);

#endif
