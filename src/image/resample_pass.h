/* image/resample_pass.h: the two passes of image/resample.h over rows of 8-bit pixels, in vectors of 128 bits. */
#ifndef HB_IMAGE_RESAMPLE_PASS_H
#define HB_IMAGE_RESAMPLE_PASS_H

#include "image/resample_weights.h"

/* Rows that share loaded weights. */
#define HB_BATCH 4
/* Bytes behind a row that hb_resample_along reads, whatever they are. */
#define HB_READ_BEYOND 16
/* Bytes behind a row that it writes. */
#define HB_WRITE_BEYOND 1

/* Makes each pixel of a row from its neighbours in the row. `from[i]` begins at pixel `w->first` and has 3 or 4
 * channels; `to[i]` gets RGB. `count` is 1 to HB_BATCH. */
void hb_resample_along(const hb_resample_weights *w, const uint8_t *const from[], uint32_t channels,
                       uint8_t *const to[], uint32_t count);

/* Makes row `pixel` from the rows `under[]` of its taps, `bytes` of each. */
void hb_resample_across(const hb_resample_weights *w, uint32_t pixel, const uint8_t *const under[], size_t bytes,
                        uint8_t *to);

#endif
