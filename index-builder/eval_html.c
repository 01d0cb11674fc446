/* Writes the page of an evaluation: plain HTML with its style sheet and curve inside, without scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "eval_output.h"
#include "html.h"
#include "line_chart.h"

#define WORST 24

/* The colours of the demo page. */
static const char style[] =
    ":root{color-scheme:light dark;--ground:#faf8f5;--surface:#fff;--hairline:#e4ded5;--text:#24201b;--quiet:#675f55;"
    "--accent:#b4530a;--second:#2f6f8f;--bar:#f3cfa5;--wrong:#a81d1d;--right:#2d6a2d}\n"
    "@media (prefers-color-scheme:dark){:root{--ground:#171513;--surface:#211e1b;--hairline:#35302b;--text:#f1ece5;"
    "--quiet:#b3a99d;--accent:#f5a551;--second:#7fc0df;--bar:#5f3f1a;--wrong:#ffb0a8;--right:#9fd49a}}\n"
    "*{box-sizing:border-box}\n"
    "body{max-width:60rem;margin:0 auto;padding:2rem 1rem;background:var(--ground);color:var(--text);"
    "font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}\n"
    "h1{margin:0;line-height:1.1}h2{margin:2.5rem 0 .5rem;font-size:1.25rem}\n"
    "p,figcaption,caption{color:var(--quiet);max-width:46rem;text-align:left}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9375rem}\n"
    "th,td{padding:.2rem .6rem;border-bottom:1px solid var(--hairline);text-align:right}\n"
    "th:first-child{min-width:6rem;text-align:left;overflow-wrap:anywhere}thead "
    "th{color:var(--quiet);font-weight:500}\n"
    "tbody th{font-weight:500}tr.usual{color:var(--accent);font-weight:650}\n"
    ".facts{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0 0;padding:0}\n"
    ".facts div{flex:1 1 9rem;padding:.6rem .9rem;border:1px solid var(--hairline);border-radius:.75rem;"
    "background:var(--surface)}\n"
    ".facts dt{color:var(--quiet);font-size:.875rem}.facts dd{margin:0;font-size:1.375rem;font-weight:650}\n"
    ".facts dd small{display:block;font-size:.8125rem;font-weight:400;color:var(--quiet)}\n"
    ".scroll{overflow-x:auto}.bar{min-width:9rem;print-color-adjust:exact;-webkit-print-color-adjust:exact;"
    "background:linear-gradient(var(--bar) 0 0) no-repeat 0/var(--part) 70%}\n"
    "figure{margin:0 0 1rem}svg{width:100%;min-width:34rem;height:auto}svg text{fill:var(--quiet);font-size:13px}\n"
    ".end{text-anchor:end}.middle{text-anchor:middle}.axis{stroke:var(--quiet);fill:none}"
    ".grid{stroke:var(--hairline);fill:none}\n"
    ".line{stroke:var(--accent);stroke-width:2;fill:none}.line.second{stroke:var(--second);stroke-dasharray:6 4}\n"
    ".point{fill:var(--accent)}.point.second{fill:var(--second)}"
    ".point.marked{fill:var(--ground);stroke:var(--accent);stroke-width:3}.point.second.marked{stroke:var(--second)}\n"
    "svg .label{fill:var(--text);text-anchor:end}svg .label.marked{font-weight:700}\n"
    ".query{display:flex;gap:.75rem;padding:.75rem 0;overflow-x:auto;border-bottom:1px solid var(--hairline);"
    "break-inside:avoid}\n"
    ".query figure{margin:0;flex:0 0 112px;font-size:.75rem;line-height:1.3}.query figcaption{overflow-wrap:anywhere}\n"
    ".query .asked{flex-basis:176px;padding-right:.75rem;border-right:2px solid var(--hairline)}\n"
    ".query img{display:block;object-fit:contain;border-radius:.4rem;background:var(--surface)}\n"
    ".right{color:var(--right)}.wrong{color:var(--wrong)}\n"
    "@media print{body{max-width:none;padding:0}.scroll,.query{overflow:visible}}\n";

static void add_fact(hb_text *t, const char *name, const char *value, const char *more) {
  hb_text_add(t, "<div><dt>%s<dd>%s<small>%s</small></div>\n", name, value, more);
}

