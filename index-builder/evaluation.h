/* evaluation.h: how well a bundle answers. Images of it ask for the images like them, themselves left out; the answers
 * are held against exact search (recall), against the labels (precision, mean average precision) and, if wanted,
 * against another bundle of the same images. The figures do not depend on the number of threads. */
#ifndef EVALUATION_H
#define EVALUATION_H

#include <heybagh.h>

#include "base/topk.h"

#define EVALUATION_K_MAX 100
#define EVALUATION_PROBES_MAX 20 /* powers of two below HB_NLIST_MAX, the default and all lists */

typedef struct {
  uint32_t hits;    /* of the k nearest by exact search, those with the query's label */
  uint32_t overlap; /* of them, those that are the other bundle's k nearest, too */
  bool same;        /* they are the other bundle's k nearest, in order */
  double average;   /* precision averaged over all images of the query's label (AP) */
} query_figures;

/* Sums over all queries. */
typedef struct {
  uint32_t nprobe;
  uint64_t recalled; /* of the k nearest by exact search, those found */
  uint64_t against;  /* of the other bundle's k nearest by exact search, those found */
  uint64_t scanned;  /* vectors compared */
  uint64_t bytes;    /* sizes of the files of lists that were needed */
  uint64_t files;    /* their number */
} probe_figures;

typedef struct {
  const char *label;
  uint32_t images, queries;
  double precision, map; /* averages over the queries; 0 if there are none */
} class_figures;

typedef struct {
  /* the question */
  const char *directory; /* of the bundle */
  hb_index *index, *other_index;
  const hb_catalog *catalog, *other; /* other_index and other are NULL if there is no other bundle */
  uint32_t k, queries, threads;
  /* the answer */
  query_figures *figures; /* [queries] */
  probe_figures probes[EVALUATION_PROBES_MAX];
  uint32_t probe_count;
  class_figures *classes;              /* in the order of their first images */
  uint32_t *class_of;                  /* by number in the catalog */
  uint32_t class_count, classes_asked; /* classes_asked: with a query */
  double precision, map, classes_precision, classes_map, same, overlap;
  uint64_t needed_bytes; /* fetched before the first query: index.json, centroids and head */
  uint64_t head_bytes;   /* of these the head */
} evaluation;

/* The answer's memory, also after a failure. */
void evaluation_free(evaluation *e);

/* The number in the catalog of query i: queries are spread evenly. */
uint32_t evaluation_query(const evaluation *e, uint32_t i);

/* The k best of all images by `scores`, best first, without `self`; ids are numbers in the catalog. Returns their
 * count, which is k if there are enough images. */
uint32_t evaluation_nearest(const float *scores, uint32_t count, uint32_t self, uint32_t k, hb_hit *out);

/* Averages over the queries, 0..1, of one of the probes. */
typedef struct {
  double recall, against, scanned, bytes, files;
} probe_means;
probe_means evaluation_probe(const evaluation *e, uint32_t probe);
/* The probe of the bundle's default nprobe. */
uint32_t evaluation_default_probe(const evaluation *e);

#endif
