/* plain_search.h: what a search must answer, written down without heaps. */
#ifndef PLAIN_SEARCH_H
#define PLAIN_SEARCH_H

#include "bundle/index.h"
#include "support.h"

/* The lists by the scores of their centroids, nearest first; order[nlist]. */
void plain_order(const hb_index *index, const float *query, uint32_t *order);

/* Hits (their ids are positions) and report but for the time. `index` has all its files; of its lists only those with
 * there[list] are taken to be there, or all if `there` is NULL. `hits` has room for all images. */
hb_search_report plain_search(hb_index *index, const float *query, const hb_search_options *options, const bool *there,
                              hb_hit *hits);

/* The results are these hits with the paths, labels, ids and contents of `index`. */
void check_results(const hb_index *index, const hb_hit *hits, uint32_t count, const hb_result *results);

#endif
