#include "collections.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "builder/bundle_write.h"
#include "vector/vector.h"

static char *text_of(const char *format, uint32_t a, uint32_t b) {
  char *text = must_allocate(48);
  snprintf(text, 48, format, a, b);
  return text;
}

collection collection_make(uint32_t count, uint32_t dim, uint32_t labels, uint64_t seed) {
  collection c = {count, dim, labels, NULL, NULL, NULL};
  float *centres = random_unit_vectors(labels, dim, seed);
  c.vectors = random_unit_vectors(count, dim, seed + 1);
  c.paths = must_allocate(count * sizeof *c.paths);
  c.labels = must_allocate(count * sizeof *c.labels);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t label = (uint32_t)((uint64_t)i * labels / count); /* ascending, so that paths are in byte order */
    c.paths[i] = text_of("kind-%03u/%06u.jpg", label, i);
    c.labels[i] = text_of("kind-%03u", label, 0);
    hb_vector_add(c.vectors + (size_t)i * dim, centres + (size_t)label * dim, dim);
    hb_vector_normalize(c.vectors + (size_t)i * dim, dim);
  }
  free(centres);
  return c;
}

void collection_free(collection *c) {
  for (uint32_t i = 0; i < c->count; i++) free(c->paths[i]), free(c->labels[i]);
  free(c->vectors);
  free(c->paths);
  free(c->labels);
  *c = (collection){0};
}

uint64_t collection_content(uint32_t i) { return 0x9e3779b97f4a7c15u * (i + 1); }
uint32_t collection_id(uint32_t i) { return 7 * i + 3; }

hb_build_options collection_options(const collection *c, hb_encoding encoding) {
  return (hb_build_options){.dim = c->dim, .encoding = encoding, .seed = 1, .image_url = "../images/{path}"};
}

hb_row_store collection_rows(const collection *c, hb_encoding encoding, const char *codes_path) {
  hb_row_store rows;
  assert_ok(hb_row_store_create(&rows, encoding, c->dim, codes_path, &failure));
  for (uint32_t i = 0; i < c->count; i++) {
    assert_ok(hb_row_store_name(&rows, c->paths[i], c->labels[i], collection_content(i), collection_id(i), &failure));
    assert_ok(hb_row_store_add_vector(&rows, i, collection_vector(c, i), &failure));
  }
  return rows;
}

hb_clusters collection_clusters(const collection *c, const hb_row_store *rows) {
  hb_clusters k = {.nlist = c->labels_count, .dim = c->dim, .trained = true};
  size_t bytes = hb_row_bytes(rows->encoding, c->dim);
  k.codes = must_allocate(k.nlist * bytes);
  k.scales = must_allocate(k.nlist * sizeof *k.scales);
  k.list_of = must_allocate(c->count * sizeof *k.list_of);
  k.members = must_allocate(c->count * sizeof *k.members);
  k.ends = must_allocate(k.nlist * sizeof *k.ends);
  uint32_t at = 0;
  for (uint32_t l = 0; l < k.nlist; l++) {
    for (uint32_t i = 0; i < c->count; i++) {
      if (rows->info[i].label != l) continue;
      bool first = at == hb_clusters_begin(&k, l);
      const float *vector = collection_vector(c, i);
      if (first) hb_row_encode(rows->encoding, c->dim, vector, true, (uint8_t *)k.codes + l * bytes, &k.scales[l]);
      k.list_of[i] = l;
      k.members[at++] = i;
    }
    k.ends[l] = at;
  }
  k.centroids = (hb_rows){rows->encoding, c->dim, k.nlist, k.codes, rows->encoding == HB_ENCODING_I8 ? k.scales : NULL};
  k.trained_count = c->count;
  k.imbalance = k.trained_imbalance = 1.2346;
  return k;
}

void collection_write(const collection *c, const hb_build_options *options, const hb_head *head, const char *directory,
                      hb_build_report *report) {
  hb_build_report unused = {0};
  assert_int_equal(mkdir(directory, 0777), 0);
  hb_row_store rows = collection_rows(c, options->encoding, path_in(directory, "../rows.tmp"));
  hb_clusters clusters = collection_clusters(c, &rows);
  const hb_bundle_parts parts = {options, &rows, &clusters, head, NULL, clusters.nlist > 1 ? 2 : 1};
  assert_ok(hb_bundle_write(directory, &parts, report != NULL ? report : &unused, &failure));
  hb_clusters_free(&clusters);
  hb_row_store_free(&rows);
}

void collection_check(const collection *c, hb_index *index) {
  const hb_encoding encoding = hb_index_encoding(index);
  hb_catalog *catalog;
  void *codes = must_allocate(hb_row_bytes(encoding, c->dim));
  float scale, *expected = must_allocate(2 * c->dim * sizeof *expected), *vector = expected + c->dim;
  assert_ok(hb_catalog_create(index, &catalog, &failure));
  assert_int_equal(hb_catalog_count(catalog), c->count);
  for (uint32_t i = 0; i < c->count; i++) {
    hb_entry entry = hb_catalog_entry(catalog, i);
    assert_string_equal(entry.path, c->paths[i]);
    assert_string_equal(entry.label_text, c->labels[i]);
    assert_true(entry.id == collection_id(i) && entry.content == collection_content(i));
    hb_row_encode(encoding, c->dim, collection_vector(c, i), true, codes, &scale);
    const hb_rows row = {encoding, c->dim, 1, codes, &scale};
    hb_row_decode(&row, 0, expected);
    hb_catalog_vector(catalog, i, vector);
    assert_same_bits(vector, expected, c->dim);
  }
  hb_catalog_free(catalog);
  free(expected);
  free(codes);
}

hb_build_report collection_build(const collection *c, const hb_build_options *options, const char *directory) {
  hb_builder *builder;
  hb_build_report report;
  assert_ok(hb_builder_create(directory, options, &builder, &failure));
  for (uint32_t i = 0; i < c->count; i++)
    assert_ok(
        hb_builder_add(builder, collection_vector(c, i), c->paths[i], c->labels[i], collection_content(i), &failure));
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  return report;
}

hb_index *open_index(const char *directory) {
  hb_index *index = NULL;
  assert_ok(hb_index_open(directory, &index, &failure));
  return index;
}

bool bundles_equal(const char *a, const char *b) {
  DIR *directory = opendir(a);
  assert_non_null(directory);
  bool equal = folder_count(a) == folder_count(b);
  for (struct dirent *entry; equal && (entry = readdir(directory)) != NULL;) {
    struct stat info;
    if (entry->d_name[0] == '.') continue;
    equal = stat(path_in(b, entry->d_name), &info) == 0 &&
            files_equal(path_in(a, entry->d_name), path_in(b, entry->d_name));
  }
  closedir(directory);
  return equal;
}

uint32_t bundles_new_files(const char *a, const char *b) {
  DIR *directory = opendir(b);
  assert_non_null(directory);
  uint32_t count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    bool is_manifest = strcmp(entry->d_name, "index.json") == 0;
    if (entry->d_name[0] != '.') count += is_manifest || !hb_path_exists(path_in(a, entry->d_name));
  }
  closedir(directory);
  return count;
}
