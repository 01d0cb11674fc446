/* Building a bundle of a model's images: hb_builder of heybagh.h with each kind of head. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "bundle/catalog.h"
#include "collections.h"
#include "model/model.h"
#include "model/safetensors_write.h"
#include "synthetic.h"

#define COUNT 160
#define LABELS 20
#define FILE_DIM 70
#if defined HB_SANITIZED || defined HB_COVERED
#define SVD_STEP 17 /* every so many allocations fail: such a build takes seconds for the linear algebra */
#define LEARN_STEP 61
#else
#define SVD_STEP 1
#define LEARN_STEP 13
#endif

/* A model, pooled features of images, and a head in a file. */
static struct {
  void *folder;
  hb_model *model, *other; /* the same weights under another id */
  collection images;
  const char *head_file;
} shared;

static void write_head(const char *path) {
  float *numbers = random_unit_vectors(FILE_DIM, 513, 40);
  const hb_tensor_source tensors[] = {{"weight", HB_F32, 2, {FILE_DIM, 512}, numbers},
                                      {"bias", HB_F32, 1, {FILE_DIM}, numbers + FILE_DIM * 512}};
  assert_ok(hb_safetensors_write(path, NULL, 0, tensors, 2, &failure));
  free(numbers);
}

static int set_up_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.model = open_model();
  blob file = file_read(model_path());
  uint8_t *id = memmem(file.bytes, 4096, hb_model_id(shared.model), 64);
  assert_non_null(id);
  memset(id, 'f', 64); /* the id is read from the file */
  assert_ok(hb_model_from_memory(file.bytes, file.size, &shared.other, &failure));
  shared.images = collection_make(COUNT, HB_FEATURES_DIM, LABELS, 3);
  for (size_t i = 0; i < COUNT * HB_FEATURES_DIM; i++) shared.images.vectors[i] = 20 * fabsf(shared.images.vectors[i]);
  shared.head_file = path_in(shared.folder, "head.safetensors");
  write_head(shared.head_file);
  return 0;
}