static void add_facts(hb_text *t, const evaluation *e) {
  probe_means usual = evaluation_probe(e, evaluation_default_probe(e));
  char value[64], more[128], name[64];
  hb_text_add(t, "<dl class=facts>\n");
  snprintf(name, sizeof name, "precision@%u", e->k);
  snprintf(value, sizeof value, "%.4f", e->precision);
  snprintf(more, sizeof more, "%.4f over %u labels; leave-one-out%s", e->classes_precision, e->classes_asked,
           evaluation_flatters(e) ? ", labels seen by the head" : "");
  add_fact(t, name, value, more);
  snprintf(value, sizeof value, "%.4f", e->map);
  snprintf(more, sizeof more, "%.4f over %u labels", e->classes_map, e->classes_asked);
  add_fact(t, "mAP", value, more);
  snprintf(name, sizeof name, "recall@%u", e->k);
  snprintf(value, sizeof value, "%.4f", usual.recall);
  snprintf(more, sizeof more, "%u of %u lists, %.1f %% of the images scanned", hb_index_nprobe(e->index),
           hb_index_nlist(e->index), 100 * usual.scanned);
  add_fact(t, name, value, more);
  snprintf(value, sizeof value, "%.0f kB", usual.bytes / 1e3);
  snprintf(more, sizeof more, "after %.0f kB once, of which %.0f kB are the head", (double)e->needed_bytes / 1e3,
           (double)e->head_bytes / 1e3);
  add_fact(t, "a first search downloads", value, more);
  if (e->other != NULL) {
    snprintf(name, sizeof name, "of the other's top %u", e->k);
    snprintf(value, sizeof value, "%.4f", e->overlap);
    snprintf(more, sizeof more, "%.4f of the answers agree, in order", e->same);
    add_fact(t, name, value, more);
  }
  hb_text_add(t, "</dl>\n");
}

static void add_head(hb_text *t, const evaluation *e) {
  const hb_index *index = e->index;
  uint32_t count = hb_catalog_count(e->catalog);
  hb_text_add(t,
              "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
              "<meta name=viewport content=\"width=device-width\">\n"
              "<meta name=generator content=\"index-builder %s\">\n<title>Retrieval quality of ",
              hb_version());
  html_add(t, e->directory);
  hb_text_add(t, "</title>\n<style>\n%s</style>\n<h1>Retrieval quality</h1>\n<p><code>", style);
  html_add(t, e->directory);
  hb_text_add(
      t,
      "</code>: %u images with %u labels; head %s, %u numbers in each vector, stored as %s; %u lists, of which %u "
      "are searched by default. ",
      count, e->class_count, hb_head_name(hb_index_head(index)), hb_index_dim(index),
      hb_encoding_name(hb_index_encoding(index)), hb_index_nlist(index), hb_index_nprobe(index));
  if (e->queries == count)
    hb_text_add(t, "Each image");
  else
    hb_text_add(t, "Each of %u images, spread evenly,", e->queries);
  hb_text_add(t, " was the query once and left out of its own results (leave-one-out).%s</p>\n",
              evaluation_flatters(e)
                  ? " The head was learned from the labels of these images, so that precision and mAP "
                    "flatter: <code>--folds</code> measures with images that it has not seen."
                  : "");
}

static void add_fold_row(hb_text *t, const char *what, const char *protocol, const fold_figures *f) {
  hb_text_add(t, "<tr><th scope=row>%s<br><small>%s</small><td>%u<td>%u<td>%.4f<td>%.4f\n", what, protocol, f->images,
              f->labels, f->precision, f->class_precision);
}

static void add_folds(hb_text *t, const folds *f) {
  hb_text_add(t, "<h2>Images that the head has not seen</h2>\n<p>Searches with the default nprobe; the head is <code>");
  html_add(t, f->head);
  hb_text_add(t,
              "</code>.</p>\n<div class=scroll><table>\n<thead><tr><th scope=col>protocol<th scope=col>images"
              "<th scope=col>labels<th scope=col>precision@%u<th scope=col>averaged over labels\n<tbody>\n",
              f->k);
  char protocol[120];
  snprintf(protocol, sizeof protocol, "%u folds, each searched for among the others, from which the head is learned",
           f->folds);
  add_fold_row(t, "seen labels", protocol, &f->seen);
  if (f->has_unseen)
    add_fold_row(t, "unseen labels", "the head is learned from half of the labels, and the images are of the others",
                 &f->unseen);
  hb_text_add(t, "</table></div>\n");
}

static void add_curve(hb_text *t, const evaluation *e) {
  line_chart_point points[EVALUATION_PROBES_MAX];
  uint32_t usual = evaluation_default_probe(e);
  for (uint32_t p = 0; p < e->probe_count; p++) {
    probe_means m = evaluation_probe(e, p);
    points[p] = (line_chart_point){m.bytes / 1e3, m.recall, m.against, e->probes[p].nprobe, p == usual};
  }
  char title[64], description[200], y_name[64];
  probe_means m = evaluation_probe(e, usual);
  snprintf(title, sizeof title, "recall@%u over kilobytes downloaded", e->k);
  snprintf(y_name, sizeof y_name, "recall@%u", e->k);
  snprintf(
      description, sizeof description,
      "%u points, one for each nprobe; the default of %u has a recall of %.4f at %.1f kB. The table has all numbers.",
      e->probe_count, e->probes[usual].nprobe, m.recall, m.bytes / 1e3);
  const line_chart c = {points, e->probe_count, e->other != NULL,
                        title,  description,    "kB of lists that a first search downloads",
                        y_name};
  line_chart_add(t, &c);
}

