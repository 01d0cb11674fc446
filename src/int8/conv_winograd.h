/* conv_winograd.h: winograd_i8.h as a kind of convolution. */
#ifndef HB_INT8_CONV_WINOGRAD_H
#define HB_INT8_CONV_WINOGRAD_H

#include "int8/conv_i8.h"

/* The kind by Winograd's filtering, for maps of bytes. False if it cannot take the convolution; else *size is the
 * memory that packing takes, a multiple of 64, and *scratch what a run of `members` does. */
bool hb_conv_winograd_fits(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form, uint32_t members,
                           size_t *size, size_t *scratch);
void hb_conv_winograd_pack(const hb_conv_i8_source *source, uint32_t side, hb_i8_form form, void *memory,
                           hb_conv_i8 *out);

#endif
