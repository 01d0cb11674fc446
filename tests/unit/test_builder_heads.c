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
#define FILE_DIM 70
#if defined HB_SANITIZED || defined HB_COVERED
#define SVD_STEP 17 /* every so many allocations fail: such a build takes seconds for the linear algebra */
#else
#define SVD_STEP 1
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
  shared.images = collection_make(COUNT, HB_POOLED_DIM, 4, 3);
  for (size_t i = 0; i < COUNT * HB_POOLED_DIM; i++) shared.images.vectors[i] = 20 * fabsf(shared.images.vectors[i]);
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
  } heads[] = {{"logits", HB_HEAD_LOGITS, 1000},
               {"exact", HB_HEAD_EXACT, 513},
               {"svd:40", HB_HEAD_SVD, 40},
               {shared.head_file, HB_HEAD_FILE, FILE_DIM}};
  for (int h = 0; h < 4; h++)
    for (hb_encoding encoding = h == 1 || h == 2 ? HB_ENCODING_I8 : HB_ENCODING_F32; encoding <= HB_ENCODING_I8;
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
  const char *const heads[] = {"exact", "svd:40"};
  for (int h = 0; h < 2; h++) {
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
                 "must have D from 1 to 513");
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
  const char *const heads[] = {"logits", "exact", "svd:40", shared.head_file};
  const char *base = path_in(*state, "base"), *to = path_in(*state, "to");
  for (int h = 0; h < 4; h++)
    for (hb_encoding encoding = h == 1 || h == 2 ? HB_ENCODING_I8 : HB_ENCODING_F32; encoding <= HB_ENCODING_I8;
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

/* An svd head is its base's, whatever images come. */
static void new_images_are_embedded_with_the_bases_svd_head(void **state) {
  collection half = shared.images;
  half.count = COUNT / 2;
  const char *base = path_in(*state, "base"), *to = path_in(*state, "to");
  hb_build_options options = options_of("svd:40", HB_ENCODING_I8);
  collection_build(&half, &options, base);
  options.base = base;
  collection_build(&shared.images, &options, to);
  hb_index *old = open_index(base), *new = open_index(to);
  assert_string_equal(hb_index_file_name(old, old->head_file), hb_index_file_name(new, new->head_file));
  hb_index_free(old);
  hb_index_free(new);
  check_embeddings(to, "svd:40", HB_HEAD_SVD, 40);
}

static void check_refused(const char *folder, const hb_build_options *options, const char *words) {
  hb_builder *builder = NULL;
  assert_fails(hb_builder_create(path_in(folder, "to"), options, &builder, &failure), HB_INVALID_ARGUMENT, words);
  assert_null(builder);
  assert_int_equal(folder_count(folder), 1);
}

static void another_head_model_or_storage_is_refused(void **state) {
  const char *const heads[] = {"logits", "exact", "svd:40", shared.head_file};
  const char *base = path_in(*state, "base");
  for (int h = 0; h < 4; h++) {
    hb_build_options options = options_of(heads[h], HB_ENCODING_F16);
    collection_build(&shared.images, &options, base);
    options.base = base;
    for (int other = 0; other < 4; other++) {
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
  const char *const heads[] = {shared.head_file, "svd:3"};
  for (int h = 0; h < 2; h++) {
    const hb_build_options options = options_of(heads[h], HB_ENCODING_I8);
    bool refused = true;
    for (size_t n = 0; refused; n += h == 0 ? 1 : SVD_STEP) {
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
      test(rows_are_what_the_bundles_head_makes),     test(smaller_heads_keep_the_cosines_of_the_logits),
      test(the_same_images_give_the_same_bytes),      test(an_svd_head_has_1_to_513_dimensions),
      test(a_heads_file_that_is_not_there_is_named),  test(an_svd_of_nothing_is_refused),
      test(nothing_changed_gives_the_same_bytes),     test(new_images_are_embedded_with_the_bases_svd_head),
      test(another_head_model_or_storage_is_refused), test(another_file_of_a_head_is_refused),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, set_up_shared, tear_down_shared);
}
