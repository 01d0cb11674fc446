/* rans.h: decodes int8 that are stored by how often each of them occurs: range asymmetric numeral systems (Duda 2013,
 * arXiv 1311.2540), with several states in turn, so that a processor has independent work (Giesen 2014, arXiv
 * 1402.3392).
 *
 * A stream, little-endian:
 *   int8         the least code
 *   uint8 n      how many codes there are from it on, 1 to 255; the last is at most 127
 *   uint16[n]    their frequencies, which add up to HB_RANS_TOTAL
 *   uint32[8]    the states with which decoding begins, each at least 2^16; code i belongs to state i % 8
 *   uint16[]     what the states take in, in this order; at the end all states are 2^16, and nothing is left */
#ifndef HB_MODEL_RANS_H
#define HB_MODEL_RANS_H

#include "base/error.h"

#define HB_RANS_BITS 12
#define HB_RANS_TOTAL (1u << HB_RANS_BITS)
#define HB_RANS_STATES 8
#define HB_RANS_LEAST_STATE 0x10000u
#define HB_RANS_CODES_MAX 255

/* Decodes exactly `count` codes. Returns false if the stream does not have them, or is damaged in a way that shows. It
 * reads and writes nothing beyond, whatever the bytes are. */
bool hb_rans_decode(const uint8_t *stream, size_t size, int8_t *codes, size_t count);

#endif
