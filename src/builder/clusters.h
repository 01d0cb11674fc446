/* clusters.h: makes the lists of a bundle: their centroids, and which rows are in each list. */
#ifndef HB_BUILDER_CLUSTERS_H
#define HB_BUILDER_CLUSTERS_H

#include <pthreadpool.h>

#include "builder/row_store.h"
#include "bundle/index.h"

typedef struct {
  uint32_t nlist, dim;
  hb_rows centroids; /* as stored, in the order of the lists */
  void *codes;       /* the memory behind `centroids` */
  float *scales;
  float *decoded;           /* [nlist][dim] */
  uint32_t *list_of;        /* [count] */
  uint32_t *members, *ends; /* [count]: rows, list by list, ascending; [nlist]: where each list ends */
  uint32_t trained_count;   /* the number of rows when the lists were trained */
  double imbalance, trained_imbalance;
  bool trained; /* in this build, not when the base was built */
} hb_clusters;

/* Trains lists, or takes those of `base` if it is not NULL and they still serve, and gives every row its list. */
hb_status hb_clusters_create(const hb_row_store *rows, const hb_build_options *options, const hb_index *base,
                             pthreadpool_t threads, hb_clusters *out, hb_error *error);
void hb_clusters_free(hb_clusters *clusters);
static inline uint32_t hb_clusters_begin(const hb_clusters *c, uint32_t list) {
  return list > 0 ? c->ends[list - 1] : 0;
}

#endif
