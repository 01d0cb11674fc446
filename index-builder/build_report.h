/* build_report.h: prints what `index-builder build` did. */
#ifndef BUILD_REPORT_H
#define BUILD_REPORT_H

#include "update.h"

typedef struct {
  const char *out;
  const char *noun; /* "images" or "vectors" */
  uint64_t nlist;   /* the value of --nlist; 0 without it */
  uint32_t threads;
  hb_encoding encoding;
  const update_tally *tally;
  const image_files *images; /* all zeros for vectors */
  hb_build_report built;
} build_report;

/* Lists on stderr the images that could not be read, if there are any. */
void print_skipped(const update_tally *tally);
void print_build_text(const build_report *report);
void print_build_json(const build_report *report);

#endif
