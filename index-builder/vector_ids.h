/* vector_ids.h: reads the paths and labels of ready-made vectors. */
#ifndef VECTOR_IDS_H
#define VECTOR_IDS_H

#include "base/error.h"

typedef struct {
  uint32_t count;
  const char **paths, **labels; /* in the order of the file */
  uint32_t *order;              /* numbers of the lines, in byte order of their paths */
  char *text;                   /* the memory behind paths and labels */
} vector_ids;

/* Reads a text file in UTF-8 with `count` lines. Each is a path, or a path, a tab and a label; without a label it is
 * "". All paths must differ. Needs memory for the file and 20 bytes for each line. The caller frees with
 * vector_ids_free. */
hb_status vector_ids_read(const char *path, uint32_t count, vector_ids *out, hb_error *error);

/* Makes the paths "0", "1", ... with labels "". The caller frees with vector_ids_free. */
hb_status vector_ids_number(uint32_t count, vector_ids *out, hb_error *error);

void vector_ids_free(vector_ids *list);

#endif
