/* The catalog of heybagh.h: all images of a bundle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "base/file.h"
#include "builder/bundle_write.h"
#include "bundle/catalog.h"
#include "bundle_memory.h"
#include "collections.h"
#include "plain_search.h"

#define COUNT 400
#define DIM 20

static struct {
  void *folder;
  collection images;
  hb_index *indexes[3];
} shared;

/* Lists hold every eighth image, so that the order of paths is not that of the bundle; nor is an id a number. */
static int build_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(COUNT, DIM, 8, 3);
  for (uint32_t i = 0; i < COUNT; i++) snprintf(shared.images.labels[i], 48, "kind-%u", i % 8);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    const hb_build_options options = collection_options(&shared.images, encoding);
    const char *folder = path_in(shared.folder, hb_encoding_name(encoding));
    collection_write(&shared.images, &options, NULL, folder, NULL);
    shared.indexes[encoding] = open_index(folder);
  }
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  for (int s = 0; s < 3; s++) hb_index_free(shared.indexes[s]);
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

/* A catalog of the f32 bundle. */
static int set_up(void **state) {
  hb_catalog *catalog;
  assert_ok(hb_catalog_create(shared.indexes[0], &catalog, &failure));
  *state = catalog;
  return 0;
}

static int tear_down(void **state) {
  hb_catalog_free(*state);
  return 0;
}

static void images_are_numbered_in_byte_order_of_their_paths(void **state) {
  assert_int_equal(hb_catalog_count(*state), COUNT);
  for (uint32_t n = 0; n < COUNT; n++) {
    hb_entry entry = hb_catalog_entry(*state, n);
    assert_string_equal(entry.path, shared.images.paths[n]);
    assert_string_equal(entry.label_text, shared.images.labels[n]);
    assert_string_equal(hb_index_label(shared.indexes[0], entry.label), entry.label_text);
    assert_int_equal(entry.id, collection_id(n));
    assert_true(entry.content == collection_content(n));
  }
}

static void an_image_is_found_by_its_path(void **state) {
  for (uint32_t n = 0; n < COUNT; n++) assert_int_equal(hb_catalog_find(*state, shared.images.paths[n]), n);
  static const char *const others[] = {"", "a", "kind-000/000000.jp", "kind-000/000000.jpgx", "zebra", "\xff"};
  for (int i = 0; i < 6; i++) assert_int_equal(hb_catalog_find(*state, others[i]), UINT32_MAX);
}

static void vectors_and_scores_are_those_of_the_images(void **state) {
  (void)state;
  float *queries = random_unit_vectors(5, DIM, 12), scores[5 * COUNT], row_scores[COUNT], vector[DIM], expected[DIM];
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_catalog *catalog;
    hb_query query;
    assert_ok(hb_catalog_create(shared.indexes[encoding], &catalog, &failure));
    assert_ok(hb_query_create(encoding, DIM, &query, &failure));
    assert_ok(hb_catalog_scores(catalog, queries, 5, scores, &failure));
    for (int q = 0; q < 5; q++) {
      hb_query_set(&query, queries + q * DIM);
      for (uint32_t n = 0; n < COUNT; n++) {
        uint8_t codes[DIM * 4];
        float scale;
        hb_row_encode(encoding, DIM, collection_vector(&shared.images, n), true, codes, &scale);
        const hb_rows row = {encoding, DIM, 1, codes, &scale}, stored = hb_catalog_row(catalog, n);
        hb_row_decode(&row, 0, expected);
        hb_catalog_vector(catalog, n, vector);
        assert_same_bits(vector, expected, DIM);
        assert_int_equal(stored.count, 1);
        hb_rows_score(&stored, 0, 1, &query, &row_scores[n]);
      }
      assert_same_bits(scores + q * COUNT, row_scores, COUNT);
    }
    hb_query_free(&query);
    hb_catalog_free(catalog);
  }
  free(queries);
}

