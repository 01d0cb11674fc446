/* rans_encode.h: makes the streams of rans.h. The browser does not have it. */
#ifndef HB_MODEL_RANS_ENCODE_H
#define HB_MODEL_RANS_ENCODE_H

#include "model/rans.h"

/* Encodes `count` codes, at least one. The same codes give the same bytes. The caller frees *out. Fails without
 * memory. */
hb_status hb_rans_encode(const int8_t *codes, size_t count, uint8_t **out, size_t *size, hb_error *error);

#endif
