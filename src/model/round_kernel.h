/* round_kernel.h: rounds a kernel to a few levels so that the layer's outputs change as little as possible. The browser
 * does not have it.
 *
 * Taps are rounded one after the other, and those that are left make up for the errors of those before (GPTQ, Frantar
 * et al. 2023, arXiv 2210.17323; OBQ, arXiv 2208.11580). Both choose the real numbers that the taps which are left
 * should have by the inverse of the Hessian. With its Cholesky factor they follow from the errors so far, without an
 * inverse: H = R'R makes the change of the outputs the length of R times the errors, of which each row of R is a term
 * that one tap can bring to zero. */
#ifndef HB_MODEL_ROUND_KERNEL_H
#define HB_MODEL_ROUND_KERNEL_H

#include <pthreadpool.h>

#include "base/error.h"

/* The rounded kernel [out][taps] has the numbers step * code of each row, where codes are whole numbers from -(levels /
 * 2) to (levels - 1) / 2. */
typedef struct {
  float *kernel; /* [out][taps] */
  float *step;   /* [out], positive */
} hb_rounded_kernel;

/* Rounds `kernel` [out][taps]. `hessian` [taps][taps] is the sum, or the mean, of x'x over the layer's inputs x; only
 * its upper triangle is read. `levels` is 3 to 255. The memory of `rounded` is the caller's. The result does not depend
 * on the number of threads. */
hb_status hb_round_kernel(const float *kernel, size_t out, size_t taps, const double *hessian, uint32_t levels,
                          pthreadpool_t threads, hb_rounded_kernel *rounded, hb_error *error);

#endif