static int tear_down_shared(void **state) {
  (void)state;
  hb_model_free(shared.model);
  hb_model_free(shared.other);
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

static hb_build_options options_of(const char *head, hb_encoding encoding) {
  return (hb_build_options){.model = shared.model,
                            .head = head,
                            .encoding = encoding,
                            .nlist = 4,
                            .seed = 1,
                            .shard_bytes = 1,
                            .model_bytes = 99,
                            .model_url = "../m",
                            .image_url = "../i/{path}"};
}

/* ---- Embeddings ---- */

/* Every stored row is what the bundle's own head makes of the features, so that visitors embed alike. */
static void check_embeddings(const char *folder, const char *name, hb_head_kind kind, uint32_t dim) {
  hb_index *index = open_index(folder);
  hb_catalog *catalog;
  assert_ok(hb_catalog_create(index, &catalog, &failure));
  assert_int_equal(hb_index_head(index), kind);
  assert_int_equal(hb_index_dim(index), dim);
  assert_string_equal(hb_index_model_id(index), hb_model_id(shared.model));
  assert_string_equal(hb_index_model_url(index), "../m");
  const hb_head *head = index->head != NULL ? index->head : hb_model_logits(shared.model);
  assert_int_equal(index->head == NULL, strcmp(name, "logits") == 0);
  float *embedding = must_allocate(dim * sizeof *embedding), scale;
  void *codes = must_allocate(dim * sizeof(float));
  for (uint32_t i = 0; i < COUNT; i++) {
    hb_rows stored = hb_catalog_row(catalog, i);
    hb_head_apply(head, collection_vector(&shared.images, i), embedding);
    hb_row_encode(stored.encoding, dim, embedding, true, codes, &scale);
    assert_memory_equal(stored.codes, codes, hb_row_bytes(stored.encoding, dim));
    if (stored.scales != NULL) assert_same_bits(stored.scales, &scale, 1);
  }
  free(codes);
  free(embedding);
  hb_catalog_free(catalog);
  hb_index_free(index);
}

static void rows_are_what_the_bundles_head_makes(void **state) {
  const struct {
    const char *name;
    hb_head_kind kind;
    uint32_t dim;
  } heads[] = {
      {"logits", HB_HEAD_LOGITS, 1000},           {"exact", HB_HEAD_EXACT, 513}, {"svd:40", HB_HEAD_SVD, 40},
      {shared.head_file, HB_HEAD_FILE, FILE_DIM}, {"pca:30", HB_HEAD_PCA, 30},   {"lda", HB_HEAD_LDA, LABELS - 1},
      {"discriminant:9", HB_HEAD_DISCRIMINANT, 9}};
  for (int h = 0; h < 7; h++)
    for (hb_encoding encoding = h != 0 && h != 3 ? HB_ENCODING_I8 : HB_ENCODING_F32; encoding <= HB_ENCODING_I8;
         encoding++) {
      const hb_build_options options = options_of(heads[h].name, encoding);
      hb_build_report report = collection_build(&shared.images, &options, path_in(*state, "b"));
      assert_int_equal(report.dim, heads[h].dim);
      check_embeddings(path_in(*state, "b"), heads[h].name, heads[h].kind, heads[h].dim);
    }
}

/* Cosines of the vectors in a bundle, of neighbours in the order of paths. */
static void read_cosines(const char *folder, const char *head, double *cosines) {
  const hb_build_options options = options_of(head, HB_ENCODING_F32);
  collection_build(&shared.images, &options, folder);
  hb_index *index = open_index(folder);
  hb_catalog *catalog;
  float a[1000], b[1000];
  assert_ok(hb_catalog_create(index, &catalog, &failure));
  for (uint32_t i = 0; i + 1 < COUNT; i++) {
    hb_catalog_vector(catalog, i, a);
    hb_catalog_vector(catalog, i + 1, b);
    cosines[i] = cosine_double(a, b, hb_index_dim(index));
  }
  hb_catalog_free(catalog);
  hb_index_free(index);
}

/* 160 images span 160 directions at most: so many keep all cosines, half of them most of each. */
static void smaller_heads_keep_the_cosines_of_the_logits(void **state) {
  static const char *const heads[] = {"exact", "svd:160", "svd:80"};
  static const double allowed[] = {1e-4, 1e-4, 0.1};
  double truth[COUNT], cosines[COUNT];
  read_cosines(path_in(*state, "b"), "logits", truth);
  for (int h = 0; h < 3; h++) {
    read_cosines(path_in(*state, "b"), heads[h], cosines);
    for (uint32_t i = 0; i + 1 < COUNT; i++) assert_true(fabs(cosines[i] - truth[i]) < allowed[h]);
  }
}

static void the_same_images_give_the_same_bytes(void **state) {
  const char *const heads[] = {"exact", "svd:40", "discriminant:12"};
  for (int h = 0; h < 3; h++) {
    hb_build_options options = options_of(heads[h], HB_ENCODING_I8);
    collection_build(&shared.images, &options, path_in(*state, "a"));
    options.threads = 3;
    collection_build(&shared.images, &options, path_in(*state, "b"));
    assert_true(bundles_equal(path_in(*state, "a"), path_in(*state, "b")));
  }
}

static void an_svd_head_has_1_to_513_dimensions(void **state) {
  static const char *const heads[] = {
      "svd:0", "svd:514", "svd:", "svd:4x", "svd:-1", "svd: 4", "svd:99999999999999999999"};
  hb_builder *builder = NULL;
  for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
    const hb_build_options options = options_of(heads[h], HB_ENCODING_F32);
    assert_fails(hb_builder_create(path_in(*state, "b"), &options, &builder, &failure), HB_INVALID_ARGUMENT,
                 "needs another number; use svd:D with D from 1 to 513");
  }
  assert_null(builder);
  assert_int_equal(folder_count(*state), 0);
}

static void a_heads_file_that_is_not_there_is_named(void **state) {
  hb_builder *builder = NULL;
  const hb_build_options options = options_of(path_in(*state, "no.safetensors"), HB_ENCODING_F32);
  assert_fails(hb_builder_create(path_in(*state, "b"), &options, &builder, &failure), HB_IO, "no.safetensors");
  assert_int_equal(folder_count(*state), 0);
}

