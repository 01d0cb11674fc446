/* weight_files.h: weight files in memory, read, and changed to be refused. */
#ifndef WEIGHT_FILES_H
#define WEIGHT_FILES_H

#include "model/weights.h"
#include "support.h"

hb_status read_at(const uint8_t *bytes, size_t size, hb_weights *out);
/* The test fails if the file is refused. The caller frees. */
hb_weights read_fine(const blob *file);

/* Where `text` is in the header, which goes before the tensors; the test fails if it is not there. */
uint8_t *find_in_header(const blob *file, const char *text);

/* With `from` in the header replaced by `to`, of the same length, the file is refused with these words; then it is as
 * before. */
void assert_refused_with(blob *file, const char *from, const char *to, const char *words);

#endif
