/* npy.h: reads vectors from a NumPy file (.npy), a row at a time; format:
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef NPY_H
#define NPY_H

#include "base/error.h"

typedef struct npy_file npy_file;

/* Opens a matrix [count][dim] of little-endian f4 or f2 in C order, of format version 1, 2 or 3, with 1..UINT32_MAX-1
 * rows and 1..HB_DIM_MAX columns. The caller closes *out. */
hb_status npy_open(const char *path, npy_file **out, hb_error *error);
uint32_t npy_count(const npy_file *file);
uint32_t npy_dim(const npy_file *file);

/* Writes the npy_dim floats of row `number`, which is below npy_count. Only this row is in memory. Fails if one of
 * them is not finite: there is no cosine similarity with it. */
hb_status npy_row(npy_file *file, uint32_t number, float *row, hb_error *error);

/* Takes NULL. */
void npy_close(npy_file *file);

#endif
