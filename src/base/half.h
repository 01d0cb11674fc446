/* half.h: numbers of 16 bits, IEEE-754 binary16. Every machine gets the same bits. */
#ifndef HB_BASE_HALF_H
#define HB_BASE_HALF_H

#include <stddef.h>
#include <stdint.h>

/* Exact. */
void hb_half_to_float(const uint16_t *in, float *out, size_t count);
/* To the nearest, ties to even; too large becomes infinite. */
void hb_half_from_float(const float *in, uint16_t *out, size_t count);

#endif
