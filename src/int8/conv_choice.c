#include "int8/conv_choice.h"

#include "int8/conv_direct.h"
#include "int8/conv_winograd.h"

/* Winograd's filtering has a quarter of the products, but of int16. Where bytes are multiplied as signed, which is on
 * arm64, one instruction takes four times as many of them, so that Winograd would gain nothing. */
hb_conv_i8_choice hb_conv_i8_choose(const hb_conv_i8_source *source, uint32_t side, hb_i8_form product,
                                    uint32_t members) {
  hb_conv_i8_choice choice = {.source = *source, .product = product};
  choice.winograd = product != HB_I8_SIGNED && hb_conv_winograd_fits(source, side);
  if (choice.winograd) {
    choice.size = hb_conv_winograd_size(source->spec);
    choice.scratch = hb_conv_winograd_scratch(source->spec, side, members);
  } else {
    const uint32_t border = source->spec->kernel == 7 ? 3 : 1;
    choice.size = hb_conv_direct_size(source->spec);
    choice.scratch = product == HB_I8_WIDE ? hb_feature_map_bytes(side, source->spec->in, border, HB_I8_WIDE) : 0;
  }
  return choice;
}

void hb_conv_i8_pack(const hb_conv_i8_choice *choice, void *memory, hb_conv_i8 *out) {
  if (choice->winograd)
    hb_conv_winograd_pack(&choice->source, hb_i8_form_of_maps(choice->product), memory, out);
  else
    hb_conv_direct_pack(&choice->source, choice->product, memory, out);
}
