/* build_options.h: the defaults of hb_build_options. */
#ifndef HB_BUILDER_BUILD_OPTIONS_H
#define HB_BUILDER_BUILD_OPTIONS_H

#include <heybagh.h>

/* Returns how many bytes vectors may take while building. */
static inline uint64_t hb_build_memory_bytes(const hb_build_options *options) {
  return options->memory_bytes > 0 ? options->memory_bytes : 1ull << 30;
}

/* Returns the size that files of lists should have. With the default most lists have a file of their own, and only
 * small ones share one. On Caltech-101 with int8 a first search downloads 228 kB in 14 files; with 24 KiB it would be
 * 294 kB in 11, because lists that it does not need are in the files. */
static inline size_t hb_build_shard_bytes(const hb_build_options *options) {
  return options->shard_bytes > 0 ? options->shard_bytes : 8u << 10;
}

static inline void hb_build_report_stage(const hb_build_options *options, const char *what) {
  if (options->stage != NULL) options->stage(options->stage_context, what);
}

#endif