static void add_probe_row(hb_text *t, const evaluation *e, uint32_t p) {
  probe_means m = evaluation_probe(e, p);
  bool usual = e->probes[p].nprobe == hb_index_nprobe(e->index);
  hb_text_add(t, "<tr%s><th scope=row>%u%s<td>%.4f", usual ? " class=usual" : "", e->probes[p].nprobe,
              usual ? " (default)" : "", m.recall);
  if (e->other != NULL) hb_text_add(t, "<td>%.4f", m.against);
  hb_text_add(t, "<td>%.2f %%<td>%.1f<td>%.1f\n", 100 * m.scanned, m.files, m.bytes / 1e3);
}

static void add_recall(hb_text *t, const evaluation *e) {
  hb_text_add(t, "<h2>Recall and its cost</h2>\n<figure>\n<div class=scroll>\n");
  add_curve(t, e);
  hb_text_add(
      t,
      "</div>\n<figcaption>Each point shows the number of lists searched (nprobe); the ring is the default. Recall is "
      "the share of the %u nearest by exact search that were found.",
      e->k);
  if (e->other != NULL)
    hb_text_add(t, " The dashed line counts the %u nearest by exact search in the other bundle.", e->k);
  hb_text_add(t,
              "</figcaption>\n</figure>\n<div class=scroll><table>\n<thead><tr><th scope=col>nprobe<th scope=col>"
              "recall@%u",
              e->k);
  if (e->other != NULL) hb_text_add(t, "<th scope=col>of the other&#39;s");
  hb_text_add(t, "<th scope=col>scanned<th scope=col>files<th scope=col>kB\n<tbody>\n");
  for (uint32_t p = 0; p < e->probe_count; p++) add_probe_row(t, e, p);
  hb_text_add(t, "</table></div>\n");
}

static int worst_first(const void *a, const void *b) {
  const class_figures *x = *(const class_figures *const *)a, *y = *(const class_figures *const *)b;
  if (x->precision != y->precision) return x->precision < y->precision ? -1 : 1;
  if (x->map != y->map) return x->map < y->map ? -1 : 1;
  return strcmp(x->label, y->label);
}

static hb_status add_classes(hb_text *t, const evaluation *e, hb_error *error) {
  const class_figures **order = malloc(e->class_count * sizeof *order);
  if (order == NULL) return hb_fail_memory(error);
  uint32_t count = 0;
  for (uint32_t c = 0; c < e->class_count; c++)
    if (e->classes[c].queries > 0) order[count++] = &e->classes[c];
  qsort(order, count, sizeof *order, worst_first);
  hb_text_add(t,
              "<h2>Labels</h2>\n<p>The lowest precision first.</p>\n<div class=scroll><table>\n<thead><tr><th "
              "scope=col>label<th scope=col>images<th scope=col>queries<th scope=col>precision@%u<th scope=col>mAP"
              "\n<tbody>\n",
              e->k);
  for (uint32_t c = 0; c < count; c++) {
    hb_text_add(t, "<tr><th scope=row>");
    html_add(t, order[c]->label[0] != '\0' ? order[c]->label : "(none)");
    hb_text_add(t, "<td>%u<td>%u<td class=bar style=\"--part:%.1f%%\">%.4f<td>%.4f\n", order[c]->images,
                order[c]->queries, 100 * order[c]->precision, order[c]->precision, order[c]->map);
  }
  hb_text_add(t, "</table></div>\n");
  free(order);
  return HB_OK;
}

static hb_status write_text(const hb_text *t, const char *file, hb_error *error) {
  if (t->failed) return hb_fail_memory(error);
  hb_writer *writer;
  hb_status status = hb_writer_open(file, &writer, error);
  if (status != HB_OK) return status;
  hb_writer_add(writer, t->bytes, t->size);
  return hb_writer_close(writer, error);
}

hb_status eval_write_html(const evaluation *e, const char *file, const char *picture_url, hb_error *error) {
  char *url =
      picture_url != NULL ? strdup(picture_url) : html_relative_url(e->directory, hb_index_image_url(e->index), file);
  if (url == NULL) return hb_fail_memory(error);
  hb_text t = {0};
  add_head(&t, e);
  add_facts(&t, e);
  if (e->folds != NULL) add_folds(&t, e->folds);
  add_recall(&t, e);
  hb_status status = add_classes(&t, e, error);
  if (status == HB_OK) status = eval_add_worst(&t, e, url, WORST, error);
  if (status == HB_OK) status = write_text(&t, file, error);
  hb_text_free(&t);
  free(url);
  return status;
}
