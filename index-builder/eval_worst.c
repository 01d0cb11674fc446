/* Shows the queries with the worst answers, as pictures. */
#include <stdlib.h>

#include "base/error.h"
#include "eval_output.h"
#include "html.h"

#define SHOWN_MAX 8 /* results of a query */

typedef struct {
  uint32_t hits, number;
  double average;
} bad_query;

static int worst_first(const void *a, const void *b) {
  const bad_query *x = a, *y = b;
  if (x->hits != y->hits) return x->hits < y->hits ? -1 : 1;
  if (x->average != y->average) return x->average < y->average ? -1 : 1;
  return x->number < y->number ? -1 : 1;
}

/* Sorts all queries that can have a right answer, the worst first: the only image of a label has none. */
static uint32_t sort_queries(const evaluation *e, bad_query *out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < e->queries; i++) {
    uint32_t number = evaluation_query(e, i);
    if (e->classes[e->class_of[number]].images < 2) continue;
    out[count++] = (bad_query){e->figures[i].hits, number, e->figures[i].average};
  }
  qsort(out, count, sizeof *out, worst_first);
  return count;
}

static void add_picture(hb_text *t, const char *url, hb_entry entry, int size) {
  hb_text_add(t, "<img loading=lazy width=%d height=%d alt=\"", size, size);
  html_add(t, entry.path);
  hb_text_add(t, "\" src=\"");
  html_add_picture_url(t, url, entry.path);
  hb_text_add(t, "\">");
}

static void add_asked(hb_text *t, const evaluation *e, const char *url, const bad_query *query) {
  hb_entry entry = hb_catalog_entry(e->catalog, query->number);
  hb_text_add(t, "<div class=query>\n<figure class=asked>");
  add_picture(t, url, entry, 160);
  hb_text_add(t, "<figcaption>");
  html_add(t, entry.path);
  hb_text_add(t, "<br>precision %.2f, AP %.4f</figcaption></figure>\n", (double)query->hits / e->k, query->average);
}

static void add_answer(hb_text *t, const evaluation *e, const char *url, bool right, const hb_hit *hit) {
  hb_entry entry = hb_catalog_entry(e->catalog, hit->id);
  hb_text_add(t, "<figure>");
  add_picture(t, url, entry, 112);
  hb_text_add(t, "<figcaption><span class=%s ", right ? "right>\u2713" : "wrong>\u2717");
  html_add(t, entry.label_text[0] != '\0' ? entry.label_text : "(no label)");
  hb_text_add(t, "</span><br>%.4f</figcaption></figure>\n", (double)hit->score);
}

/* Adds the query and its nearest images by exact search. */
static hb_status add_query(hb_text *t, const evaluation *e, const char *url, const bad_query *query, float *vector,
                           float *scores, hb_error *error) {
  hb_hit hits[SHOWN_MAX];
  hb_catalog_vector(e->catalog, query->number, vector);
  hb_status status = hb_catalog_scores(e->catalog, vector, 1, scores, error);
  if (status != HB_OK) return status;
  uint32_t shown = e->k < SHOWN_MAX ? e->k : SHOWN_MAX;
  shown = evaluation_nearest(scores, hb_catalog_count(e->catalog), query->number, shown, hits);
  add_asked(t, e, url, query);
  for (uint32_t i = 0; i < shown; i++)
    add_answer(t, e, url, e->class_of[hits[i].id] == e->class_of[query->number], &hits[i]);
  hb_text_add(t, "</div>\n");
  return HB_OK;
}

hb_status eval_add_worst(hb_text *t, const evaluation *e, const char *picture_url, uint32_t most, hb_error *error) {
  bad_query *queries = malloc(e->queries * sizeof *queries);
  float *vector = malloc(hb_index_dim(e->index) * sizeof *vector);
  float *scores = malloc(hb_catalog_count(e->catalog) * sizeof *scores);
  hb_status status = queries && vector && scores ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK) {
    uint32_t count = sort_queries(e, queries);
    if (count > most) count = most;
    hb_text_add(
        t,
        "<h2>The worst answers</h2>\n<p>These queries have the fewest images of their own label among the %u "
        "nearest by exact search; of equal ones, those with the lowest average precision (AP) come first.</p>\n",
        e->k);
    for (uint32_t i = 0; i < count && status == HB_OK; i++)
      status = add_query(t, e, picture_url, &queries[i], vector, scores, error);
  }
  free(queries);
  free(vector);
  free(scores);
  return status;
}
