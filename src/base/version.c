#include <heybagh.h>

/* CMake defines HEYBAGH_VERSION as the first line of VERSION. */
const char *hb_version(void) { return HEYBAGH_VERSION; }
