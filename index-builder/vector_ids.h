/* vector_ids.h: the names of ready-made vectors. */
#ifndef VECTOR_IDS_H
#define VECTOR_IDS_H

#include "base/error.h"

typedef struct {
  uint32_t count;
  const char **paths, **labels; /* in the order of the file */
  uint32_t *order;              /* the lines (from 0) in byte order of their paths */
  char *text;                   /* the memory behind paths and labels */
} vector_ids;

/* Reads a text file in UTF-8 with `count` lines: a path, or a path, a tab and a label; without one the label is "".
 * Paths must differ. Takes the file's bytes and 20 more a line. The caller frees with vector_ids_free. */
hb_status vector_ids_read(const char *path, uint32_t count, vector_ids *out, hb_error *error);

/* Without a file: the paths are "0", "1", ..., the labels "". */
hb_status vector_ids_number(uint32_t count, vector_ids *out, hb_error *error);

void vector_ids_free(vector_ids *list);

#endif
