/* collections.h: images to index, known by their vectors, and bundles of them. */
#ifndef COLLECTIONS_H
#define COLLECTIONS_H

#include "builder/bundle_parts.h"
#include "support.h"

/* Vectors around a few centres, with paths in byte order ("kind-2/0017.jpg") and labels ("kind-2"). */
typedef struct {
  uint32_t count, dim, labels_count;
  float *vectors;
  char **paths, **labels;
} collection;

collection collection_make(uint32_t count, uint32_t dim, uint32_t labels, uint64_t seed);
void collection_free(collection *c);
static inline const float *collection_vector(const collection *c, uint32_t i) {
  return c->vectors + (size_t)i * c->dim;
}
/* The content number of image `i`: all eight bytes in use. */
uint64_t collection_content(uint32_t i);
/* The id that collection_rows gives it: neither its place nor without holes. */
uint32_t collection_id(uint32_t i);

/* Options for a bundle of ready-made vectors. */
hb_build_options collection_options(const collection *c, hb_encoding encoding);

/* The images as rows, whose codes lie in a file `codes_path`. The caller frees. */
hb_row_store collection_rows(const collection *c, hb_encoding encoding, const char *codes_path);
/* A list a label, its centroid the label's first vector. The caller frees. */
hb_clusters collection_clusters(const collection *c, const hb_row_store *rows);
/* A bundle of these by hb_bundle_write, nprobe 2 (or 1 if there is one list), in a new folder. `head` may be NULL. */
void collection_write(const collection *c, const hb_build_options *options, const hb_head *head, const char *directory,
                      hb_build_report *report);

/* The index holds all images of a bundle by collection_write: vectors, names, ids and contents. */
void collection_check(const collection *c, hb_index *index);

/* A bundle by hb_builder: ids are the images' places. */
hb_build_report collection_build(const collection *c, const hb_build_options *options, const char *directory);
hb_index *open_index(const char *directory);

/* Two folders hold the same files with the same bytes. */
bool bundles_equal(const char *a, const char *b);
/* Files of `b` whose names `a` does not have; index.json always counts. */
uint32_t bundles_new_files(const char *a, const char *b);

#endif
