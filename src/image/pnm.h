/* image/pnm.h: Netpbm's formats: P1 to P6 (PBM, PGM and PPM, as text or bytes, up to 16 bits a channel) and P7 (PAM).
 */
#ifndef HB_IMAGE_PNM_H
#define HB_IMAGE_PNM_H

#include "image/image.h"

/* As hb_image_decode. Of a file with several pictures the first. */
hb_status hb_pnm_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error);

#endif
