#include "eval_output.h"
#include "messages.h"

static void print_class_json(const class_figures *class) {
  hb_text t = {0};
  hb_text_add(&t, "{\"class\":");
  hb_text_add_json(&t, class->label);
  hb_text_add(&t, ",\"images\":%u,\"queries\":%u,\"precision\":%.6f,\"map\":%.6f}", class->images, class->queries,
              class->precision, class->map);
  say_json(&t);
}

static void print_image_json(const evaluation *e, uint32_t query) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_text_add_json(&t, hb_catalog_entry(e->catalog, evaluation_query(e, query)).path);
  hb_text_add(&t, ",\"precision\":%.4f,\"ap\":%.6f}", (double)e->figures[query].hits / e->k, e->figures[query].average);
  say_json(&t);
}

static void add_probe_json(hb_text *t, const evaluation *e, uint32_t p) {
  probe_means m = evaluation_probe(e, p);
  hb_text_add(t, "%s{\"nprobe\":%u,\"recall\":%.6f,\"scanned\":%.6f,\"bytes\":%.1f,\"files\":%.3f", p > 0 ? "," : "",
              e->probes[p].nprobe, m.recall, m.scanned, m.bytes, m.files);
  if (e->other != NULL) hb_text_add(t, ",\"recall_against\":%.6f", m.against);
  hb_text_add(t, "}");
}

static void add_fold_json(hb_text *t, const char *name, const fold_figures *f) {
  hb_text_add(t, ",\"%s\":{\"images\":%u,\"classes\":%u,\"precision\":%.6f,\"class_precision\":%.6f}", name, f->images,
              f->labels, f->precision, f->class_precision);
}

static void add_folds_json(hb_text *t, const folds *f) {
  hb_text_add(t, ",\"folds\":{\"folds\":%u,\"head\":", f->folds);
  hb_text_add_json(t, f->head);
  add_fold_json(t, "seen", &f->seen);
  if (f->has_unseen) add_fold_json(t, "unseen", &f->unseen);
  hb_text_add(t, "}");
}

void eval_print_json(const evaluation *e, bool images) {
  hb_text t = {0};
  hb_text_add(&t,
              "{\"count\":%u,\"queries\":%u,\"k\":%u,\"nprobe\":%u,\"precision\":%.6f,\"map\":%.6f,\"classes\":%u,"
              "\"class_precision\":%.6f,\"class_map\":%.6f,\"protocol\":\"leave-one-out\",\"labels_seen\":%s",
              hb_catalog_count(e->catalog), e->queries, e->k, hb_index_nprobe(e->index), e->precision, e->map,
              e->classes_asked, e->classes_precision, e->classes_map, evaluation_flatters(e) ? "true" : "false");
  if (e->folds != NULL) add_folds_json(&t, e->folds);
  if (e->other != NULL) hb_text_add(&t, ",\"same\":%.6f,\"overlap\":%.6f", e->same, e->overlap);
  hb_text_add(&t, ",\"needed_bytes\":%llu,\"head_bytes\":%llu,\"recall\":[", (unsigned long long)e->needed_bytes,
              (unsigned long long)e->head_bytes);
  for (uint32_t p = 0; p < e->probe_count; p++) add_probe_json(&t, e, p);
  hb_text_add(&t, "]}");
  say_json(&t);
  for (uint32_t c = 0; c < e->class_count; c++)
    if (e->classes[c].queries > 0) print_class_json(&e->classes[c]);
  for (uint32_t i = 0; images && i < e->queries; i++) print_image_json(e, i);
}

static void print_classes_text(const evaluation *e) {
  for (uint32_t c = 0; c < e->class_count; c++) {
    const class_figures *class = &e->classes[c];
    if (class->queries == 0) continue;
    say("  %-20s %5u images  precision %.4f  mAP %.4f", class->label, class->images, class->precision, class->map);
  }
}

static void print_fold_text(const folds *f, const char *what, const fold_figures *figures) {
  say("  %s precision@%u %.4f per image, %.4f per class (%u images, %u classes)", what, f->k, figures->precision,
      figures->class_precision, figures->images, figures->labels);
}

static void print_folds_text(const folds *f) {
  say("%s", "");
  say("searches with the default nprobe, for images that the head %s has not seen:", f->head);
  print_fold_text(f, "seen classes:  ", &f->seen);
  if (f->has_unseen) print_fold_text(f, "unseen classes:", &f->unseen);
  say("  (seen classes: %u folds, each searched for in a bundle of the others, from which the head is learned; unseen",
      f->folds);
  say("%s", "  classes: the head is learned from half of the classes, and the images are of the others)");
}

static void print_probes_text(const evaluation *e) {
  say("%s", "");
  say("  nprobe  recall    scanned   files        kB%s", e->other != NULL ? "  of the other's" : "");
  for (uint32_t p = 0; p < e->probe_count; p++) {
    probe_means m = evaluation_probe(e, p);
    hb_text line = {0};
    hb_text_add(&line, "  %6u  %.4f  %7.2f %%  %6.1f  %8.1f", e->probes[p].nprobe, m.recall, 100 * m.scanned, m.files,
                m.bytes / 1e3);
    if (e->other != NULL) hb_text_add(&line, "  %14.4f", m.against);
    if (e->probes[p].nprobe == hb_index_nprobe(e->index)) hb_text_add(&line, "  (default)");
    say_text(&line);
  }
}

void eval_print_text(const evaluation *e) {
  uint32_t count = hb_catalog_count(e->catalog);
  print_classes_text(e);
  say("%s", "");
  if (e->queries == count)
    say("exact search, with each of %u images left out of its own results:", count);
  else
    say("exact search, with each of %u of %u images left out of its own results:", e->queries, count);
  say("  precision@%u %.4f per image, %.4f per class (%u classes)", e->k, e->precision, e->classes_precision,
      e->classes_asked);
  say("  mAP         %.4f per image, %.4f per class", e->map, e->classes_map);
  if (e->other != NULL) {
    say("  share of the images whose top %u is that of the other bundle, in its order: %.4f", e->k, e->same);
    say("  share of the other bundle's top %u that is in the top of this one: %.4f", e->k, e->overlap);
  }
  if (e->folds != NULL)
    print_folds_text(e->folds);
  else if (evaluation_flatters(e))
    say("%s",
        "  the head was learned from the labels of these images, so that precision and mAP flatter; --folds does not");
  print_probes_text(e);
  say("%s", "");
  say("  files and kB: the lists that a first search downloads; before that it needs %.1f kB",
      (double)e->needed_bytes / 1e3);
  say("  (index.json and centroids %.1f kB, head %.1f kB)", (double)(e->needed_bytes - e->head_bytes) / 1e3,
      (double)e->head_bytes / 1e3);
}
