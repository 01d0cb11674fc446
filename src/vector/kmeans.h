/* kmeans.h: spherical k-means: points and centroids have unit length, and nearest means the largest dot product.
 * Arrays in memory only; not in the browser. */
#ifndef HB_VECTOR_KMEANS_H
#define HB_VECTOR_KMEANS_H

#include <pthreadpool.h>

#include "base/error.h"

#define HB_KMEANS_ITERATIONS 25   /* FAISS Clustering.h, niter */
#define HB_KMEANS_MAX_POINTS 256  /* worth giving for a centroid, FAISS max_points_per_centroid */
#define HB_KMEANS_START_POINTS 64 /* looked at for a centroid when choosing the first ones */

/* Finds `k` centroids of `count` >= k unit vectors of `dim` floats and writes them to centroids [k][dim]. Starts with
 * k-means++; a cluster that runs empty takes over the point that its own centroid serves worst; ends early when fewer
 * than one point in a thousand changes its centroid. The same input gives the same bits, with any number of threads
 * (`threads` NULL: one). */
hb_status hb_kmeans(const float *points, uint32_t count, uint32_t dim, uint32_t k, uint64_t seed, pthreadpool_t threads,
                    float *centroids, hb_error *error);

/* The nearest of k centroids for each of `count` points, the first of equals, and if `closeness` is not NULL the dot
 * product with it. A point whose products are all NaN gets centroid 0. */
void hb_kmeans_assign(const float *points, uint32_t count, uint32_t dim, const float *centroids, uint32_t k,
                      pthreadpool_t threads, uint32_t *nearest, float *closeness);

#endif
