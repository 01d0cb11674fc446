#include "older_cpu.h"

#include <stdint.h>
#include <string.h>

#ifdef __x86_64__

/* XNNPACK's own structs, of the version that is compiled in: the same facts as bits and as bools, in two orders. */
enum { SSSE3, SSE41, AVX, F16C, FMA3, AVX2, BITS_AVX256SKX = 8, BITS_AVX512F = 11, BITS_AVX512SKX = 13, BITS = 18 };
typedef struct {
  uint64_t bits;
  bool flags[BITS];
} hardware;

/* For each bit the place of its bool. */
static const uint8_t flag_of_bit[BITS] = {0, 1, 2, 3, 4, 5, 13, 14, 15, 16, 17, 6, 7, 8, 9, 10, 11, 12};

static const struct {
  const char *name;
  uint64_t bits;
} levels[] = {{"sse2", 0},
              {"sse4.1", 1 << SSSE3 | 1 << SSE41},
              {"avx", (1 << F16C) - 1},
              {"avx2", (2 << AVX2) - 1},
              {"avx512", ((2 << AVX2) - 1) | 1 << BITS_AVX256SKX | 1 << BITS_AVX512F | 1 << BITS_AVX512SKX},
              {"all", UINT64_MAX}};

static uint64_t allowed = UINT64_MAX;

bool weaker_set(const char *level) {
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    if (strcmp(levels[i].name, level) != 0) continue;
    allowed = levels[i].bits;
    return true;
  }
  return false;
}

const hardware *__real_xnn_init_hardware_config(void);
const hardware *__wrap_xnn_init_hardware_config(void);

const hardware *__wrap_xnn_init_hardware_config(void) {
  static hardware weak;
  const hardware *real = __real_xnn_init_hardware_config();
  if (real == NULL) return NULL;
  weak.bits = real->bits & allowed;
  for (int b = 0; b < BITS; b++) {
    bool is_set = real->bits >> b & 1;
    if (real->flags[flag_of_bit[b]] != is_set) __builtin_trap(); /* the structs are no longer these */
    weak.flags[flag_of_bit[b]] = is_set && (allowed >> b & 1);
  }
  return &weak;
}

#else

bool weaker_set(const char *level) { return level == NULL; }

#endif
