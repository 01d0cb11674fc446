/* older_cpu.h: XNNPACK made to believe in a weaker processor (tests that are linked with it wrapped, see CMake). */
#ifndef OLDER_CPU_H
#define OLDER_CPU_H

#include <stdbool.h>

/* To be called before XNNPACK is first used: it takes no kernel beyond this level: "sse2", "sse4.1", "avx", "avx2",
 * "avx512" (without VNNI) or "all". False if there is no such level, as on every processor but x86. */
bool weaker_set(const char *level);

#endif
