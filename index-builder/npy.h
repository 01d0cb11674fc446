/* npy.h: reads vectors from a NumPy file (.npy), one row at a time. The format is described at
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef NPY_H
#define NPY_H

#include "base/error.h"

typedef struct npy_file npy_file;

/* Opens a matrix [count][dim] of little-endian f4 or f2 in C order, in version 1, 2 or 3 of the format, with
 * 1..UINT32_MAX-1 rows and 1..HB_DIM_MAX columns. The caller closes *out. */
hb_status npy_open(const char *path, npy_file **out, hb_error *error);
uint32_t npy_count(const npy_file *file);
uint32_t npy_dim(const npy_file *file);

/* Reads row `number`, npy_dim floats, into `row`. Only this row is in memory. Fails if a number is not finite, because
 * such a vector has no cosine similarity. */
hb_status npy_row(npy_file *file, uint32_t number, float *row, hb_error *error);

/* Takes NULL. */
void npy_close(npy_file *file);

#endif
