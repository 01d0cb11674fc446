/* kmeans.h: spherical k-means: points and centroids have unit length, and nearest means the largest dot product.
 * Arrays in memory only. */
#ifndef HB_KMEANS_H
#define HB_KMEANS_H

#include "error.h"

#define HB_KMEANS_ITERATIONS 25  /* FAISS Clustering.h, niter */
#define HB_KMEANS_MAX_POINTS 256 /* points a centroid used in training, FAISS max_points_per_centroid */

/* Finds `k` centroids of `count` >= k unit vectors of `dim` floats and writes them to centroids [k][dim]. Starts with
 * k-means++; trains on at most 256 points a centroid, drawn with `seed`; a cluster that runs empty takes over the
 * point that its own centroid serves worst. The same input gives the same bits. */
hb_status hb_kmeans(const float *points, uint32_t count, uint32_t dim, uint32_t k, uint64_t seed, float *centroids,
                    hb_error *error);

/* The nearest centroid of a point; `scores` is scratch of k floats, afterwards the dot products. */
uint32_t hb_kmeans_nearest(const float *point, const float *centroids, uint32_t k, uint32_t dim, float *scores);

#endif
