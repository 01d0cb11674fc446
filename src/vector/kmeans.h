/* kmeans.h: spherical k-means. Points and centroids have unit length, and the nearest is the one with the largest dot
 * product. It works on arrays in memory. The browser does not have it. */
#ifndef HB_VECTOR_KMEANS_H
#define HB_VECTOR_KMEANS_H

#include <pthreadpool.h>

#include "base/error.h"

#define HB_KMEANS_ITERATIONS 25   /* FAISS Clustering.h, niter */
#define HB_KMEANS_MAX_POINTS 256  /* points a centroid that are worth having, FAISS max_points_per_centroid */
#define HB_KMEANS_START_POINTS 64 /* points a centroid that the choice of the first centroids looks at */

/* Finds `k` centroids of `count` >= k unit vectors of `dim` floats and writes them to centroids [k][dim]. It starts
 * with k-means++ and ends early when at most one point in a thousand changes its centroid. A cluster that runs empty
 * takes over the point that is farthest from its own centroid. The result does not depend on the number of threads, in
 * any bit; `threads` NULL is one thread. */
hb_status hb_kmeans(const float *points, uint32_t count, uint32_t dim, uint32_t k, uint64_t seed, pthreadpool_t threads,
                    float *centroids, hb_error *error);

/* Finds the nearest of k centroids for each of `count` points, the first if several are equally near. If `closeness` is
 * not NULL, it also gets the dot product with that centroid. A point whose products are all NaN gets centroid 0. */
void hb_kmeans_assign(const float *points, uint32_t count, uint32_t dim, const float *centroids, uint32_t k,
                      pthreadpool_t threads, uint32_t *nearest, float *closeness);

#endif
