/* linear_algebra.h: dense linear algebra in double, for making heads; not part of the browser's engine. Matrices are
 * row-major. Only + - * / and sqrt are used, in a fixed order, so every machine gets the same bits. */
#ifndef HB_VECTOR_LINEAR_ALGEBRA_H
#define HB_VECTOR_LINEAR_ALGEBRA_H

#include "base/error.h"

/* out [rows][columns] = a [rows][inner] times b [inner][columns]. */
void hb_matrix_multiply(const double *a, const double *b, size_t rows, size_t inner, size_t columns, double *out);

/* g [n][n] = R'R in place, R upper triangular with zeros below. Of g, positive semidefinite, the upper triangle is
 * read. A direction without energy gives a row of zeros. */
void hb_matrix_cholesky(double *g, size_t n);

/* Eigenvalues, largest first, and eigenvectors, of length 1 and orthogonal, of a symmetric matrix: row i of `vectors`
 * [n][n] belongs to values[i], and its component of largest magnitude is positive. `a` [n][n], of which the upper
 * triangle is read, is used up; n is at least 1. Fails if a number is not finite. */
hb_status hb_matrix_eigen(double *a, size_t n, double *values, double *vectors, hb_error *error);

/* A random orthogonal matrix [n][n], the same for the same seed. */
void hb_matrix_random_rotation(uint64_t seed, size_t n, double *out);

#endif
