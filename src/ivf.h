/* ivf.h: IVF_FLAT with cosine similarity: the lists of the nearest centroids are scanned, all vectors of unit length.
 * Arrays in memory only. */
#ifndef HB_IVF_H
#define HB_IVF_H

#include "error.h"
#include "topk.h"

typedef struct {
  uint32_t count;
  const float *vectors; /* [count][dim] */
  const uint32_t *ids;  /* [count] */
} hb_ivf_list;

typedef struct {
  uint32_t dim, nlist;
  const float *centroids;   /* [nlist][dim] */
  const hb_ivf_list *lists; /* [nlist] */
} hb_ivf;

typedef struct {
  uint32_t nprobe;         /* 1..nlist */
  bool exact;              /* all lists, in their own order, centroids not needed */
  const uint64_t *allowed; /* a bit an id, or NULL for all ids; with it lists are probed on until k are found */
  float min_score;         /* -INFINITY for none */
} hb_ivf_query;

/* Memory for searches of one thread, so that a search allocates nothing. */
typedef struct {
  float *scores;    /* [longest list] */
  float *centroids; /* [nlist] */
  hb_hit *order;    /* [nlist] */
} hb_ivf_scratch;

hb_status hb_ivf_scratch_create(const hb_ivf *ivf, hb_ivf_scratch *out, hb_error *error);
void hb_ivf_scratch_free(hb_ivf_scratch *scratch);

typedef struct {
  uint32_t nprobe, scanned;
} hb_ivf_work;

/* Fills `top` (k and memory set by the caller, count 0) with the best ids, best first. */
hb_ivf_work hb_ivf_search(const hb_ivf *ivf, const float *vector, const hb_ivf_query *query, hb_ivf_scratch *scratch,
                          hb_topk *top);

/* Writes the dot product with every vector to scores[id]. */
void hb_ivf_scores(const hb_ivf *ivf, const float *vector, hb_ivf_scratch *scratch, float *scores);

#endif
