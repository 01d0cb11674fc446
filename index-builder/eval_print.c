#include <stdio.h>

#include "commands.h"
#include "eval_output.h"

static void print_class_json(const class_figures *class) {
  hb_text t = {0};
  hb_text_add(&t, "{\"class\":");
  hb_text_add_json(&t, class->label);
  hb_text_add(&t, ",\"images\":%u,\"queries\":%u,\"precision\":%.6f,\"map\":%.6f}", class->images, class->queries,
              class->precision, class->map);
  print_line(&t);
}

static void print_image_json(const evaluation *e, uint32_t query) {
  hb_text t = {0};
  hb_text_add(&t, "{\"image\":");
  hb_text_add_json(&t, hb_catalog_entry(e->catalog, evaluation_query(e, query)).path);
  hb_text_add(&t, ",\"precision\":%.4f,\"ap\":%.6f}", (double)e->figures[query].hits / e->k, e->figures[query].average);
  print_line(&t);
}

static void print_probe_json(const evaluation *e, uint32_t p) {
  probe_means m = evaluation_probe(e, p);
  printf("%s{\"nprobe\":%u,\"recall\":%.6f,\"scanned\":%.6f,\"bytes\":%.1f,\"files\":%.3f", p > 0 ? "," : "",
         e->probes[p].nprobe, m.recall, m.scanned, m.bytes, m.files);
  if (e->other != NULL) printf(",\"recall_against\":%.6f", m.against);
  printf("}");
}

void eval_print_json(const evaluation *e, bool images) {
  printf(
      "{\"count\":%u,\"queries\":%u,\"k\":%u,\"nprobe\":%u,\"precision\":%.6f,\"map\":%.6f,\"classes\":%u,"
      "\"class_precision\":%.6f,\"class_map\":%.6f",
      hb_catalog_count(e->catalog), e->queries, e->k, hb_index_nprobe(e->index), e->precision, e->map, e->classes_asked,
      e->classes_precision, e->classes_map);
  if (e->other != NULL) printf(",\"same\":%.6f,\"overlap\":%.6f", e->same, e->overlap);
  printf(",\"needed_bytes\":%llu,\"head_bytes\":%llu,\"recall\":[", (unsigned long long)e->needed_bytes,
         (unsigned long long)e->head_bytes);
  for (uint32_t p = 0; p < e->probe_count; p++) print_probe_json(e, p);
  puts("]}");
  for (uint32_t c = 0; c < e->class_count; c++)
    if (e->classes[c].queries > 0) print_class_json(&e->classes[c]);
  for (uint32_t i = 0; images && i < e->queries; i++) print_image_json(e, i);
}

static void print_classes_text(const evaluation *e) {
  for (uint32_t c = 0; c < e->class_count; c++) {
    const class_figures *class = &e->classes[c];
    if (class->queries == 0) continue;
    printf("  %-20s %5u images  precision %.4f  mAP %.4f\n", class->label, class->images, class->precision, class->map);
  }
}

static void print_probes_text(const evaluation *e) {
  printf("\n  nprobe  recall    scanned   files        kB%s\n", e->other != NULL ? "  of the other's" : "");
  for (uint32_t p = 0; p < e->probe_count; p++) {
    probe_means m = evaluation_probe(e, p);
    printf("  %6u  %.4f  %7.2f %%  %6.1f  %8.1f", e->probes[p].nprobe, m.recall, 100 * m.scanned, m.files,
           m.bytes / 1e3);
    if (e->other != NULL) printf("  %14.4f", m.against);
    puts(e->probes[p].nprobe == hb_index_nprobe(e->index) ? "  (default)" : "");
  }
}

void eval_print_text(const evaluation *e) {
  uint32_t count = hb_catalog_count(e->catalog);
  print_classes_text(e);
  if (e->queries == count)
    printf("\nexact search, each of %u images left out of its own answer:\n", count);
  else
    printf("\nexact search, each of %u of %u images left out of its own answer:\n", e->queries, count);
  printf("  precision@%u %.4f an image, %.4f a class (%u classes)\n", e->k, e->precision, e->classes_precision,
         e->classes_asked);
  printf("  mAP         %.4f an image, %.4f a class\n", e->map, e->classes_map);
  if (e->other != NULL) {
    printf("  the same top %u, in order, as the other bundle: %.4f of the images\n", e->k, e->same);
    printf("  of the other bundle's top %u, %.4f are in this one's\n", e->k, e->overlap);
  }
  print_probes_text(e);
  printf(
      "\n  files and kB are what a first query fetches of the lists; before it come %.1f kB\n"
      "  (index.json and centroids %.1f kB, head %.1f kB)\n",
      (double)e->needed_bytes / 1e3, (double)(e->needed_bytes - e->head_bytes) / 1e3, (double)e->head_bytes / 1e3);
}
