/* random.h: SplitMix64 (Steele, Lea, Flood 2014). All machines get the same numbers from a seed. Not for secrets. */
#ifndef HB_BASE_RANDOM_H
#define HB_BASE_RANDOM_H

#include <stdint.h>

typedef struct {
  uint64_t state;
} hb_random;

static inline uint64_t hb_random_next(hb_random *random) {
  uint64_t z = random->state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* Returns a uniform number in [0, 1) with 53 random bits. */
static inline double hb_random_unit(hb_random *random) { return (double)(hb_random_next(random) >> 11) * 0x1p-53; }

/* Returns a uniform number from 0 to n - 1. The multiplication is biased: a probability is off by less than
 * 2^-32. */
static inline uint32_t hb_random_below(hb_random *random, uint32_t n) {
  return (uint32_t)((hb_random_next(random) >> 32) * n >> 32);
}

#endif