/* The lists that a search plans, nearest first, and the images in each: all of the bundle's, once. */
static void lists_lead_to_all_images(void **state) {
  hb_index *index = shared.indexes[0];
  hb_search *search;
  float *query = random_unit_vectors(1, DIM, 4);
  uint32_t expected[8], position = 0;
  bool met[COUNT] = {false};
  plain_order(index, query, expected);
  assert_ok(hb_search_create(index, &search, &failure));
  assert_ok(hb_search_start(search, query, &(hb_search_options){.k = 1, .nprobe = 5}, &failure));
  for (uint32_t place = 0; place < 5; place++) assert_int_equal(hb_search_list(search, place), expected[place]);
  assert_int_equal(hb_search_list(search, 5), UINT32_MAX);
  for (uint32_t list = 0; list < 8; list++) {
    uint32_t first;
    const uint32_t count = hb_index_list_range(index, list, &first);
    assert_int_equal(first, position);
    for (; position < first + count; position++) {
      const uint32_t number = hb_catalog_number_at(*state, position);
      assert_false(met[number]);
      met[number] = true;
      assert_int_equal(hb_index_list_at(index, position), list);
    }
  }
  assert_int_equal(position, COUNT);
  assert_true(hb_index_seed(index) == 1 && hb_index_shard_bytes(index) == 8192);
  assert_int_equal(hb_index_head_file(index), UINT32_MAX);
  hb_search_free(search);
  free(query);
}

/* ---- What is refused ---- */

static void check_refused(const char *name, const collection *c, const char *words) {
  const hb_build_options options = collection_options(c, HB_ENCODING_F32);
  hb_row_store rows = collection_rows(c, HB_ENCODING_F32, path_in(shared.folder, "rows"));
  hb_clusters clusters = collection_clusters(c, &rows);
  const hb_bundle_parts parts = {&options, &rows, &clusters, NULL, NULL, 1};
  hb_build_report report = {0};
  const char *folder = path_in(shared.folder, name);
  if (name[0] == 'p')
    strcpy(rows.paths + rows.info[c->count - 1].path, rows.paths); /* first and last, in other lists */
  if (name[0] == 'i') rows.info[c->count - 1].id = rows.info[0].id;
  assert_ok(hb_directory_create(folder, &failure));
  assert_ok(hb_bundle_write(folder, &parts, &report, &failure));
  hb_index *index = open_index(folder);
  hb_catalog *catalog = NULL;
  assert_fails(hb_catalog_create(index, &catalog, &failure), HB_BAD_INDEX, words);
  assert_null(catalog);
  hb_index_free(index);
  hb_clusters_free(&clusters);
  hb_row_store_free(&rows);
}

static void an_image_that_is_there_twice_is_refused(void **state) {
  (void)state;
  check_refused("paths", &shared.images, "'kind-000/000000.jpg' twice");
}

static void an_id_that_is_there_twice_is_refused(void **state) {
  (void)state;
  check_refused("ids", &shared.images, "id 3 twice");
}

static void files_that_are_not_there_are_not_guessed(void **state) {
  (void)state;
  bundle *b = bundle_load(path_in(shared.folder, "f32"));
  hb_index *index = bundle_parse(b);
  hb_catalog *catalog = NULL;
  bundle_provide_needed(b, index);
  assert_fails(hb_catalog_create(index, &catalog, &failure), HB_INVALID_ARGUMENT, "are missing");
  assert_null(catalog);
  hb_index_free(index);
  bundle_free(b);
}

/* ---- Memory ---- */

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  float query[DIM] = {1}, scores[COUNT];
  for (int s = 0; s < 3; s++) {
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      hb_catalog *catalog = NULL;
      hb_index *index = open_index(path_in(shared.folder, hb_encoding_name((hb_encoding)s)));
      scores[0] = 77;
      allocations_fail_from(n);
      hb_status status = hb_catalog_create(index, &catalog, &failure);
      if (status == HB_OK) status = hb_catalog_scores(catalog, query, 1, scores, &failure);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
      assert_int_equal(scores[0] == 77, refused);
      hb_catalog_free(catalog);
      hb_index_free(index);
    }
  }
  hb_catalog_free(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(images_are_numbered_in_byte_order_of_their_paths),
      test(an_image_is_found_by_its_path),
      cmocka_unit_test(vectors_and_scores_are_those_of_the_images),
      test(lists_lead_to_all_images),
      cmocka_unit_test(an_image_that_is_there_twice_is_refused),
      cmocka_unit_test(an_id_that_is_there_twice_is_refused),
      cmocka_unit_test(files_that_are_not_there_are_not_guessed),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, build_shared, free_shared);
}