static void an_svd_of_nothing_is_refused(void **state) {
  hb_builder *builder;
  hb_build_report report;
  const hb_build_options options = options_of("svd:4", HB_ENCODING_F32);
  assert_ok(hb_builder_create(path_in(*state, "b"), &options, &builder, &failure));
  assert_fails(hb_builder_finish(builder, &report, &failure), HB_INVALID_ARGUMENT, "no images");
  hb_builder_free(builder);
  assert_int_equal(folder_count(*state), 0);
}

/* ---- Continued ---- */

/* All rows of `base` are kept in `to`. */
static void keep_all(const char *base, const char *to, hb_build_options options) {
  hb_builder *builder;
  hb_catalog *catalog;
  hb_build_report report;
  hb_index *index = open_index(base);
  options.base = base;
  assert_ok(hb_catalog_create(index, &catalog, &failure));
  assert_ok(hb_builder_create(to, &options, &builder, &failure));
  for (uint32_t n = 0; n < COUNT; n++) {
    hb_entry entry = hb_catalog_entry(catalog, n);
    assert_ok(hb_builder_keep(builder, catalog, n, entry.path, entry.label_text, &failure));
  }
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  hb_catalog_free(catalog);
  hb_index_free(index);
}

static void nothing_changed_gives_the_same_bytes(void **state) {
  const char *const heads[] = {"logits", "exact", "svd:40", shared.head_file, "pca:20", "lda", NULL};
  const char *base = path_in(*state, "base"), *to = path_in(*state, "to");
  for (int h = 0; h < 7; h++)
    for (hb_encoding encoding = h != 0 && h != 3 ? HB_ENCODING_I8 : HB_ENCODING_F32; encoding <= HB_ENCODING_I8;
         encoding++) {
      hb_build_options options = options_of(heads[h], encoding);
      collection_build(&shared.images, &options, base);
      keep_all(base, to, options);
      assert_true(bundles_equal(base, to));
      options.retrain = true; /* with the same seed, on the same rows */
      keep_all(base, to, options);
      assert_true(bundles_equal(base, to));
    }
}

/* A head that is made of images is its base's, whatever images come. */
static void new_images_are_embedded_with_the_bases_head(void **state) {
  static const struct {
    const char *name, *then;
    hb_head_kind kind;
    uint32_t dim;
  } heads[] = {{"svd:40", "svd:40", HB_HEAD_SVD, 40}, {"svd:40", NULL, HB_HEAD_SVD, 40},
               {"exact", NULL, HB_HEAD_EXACT, 513},   {"logits", NULL, HB_HEAD_LOGITS, 1000},
               {"pca:40", "pca:40", HB_HEAD_PCA, 40}, {"lda:30", "lda:30", HB_HEAD_LDA, LABELS / 2 - 1},
               {NULL, NULL, HB_HEAD_PCA, 256}}; /* half of the labels are too few for a discriminant */
  collection half = shared.images;
  half.count = COUNT / 2;
  const char *base = path_in(*state, "base"), *to = path_in(*state, "to");
  for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
    hb_build_options options = options_of(heads[h].name, HB_ENCODING_I8);
    collection_build(&half, &options, base);
    options.base = base;
    options.head = heads[h].then;
    hb_build_report report = collection_build(&shared.images, &options, to);
    assert_true(report.head == heads[h].kind);
    hb_index *old = open_index(base), *new = open_index(to);
    if (old->head_file != HB_NO_FILE)
      assert_string_equal(hb_index_file_name(old, old->head_file), hb_index_file_name(new, new->head_file));
    hb_index_free(old);
    hb_index_free(new);
    check_embeddings(to, hb_head_name(heads[h].kind), heads[h].kind, heads[h].dim);
  }
}

/* ---- The usual head ---- */

static hb_build_report build_usual(void **state, const collection *c) {
  const hb_build_options options = options_of(NULL, HB_ENCODING_I8);
  return collection_build(c, &options, path_in(*state, "b"));
}

static void enough_labels_give_a_discriminant(void **state) {
  hb_build_report report = build_usual(state, &shared.images);
  assert_true(report.head == HB_HEAD_DISCRIMINANT && report.dim >= LABELS - 1 && report.dim <= 256);
  check_embeddings(path_in(*state, "b"), "discriminant", HB_HEAD_DISCRIMINANT, report.dim);
}

