#include "model/rans_encode.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  int least, count;
  uint32_t frequency[HB_RANS_CODES_MAX], start[HB_RANS_CODES_MAX];
} table;

/* Returns the number of codes whose frequency may be changed by `change` with the least loss. A code of frequency f
 * that occurs n times takes n log(1 / f), so that the change costs about -n change / f. */
static int cheapest(const table *t, const size_t *occurrences, int change) {
  int best = -1;
  double least = 0;
  for (int c = 0; c < t->count; c++) {
    if (occurrences[c] == 0 || (change < 0 && t->frequency[c] == 1)) continue;
    const double f = t->frequency[c], cost = -change * (double)occurrences[c] / (change < 0 ? f - 1 : f);
    if (best < 0 || cost < least) best = c, least = cost;
  }
  return best;
}

/* Rounds how often each code occurs to frequencies that add up to the total; none that occurs has 0. */
static void choose_frequencies(table *t, const size_t *occurrences, size_t count) {
  uint32_t sum = 0;
  for (int c = 0; c < t->count; c++) {
    const double share = (double)occurrences[c] / (double)count * HB_RANS_TOTAL;
    t->frequency[c] = occurrences[c] > 0 && share < 1 ? 1 : (uint32_t)(share + 0.5);
    sum += t->frequency[c];
  }
  for (; sum < HB_RANS_TOTAL; sum++) t->frequency[cheapest(t, occurrences, 1)]++;
  for (; sum > HB_RANS_TOTAL; sum--) t->frequency[cheapest(t, occurrences, -1)]--;
  for (int c = 1; c < t->count; c++) t->start[c] = t->start[c - 1] + t->frequency[c - 1];
}

static table table_of(const int8_t *codes, size_t count) {
  table t = {.least = INT8_MAX};
  int most = INT8_MIN;
  for (size_t i = 0; i < count; i++) {
    t.least = codes[i] < t.least ? codes[i] : t.least;
    most = codes[i] > most ? codes[i] : most;
  }
  t.count = most - t.least + 1;
  size_t occurrences[HB_RANS_CODES_MAX] = {0};
  for (size_t i = 0; i < count; i++) occurrences[codes[i] - t.least]++;
  choose_frequencies(&t, occurrences, count);
  return t;
}

/* Writes 16 bits in front of `*next`. */
static void put_16(uint8_t **next, uint32_t value) {
  const uint16_t low = (uint16_t)value;
  *next -= sizeof low;
  memcpy(*next, &low, sizeof low);
}

/* Encodes from the last code to the first, and writes from the end of the memory to its beginning. */
static uint8_t *encode(const table *t, const int8_t *codes, size_t count, uint8_t *end) {
  uint32_t states[HB_RANS_STATES];
  for (int s = 0; s < HB_RANS_STATES; s++) states[s] = HB_RANS_LEAST_STATE;
  uint8_t *next = end;
  for (size_t i = count; i-- > 0;) {
    const uint32_t frequency = t->frequency[codes[i] - t->least], start = t->start[codes[i] - t->least];
    uint32_t *state = &states[i % HB_RANS_STATES];
    if (*state >= (uint64_t)frequency << (32 - HB_RANS_BITS)) {
      put_16(&next, *state);
      *state >>= 16;
    }
    *state = (*state / frequency << HB_RANS_BITS) + *state % frequency + start;
  }
  next -= sizeof states;
  memcpy(next, states, sizeof states);
  for (int c = t->count; c-- > 0;) put_16(&next, t->frequency[c]);
  put_16(&next, (uint32_t)(uint8_t)t->least | (uint32_t)t->count << 8);
  return next;
}

hb_status hb_rans_encode(const int8_t *codes, size_t count, uint8_t **out, size_t *size, hb_error *error) {
  const size_t most = 2 * count + 4 * HB_RANS_STATES + 2 * HB_RANS_CODES_MAX + 2; /* 16 bits a code */
  uint8_t *bytes = malloc(most);
  if (bytes == NULL) return hb_fail_memory(error);
  const table t = table_of(codes, count);
  const uint8_t *first = encode(&t, codes, count, bytes + most);
  *size = (size_t)(bytes + most - first);
  memmove(bytes, first, *size);
  *out = bytes;
  return HB_OK;
}
