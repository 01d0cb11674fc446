/* nprobe_calibration.h: chooses the nprobe that becomes the default of a bundle. */
#ifndef HB_BUILDER_NPROBE_CALIBRATION_H
#define HB_BUILDER_NPROBE_CALIBRATION_H

#include <pthreadpool.h>

#include "builder/clusters.h"

/* Sets nprobe, recall and scanned of the report: the smallest nprobe that reaches the wanted recall on a sample of the
 * rows, and what it finds and scans. */
hb_status hb_nprobe_calibrate(const hb_row_store *rows, const hb_clusters *clusters, double wanted,
                              pthreadpool_t threads, hb_build_report *report, hb_error *error);

#endif
