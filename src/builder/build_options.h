/* build_options.h: what hb_build_options leaves to the builder. */
#ifndef HB_BUILDER_BUILD_OPTIONS_H
#define HB_BUILDER_BUILD_OPTIONS_H

#include <heybagh.h>

/* Bytes that vectors may take while building. */
static inline uint64_t hb_build_memory_bytes(const hb_build_options *options) {
  return options->memory_bytes > 0 ? options->memory_bytes : 1ull << 30;
}

/* The wanted size of a file of lists: most lists have one of their own, only small ones share. On Caltech-101 with int8
 * a first query fetches 228 kB in 14 files; with 24 KiB it is 294 kB in 11, as lists come along that it does not ask
 * for. */
static inline size_t hb_build_shard_bytes(const hb_build_options *options) {
  return options->shard_bytes > 0 ? options->shard_bytes : 8u << 10;
}

static inline void hb_build_report_stage(const hb_build_options *options, const char *what) {
  if (options->stage != NULL) options->stage(options->stage_context, what);
}

#endif
