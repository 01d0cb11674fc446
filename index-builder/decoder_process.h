/* decoder_process.h: pictures decoded in a process of their own. stb_image is not made for hostile files: one that lets
 * it crash or run for ever is refused in a sentence, like any other, and the build goes on. */
#ifndef DECODER_PROCESS_H
#define DECODER_PROCESS_H

#include "base/error.h"

/* Of a processor's time; the largest pictures take some ten. */
#define DECODER_PROCESS_SECONDS 60

/* For one thread at a time. */
typedef struct decoder_process decoder_process;

/* Starts the process, which has a copy of all that is in memory now: so the earlier the better. It gets `seconds` for a
 * picture. */
hb_status decoder_process_create(uint32_t seconds, decoder_process **out, hb_error *error);

/* As hb_crops_file; also HB_CORRUPT_IMAGE if the process did not survive the picture. The next one has a new process.
 */
hb_status decoder_process_crops(decoder_process *d, const void *bytes, size_t size, const hb_region *region,
                                hb_view view, hb_crops *out, hb_timings *timings, hb_error *error);
/* As thumbnail_write, likewise. */
hb_status decoder_process_thumbnail(decoder_process *d, const void *bytes, size_t size, uint32_t pixels,
                                    const char *path, hb_error *error);

void decoder_process_free(decoder_process *d);

#endif
