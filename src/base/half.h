/* half.h: converts between f32 and f16 (IEEE-754 binary16). All machines get identical bits. */
#ifndef HB_BASE_HALF_H
#define HB_BASE_HALF_H

#include <stddef.h>
#include <stdint.h>

/* The conversion to f32 is exact. */
void hb_half_to_float(const uint16_t *in, float *out, size_t count);
/* Rounds to the nearest f16, ties to even. What is too large becomes infinite. */
void hb_half_from_float(const float *in, uint16_t *out, size_t count);

#endif
