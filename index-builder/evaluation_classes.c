#include "evaluation_classes.h"

#include <stdlib.h>

#include "base/error.h"

typedef struct {
  uint32_t label, number;
} labelled;

static int by_label(const void *a, const void *b) {
  const labelled *x = a, *y = b;
  if (x->label != y->label) return x->label < y->label ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

/* Images with equal labels follow each other in `images`, sorted by number. Sets the class of each to the number of the
 * first of them. */
static void name_by_first(evaluation *e, const labelled *images, uint32_t count) {
  for (uint32_t i = 0, first = 0; i < count; i++) {
    if (images[i].label != images[first].label) first = i;
    e->class_of[images[i].number] = images[first].number;
  }
}

/* Replaces the numbers of first images by numbers of classes, counted in the order of these images. */
static void number_classes(evaluation *e, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t first = e->class_of[i];
    if (first == i) {
      e->classes[e->class_count] = (class_figures){.label = hb_catalog_entry(e->catalog, i).label_text};
      e->class_of[i] = e->class_count++;
    } else {
      e->class_of[i] = e->class_of[first];
    }
    e->classes[e->class_of[i]].images++;
  }
}

hb_status evaluation_find_classes(evaluation *e, hb_error *error) {
  uint32_t count = hb_catalog_count(e->catalog);
  labelled *images = calloc(count, sizeof *images);
  e->classes = calloc(count, sizeof *e->classes);
  e->class_of = calloc(count, sizeof *e->class_of);
  if (images == NULL || e->classes == NULL || e->class_of == NULL) return free(images), hb_fail_memory(error);
  for (uint32_t i = 0; i < count; i++) images[i] = (labelled){hb_catalog_entry(e->catalog, i).label, i};
  qsort(images, count, sizeof *images, by_label);
  name_by_first(e, images, count);
  number_classes(e, count);
  free(images);
  return HB_OK;
}

static void add_up(evaluation *e) {
  for (uint32_t i = 0; i < e->queries; i++) {
    const query_figures *f = &e->figures[i];
    class_figures *class = &e->classes[e->class_of[evaluation_query(e, i)]];
    class->queries++;
    class->precision += (double)f->hits / e->k;
    class->map += f->average;
    e->same += f->same;
    e->overlap += f->overlap;
  }
}

void evaluation_summarise(evaluation *e) {
  add_up(e);
  for (uint32_t c = 0; c < e->class_count; c++) {
    class_figures *class = &e->classes[c];
    if (class->queries == 0) continue;
    e->classes_asked++;
    e->precision += class->precision, e->map += class->map;
    class->precision /= class->queries, class->map /= class->queries;
    e->classes_precision += class->precision, e->classes_map += class->map;
  }
  uint32_t others = hb_catalog_count(e->catalog) - 1, neighbours = others < e->k ? others : e->k;
  e->overlap = neighbours > 0 ? e->overlap / ((double)e->queries * neighbours) : 1;
  e->precision /= e->queries, e->map /= e->queries, e->same /= e->queries;
  e->classes_precision /= e->classes_asked, e->classes_map /= e->classes_asked;
}