/* Labels that teach nothing, or not enough: fewer, one for each image, none, and some on the images of equal content.
 */
static void other_collections_get_a_pca(void **state) {
  collection c = shared.images;
  char *labels[COUNT], *own[COUNT];
  c.labels = labels;
  for (uint32_t i = 0; i < COUNT; i++) own[i] = shared.images.paths[i];
  for (int kind = 0; kind < 3; kind++) {
    for (uint32_t i = 0; i < COUNT; i++)
      labels[i] = kind == 0 ? (char *)"" : kind == 1 ? own[i] : shared.images.labels[i < COUNT / 8 ? 0 : i];
    if (kind == 2) c.count = COUNT - COUNT / 8; /* 18 labels are left */
    hb_build_report report = build_usual(state, &c);
    assert_true(report.head == HB_HEAD_PCA && report.dim == 256);
  }
  c.count = 1;
  assert_true(build_usual(state, &c).head == HB_HEAD_PCA);
}

/* All images look alike, but their files differ: labels promise much and teach nothing. */
static void equal_features_under_many_labels_get_a_pca(void **state) {
  collection c = shared.images;
  c.vectors = must_allocate(COUNT * HB_FEATURES_DIM * sizeof(float));
  for (uint32_t i = 0; i < COUNT; i++)
    memcpy(c.vectors + (size_t)i * HB_FEATURES_DIM, shared.images.vectors, HB_FEATURES_DIM * sizeof(float));
  assert_true(build_usual(state, &c).head == HB_HEAD_PCA);
  free(c.vectors);
}

/* With --head lda the user hears why not. */
static void labels_that_do_not_serve_are_refused_by_name(void **state) {
  collection c = shared.images;
  char *labels[COUNT];
  c.labels = labels;
  static const char *const words[] = {"the collection has only one", "has none", "no label has two pictures"};
  for (int kind = 0; kind < 3; kind++) {
    for (uint32_t i = 0; i < COUNT; i++)
      labels[i] = kind == 0 ? (char *)"x" : kind == 1 ? (char *)"" : shared.images.paths[i];
    hb_builder *builder;
    const hb_build_options options = options_of("lda", HB_ENCODING_I8);
    assert_ok(hb_builder_create(path_in(*state, "b"), &options, &builder, &failure));
    for (uint32_t i = 0; i < COUNT; i++)
      assert_ok(hb_builder_add(builder, collection_vector(&c, i), c.paths[i], c.labels[i], i, &failure));
    assert_fails(hb_builder_finish(builder, NULL, &failure), HB_INVALID_ARGUMENT, words[kind]);
    hb_builder_free(builder);
    assert_int_equal(folder_count(*state), 0);
  }
}

/* Images without a label do not blur what the others teach. */
static void images_without_a_label_teach_no_label(void **state) {
  collection c = shared.images;
  char *labels[COUNT];
  c.labels = labels;
  for (uint32_t i = 0; i < COUNT; i++) labels[i] = i < COUNT / 2 ? shared.images.labels[i] : (char *)"";
  collection half = c;
  half.count = COUNT / 2;
  const char *a = path_in(*state, "a"), *b = path_in(*state, "b");
  const hb_build_options options = options_of("lda", HB_ENCODING_I8);
  collection_build(&half, &options, a);
  collection_build(&c, &options, b);
  hb_index *x = open_index(a), *y = open_index(b);
  assert_string_equal(hb_index_file_name(x, x->head_file), hb_index_file_name(y, y->head_file));
  hb_index_free(x);
  hb_index_free(y);
}

static void features_that_are_not_finite_are_refused_by_name(void **state) {
  hb_builder *builder;
  float features[HB_FEATURES_DIM] = {[700] = NAN};
  const hb_build_options options = options_of(NULL, HB_ENCODING_I8);
  assert_ok(hb_builder_create(path_in(*state, "b"), &options, &builder, &failure));
  assert_fails(hb_builder_add(builder, features, "odd/picture.jpg", "odd", 1, &failure), HB_INVALID_ARGUMENT,
               "not finite for 'odd/picture.jpg'");
  hb_builder_free(builder);
}

