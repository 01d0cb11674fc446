/* evaluation.h: figures that say how well a bundle answers. Some of its images are queries, and each is left out of its
 * own results. The results are compared with those of exact search (recall), with the labels (precision, mean average
 * precision) and, if there is one, with another bundle of these images. The figures do not depend on the number of
 * threads. */
#ifndef EVALUATION_H
#define EVALUATION_H

#include <heybagh.h>

#include "base/topk.h"
#include "folds.h"

#define EVALUATION_K_MAX 100
#define EVALUATION_PROBES_MAX 20 /* powers of two below HB_NLIST_MAX, the default and all lists */

typedef struct {
  uint32_t hits;    /* how many of the k nearest by exact search have the query's label */
  uint32_t overlap; /* how many of the k nearest by exact search are among the other bundle's, too */
  bool same;        /* the k nearest are those of the other bundle, in its order */
  double average;   /* average precision (AP), over all images with the query's label */
} query_figures;

/* Sums over all queries. */
typedef struct {
  uint32_t nprobe;
  uint64_t recalled; /* how many of the k nearest by exact search were found */
  uint64_t against;  /* how many of the other bundle's k nearest by exact search were found */
  uint64_t scanned;  /* vectors compared */
  uint64_t bytes;    /* sizes of the files of lists that were needed */
  uint64_t files;    /* their number */
} probe_figures;

typedef struct {
  const char *label;
  uint32_t images, queries;
  double precision, map; /* averages over the queries; 0 without queries */
} class_figures;

typedef struct {
  /* the question */
  const char *directory; /* the bundle's folder */
  hb_index *index, *other_index;
  const hb_catalog *catalog, *other; /* other_index and other are NULL if there is no other bundle */
  uint32_t k, queries, threads;
  /* the answer */
  query_figures *figures; /* [queries] */
  probe_figures probes[EVALUATION_PROBES_MAX];
  uint32_t probe_count;
  class_figures *classes;              /* in the order of their first images */
  uint32_t *class_of;                  /* [images], by number in the catalog */
  uint32_t class_count, classes_asked; /* classes, and those of them with a query */
  double precision, map, classes_precision, classes_map, same, overlap;
  uint64_t needed_bytes; /* downloaded before the first search: index.json, centroids and head */
  uint64_t head_bytes;   /* the head's share of them */
  const folds *folds;    /* measured with images that the head has not seen; NULL if that was not asked for */
} evaluation;

/* Frees the memory of the answer, also after a failure. */
void evaluation_free(evaluation *e);

/* Returns the number in the catalog of query `i`. Queries are spread evenly. */
uint32_t evaluation_query(const evaluation *e, uint32_t i);

/* Finds the k best of all images by `scores`, best first, without the image `self`. Ids are numbers in the catalog.
 * Returns how many there are, which is k if there are enough images. */
uint32_t evaluation_nearest(const float *scores, uint32_t count, uint32_t self, uint32_t k, hb_hit *out);

/* Averages over the queries for one nprobe; recall, against and scanned are 0..1. */
typedef struct {
  double recall, against, scanned, bytes, files;
} probe_means;
probe_means evaluation_probe(const evaluation *e, uint32_t probe);
/* Returns true if the bundle's head was learned from the labels of all its images, so that precision flatters. */
bool evaluation_flatters(const evaluation *e);
/* Returns the place in `probes` of the bundle's default nprobe. */
uint32_t evaluation_default_probe(const evaluation *e);

#endif
