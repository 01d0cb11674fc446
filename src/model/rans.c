#include "model/rans.h"

#include <string.h>

#include "base/inline.h"

/* What a state's last bits stand for: 8 bits of code, 12 bits of place among those of the code, and 12 bits of the
 * code's frequency less 1. */
typedef uint32_t slot;

typedef struct {
  slot slots[HB_RANS_TOTAL];
  uint32_t states[HB_RANS_STATES];
  const uint8_t *next, *end;
} decoder;

static uint32_t read_16(const uint8_t *from) {
  uint16_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* Takes bytes, or returns NULL if fewer are left. */
static const uint8_t *take(decoder *d, size_t bytes) {
  if ((size_t)(d->end - d->next) < bytes) return NULL;
  d->next += bytes;
  return d->next - bytes;
}

static bool read_frequencies(decoder *d) {
  const uint8_t *head = take(d, 2);
  if (head == NULL) return false;
  const int least = (int8_t)head[0], count = head[1];
  const uint8_t *frequencies = take(d, 2 * (size_t)count);
  if (count == 0 || least + count > 128 || frequencies == NULL) return false;
  uint32_t filled = 0;
  for (int c = 0; c < count; c++) {
    const uint32_t frequency = read_16(frequencies + (size_t)c * 2);
    if (frequency > HB_RANS_TOTAL - filled) return false;
    for (uint32_t place = 0; place < frequency; place++)
      d->slots[filled++] = (slot)(uint8_t)(least + c) << 24 | place << HB_RANS_BITS | (frequency - 1);
  }
  return filled == HB_RANS_TOTAL;
}

static bool read_states(decoder *d) {
  const uint8_t *states = take(d, sizeof d->states);
  if (states == NULL) return false;
  memcpy(d->states, states, sizeof d->states);
  bool right = true;
  for (int s = 0; s < HB_RANS_STATES; s++) right &= d->states[s] >= HB_RANS_LEAST_STATE;
  return right;
}

/* Decodes one code. A state of at least 2^16 is at least 2^4 afterwards, so that 16 bits are enough to take in. */
HB_INLINE int8_t step(const slot *slots, uint32_t *state) {
  const slot s = slots[*state % HB_RANS_TOTAL];
  *state = (s % HB_RANS_TOTAL + 1) * (*state >> HB_RANS_BITS) + (s >> HB_RANS_BITS) % HB_RANS_TOTAL;
  return (int8_t)(s >> 24);
}

/* Decodes turns of all states while there are 16 bits for each, and returns the number of codes. What is taken in
 * depends on chance, so that a branch would be guessed wrongly time and again. */
static size_t decode_turns(decoder *d, int8_t *codes, size_t count) {
  uint32_t states[HB_RANS_STATES];
  const uint8_t *next = d->next;
  size_t done = 0;
  memcpy(states, d->states, sizeof states);
  while (count - done >= HB_RANS_STATES && d->end - next >= 2 * HB_RANS_STATES) {
    for (int s = 0; s < HB_RANS_STATES; s++) {
      codes[done + (size_t)s] = step(d->slots, &states[s]);
      const bool more = states[s] < HB_RANS_LEAST_STATE;
      const uint32_t fuller = states[s] << 16 | read_16(next);
      states[s] = more ? fuller : states[s];
      next += more ? 2 : 0;
    }
    done += HB_RANS_STATES;
  }
  memcpy(d->states, states, sizeof states);
  d->next = next;
  return done;
}

/* Decodes the rest. It begins with state 0. */
static bool decode_rest(decoder *d, int8_t *codes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t *state = &d->states[i % HB_RANS_STATES];
    codes[i] = step(d->slots, state);
    if (*state >= HB_RANS_LEAST_STATE) continue;
    const uint8_t *bits = take(d, 2);
    if (bits == NULL) return false;
    *state = *state << 16 | read_16(bits);
  }
  return true;
}

static bool is_at_end(const decoder *d) {
  bool right = d->next == d->end;
  for (int s = 0; s < HB_RANS_STATES; s++) right &= d->states[s] == HB_RANS_LEAST_STATE;
  return right;
}

bool hb_rans_decode(const uint8_t *stream, size_t size, int8_t *codes, size_t count) {
  decoder d = {.next = stream, .end = stream + size};
  if (!read_frequencies(&d) || !read_states(&d)) return false;
  const size_t done = decode_turns(&d, codes, count);
  return decode_rest(&d, codes + done, count - done) && is_at_end(&d);
}
