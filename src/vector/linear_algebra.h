/* linear_algebra.h: dense linear algebra in double, for making heads. The browser does not have it. Matrices are
 * row-major. It uses only + - * / and sqrt, in a fixed order, so that all machines get identical bits. */
#ifndef HB_VECTOR_LINEAR_ALGEBRA_H
#define HB_VECTOR_LINEAR_ALGEBRA_H

#include "base/error.h"

/* Computes out [rows][columns] = a [rows][inner] times b [inner][columns]. */
void hb_matrix_multiply(const double *a, const double *b, size_t rows, size_t inner, size_t columns, double *out);

/* Replaces g [n][n] by the upper triangular R with g = R'R. g is positive semidefinite, and only its upper triangle is
 * read. A direction without energy gives a row of zeros. */
void hb_matrix_cholesky(double *g, size_t n);

/* They solve by substitution with such an R, whose diagonal has no zeros: they replace b [n][columns] by R'^-1 b, and
 * each x of rows [count][n] by R^-1 x. */
void hb_matrix_solve_transposed(const double *r, size_t n, size_t columns, double *b);
void hb_matrix_solve_rows(const double *r, size_t n, size_t count, double *rows);

/* Computes the eigenvalues of a symmetric matrix, the largest first, and its eigenvectors, which are orthogonal and
 * have length 1. Row i of `vectors` [n][n] belongs to values[i], and its component of largest magnitude is positive.
 * Only the upper triangle of `a` [n][n] is read, and all of it is overwritten. n is at least 1. Fails if a number is
 * not finite. */
hb_status hb_matrix_eigen(double *a, size_t n, double *values, double *vectors, hb_error *error);

/* Makes a random orthogonal matrix [n][n], which depends only on the seed. */
void hb_matrix_random_rotation(uint64_t seed, size_t n, double *out);

#endif
