/* gram.h: the Gram matrix of many rows, X'X, and its Cholesky factor, blocked and shared by threads. The browser does
 * not have it. Matrices are row-major, and only their upper triangle is read and written. Additions have a fixed order,
 * so that all machines, and any number of threads, get identical bits. */
#ifndef HB_VECTOR_GRAM_H
#define HB_VECTOR_GRAM_H

#include <pthreadpool.h>

#include "base/error.h"

/* Adds X'X to g [n][n], where X is rows [count][n]. `threads` may be NULL, here and below. Fails without memory. */
hb_status hb_gram_add(double *g, size_t n, const double *rows, size_t count, pthreadpool_t threads, hb_error *error);

/* Replaces the upper triangle of g, which is positive definite, by the R with g = R'R. Fails with HB_INTERNAL if a
 * pivot is not positive. */
hb_status hb_gram_factor(double *g, size_t n, pthreadpool_t threads, hb_error *error);

#endif