static void check_refused(const char *folder, const hb_build_options *options, const char *words) {
  hb_builder *builder = NULL;
  assert_fails(hb_builder_create(path_in(folder, "to"), options, &builder, &failure), HB_INVALID_ARGUMENT, words);
  assert_null(builder);
  assert_int_equal(folder_count(folder), 1);
}

static void another_head_model_or_storage_is_refused(void **state) {
  const char *const heads[] = {"logits", "exact", "svd:40", shared.head_file, "pca:20", "lda:5"};
  const char *base = path_in(*state, "base");
  for (int h = 0; h < 6; h++) {
    hb_build_options options = options_of(heads[h], HB_ENCODING_F16);
    collection_build(&shared.images, &options, base);
    options.base = base;
    for (int other = 0; other < 6; other++) {
      if (other == h) continue;
      options.head = heads[other];
      check_refused(*state, &options, "a different head");
    }
    options.head = "svd:41";
    check_refused(*state, &options, "a different head");
    options.head = heads[h];
    options.encoding = HB_ENCODING_F32;
    check_refused(*state, &options, "a different storage");
    options.encoding = HB_ENCODING_F16;
    options.model = shared.other;
    check_refused(*state, &options, "a different model");
    options.model = NULL;
    options.dim = 513;
    check_refused(*state, &options, "a different model");
  }
}

/* The same name, other numbers. */
static void another_file_of_a_head_is_refused(void **state) {
  const char *head = path_in(shared.folder, "changing.safetensors"), *base = path_in(*state, "base");
  write_head(head);
  hb_build_options options = options_of(head, HB_ENCODING_I8);
  collection_build(&shared.images, &options, base);
  options.base = base;
  hb_builder *builder;
  assert_ok(hb_builder_create(path_in(*state, "to"), &options, &builder, &failure));
  hb_builder_free(builder);
  float *numbers = random_unit_vectors(FILE_DIM, 512, 41);
  const hb_tensor_source tensors[] = {{"weight", HB_F32, 2, {FILE_DIM, 512}, numbers}};
  assert_ok(hb_safetensors_write(head, NULL, 0, tensors, 1, &failure));
  free(numbers);
  check_refused(*state, &options, "a different head");
}

/* ---- Memory ---- */

static void without_memory_it_fails_cleanly(void **state) {
  collection few = shared.images;
  few.count = 10;
  const char *folder = path_in(*state, "b");
  const char *const heads[] = {shared.head_file, "svd:3", "pca:3"};
  for (int h = 0; h < 3; h++) {
    const hb_build_options options = options_of(heads[h], HB_ENCODING_I8);
    bool refused = true;
    for (size_t n = 0; refused; n += h == 0 ? 1 : h == 1 ? SVD_STEP : LEARN_STEP) {
      hb_builder *builder = NULL;
      hb_build_report report = {.nlist = 77};
      allocations_fail_from(n);
      hb_status status = hb_builder_create(folder, &options, &builder, &failure);
      for (uint32_t i = 0; i < 10 && status == HB_OK; i++)
        status = hb_builder_add(builder, collection_vector(&few, i), few.paths[i], few.labels[i], 0, &failure);
      if (status == HB_OK) status = hb_builder_finish(builder, &report, &failure);
      hb_builder_free(builder);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status == HB_OK, !refused);
      assert_int_equal(report.nlist, refused ? 77 : 1);
      assert_int_equal(folder_count(*state), refused ? 0 : 1);
    }
    remove_all(folder);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(rows_are_what_the_bundles_head_makes),
      test(smaller_heads_keep_the_cosines_of_the_logits),
      test(the_same_images_give_the_same_bytes),
      test(an_svd_head_has_1_to_513_dimensions),
      test(a_heads_file_that_is_not_there_is_named),
      test(an_svd_of_nothing_is_refused),
      test(nothing_changed_gives_the_same_bytes),
      test(new_images_are_embedded_with_the_bases_head),
      test(enough_labels_give_a_discriminant),
      test(other_collections_get_a_pca),
      test(equal_features_under_many_labels_get_a_pca),
      test(labels_that_do_not_serve_are_refused_by_name),
      test(images_without_a_label_teach_no_label),
      test(features_that_are_not_finite_are_refused_by_name),
      test(another_head_model_or_storage_is_refused),
      test(another_file_of_a_head_is_refused),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, set_up_shared, tear_down_shared);
}
