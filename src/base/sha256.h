/* sha256.h: SHA-256 (FIPS 180-4). It is the project's own because it must also compile into the browser's engine, for
 * which no library is packaged. The tests compare it with the standard's vectors. */
#ifndef HB_BASE_SHA256_H
#define HB_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define HB_SHA256_HEX 65 /* 64 hex digits and NUL */

typedef struct {
  uint32_t state[8];
  uint64_t length; /* bytes so far */
  uint8_t block[64];
} hb_sha256;

void hb_sha256_start(hb_sha256 *hash);
void hb_sha256_add(hb_sha256 *hash, const void *bytes, size_t size);
/* Ends the hash and writes it as lower-case hex digits. */
void hb_sha256_hex(hb_sha256 *hash, char out[HB_SHA256_HEX]);
/* Hashes bytes that are in one piece. */
void hb_sha256_hex_of(const void *bytes, size_t size, char out[HB_SHA256_HEX]);

#endif
