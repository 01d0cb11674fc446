#include <heybagh.h>

/* HEYBAGH_VERSION is the first line of VERSION, by CMake. */
const char *hb_version(void) { return HEYBAGH_VERSION; }
