/* Lists that are kept from a base: the other half of hb_clusters_create of builder.h. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "collections.h"

#define DIM 24
#define COUNT 600
#define NLIST 12

/* A base whose lists are trained on COUNT images, and rows that are to continue it. */
typedef struct {
  void *folder;
  collection images;
  hb_index *base;
  hb_row_store rows;
} fixture;

static const hb_build_options anew = {.nlist = NLIST, .seed = 77}; /* would cluster otherwise than the base */

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  make_folder(&f->folder);
  f->images = collection_make(2 * COUNT + 2, DIM, 6, 3);
  hb_build_options options = collection_options(&f->images, HB_ENCODING_I8);
  options.nlist = NLIST;
  uint32_t all = f->images.count;
  f->images.count = COUNT;
  collection_build(&f->images, &options, path_in(f->folder, "base"));
  f->images.count = all;
  f->base = open_index(path_in(f->folder, "base"));
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hb_row_store_free(&f->rows);
  hb_index_free(f->base);
  collection_free(&f->images);
  remove_folder(&f->folder);
  free(f);
  return 0;
}

/* Lists of the first `count` images, continuing the base. */
static hb_clusters continue_with(fixture *f, uint32_t count) {
  hb_clusters k = {0};
  uint32_t all = f->images.count;
  f->images.count = count;
  hb_row_store_free(&f->rows);
  f->rows = collection_rows(&f->images, HB_ENCODING_I8, path_in(f->folder, "rows"));
  f->images.count = all;
  assert_ok(hb_clusters_create(&f->rows, &anew, f->base, NULL, &k, &failure));
  return k;
}

static bool has_centroids_of_base(const fixture *f, const hb_clusters *k) {
  return k->nlist == NLIST && memcmp(k->centroids.codes, f->base->centroids.codes, NLIST * DIM) == 0 &&
         memcmp(k->centroids.scales, f->base->centroids.scales, NLIST * sizeof(float)) == 0;
}

static void lists_that_still_serve_are_kept(void **state) {
  fixture *f = *state;
  hb_clusters k = continue_with(f, COUNT + 50);
  assert_false(k.trained);
  assert_true(has_centroids_of_base(f, &k));
  assert_int_equal(k.trained_count, COUNT);
  assert_true(k.trained_imbalance == f->base->trained_imbalance / 1000.0);
  assert_int_equal(k.ends[NLIST - 1], COUNT + 50);
  hb_clusters_free(&k);
}

static void the_same_rows_come_into_the_same_lists(void **state) {
  fixture *f = *state;
  hb_clusters k = continue_with(f, COUNT);
  assert_true(has_centroids_of_base(f, &k));
  assert_int_equal((uint32_t)(k.imbalance * 1000 + 0.5), f->base->trained_imbalance);
  for (uint32_t l = 0; l < NLIST; l++) assert_int_equal(k.ends[l] - hb_clusters_begin(&k, l), f->base->lists[l].count);
  hb_clusters_free(&k);
}

/* Up to twice as many, down to half as many. */
static void a_collection_that_has_grown_or_shrunk_is_trained_anew(void **state) {
  fixture *f = *state;
  static const struct {
    uint32_t count;
    bool trained;
  } cases[] = {{2 * COUNT, false}, {2 * COUNT + 2, true}, {COUNT / 2, false}, {COUNT / 2 - 2, true}, {1, true}};
  f->base->trained_imbalance = 1000000; /* unevenness does not matter here */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hb_clusters k = continue_with(f, cases[i].count);
    assert_int_equal(k.trained, cases[i].trained);
    assert_int_equal(has_centroids_of_base(f, &k), !cases[i].trained);
    assert_int_equal(k.trained_count, cases[i].trained ? cases[i].count : COUNT);
    if (cases[i].trained) assert_true(k.trained_imbalance == k.imbalance);
    hb_clusters_free(&k);
  }
}

/* Many images of one kind: their list is half of all. */
static void lists_that_became_uneven_are_trained_anew(void **state) {
  fixture *f = *state;
  for (uint32_t i = COUNT; i < 2 * COUNT; i++)
    memcpy(f->images.vectors + i * DIM, f->images.vectors, DIM * sizeof(float));
  hb_clusters k = continue_with(f, 2 * COUNT);
  assert_true(k.trained);
  assert_int_equal(k.trained_count, 2 * COUNT);
  assert_false(has_centroids_of_base(f, &k));
  hb_clusters fresh;
  assert_ok(hb_clusters_create(&f->rows, &anew, NULL, NULL, &fresh, &failure)); /* nothing of the base is left */
  assert_int_equal(k.nlist, fresh.nlist);
  assert_memory_equal(k.centroids.codes, fresh.centroids.codes, fresh.nlist * DIM);
  assert_memory_equal(k.members, fresh.members, 2 * COUNT * sizeof *k.members);
  hb_clusters_free(&fresh);
  hb_clusters_free(&k);
}

/* One and a half times as uneven as when they were trained is still good. */
static void a_little_more_uneven_is_fine(void **state) {
  fixture *f = *state;
  hb_clusters k = continue_with(f, COUNT);
  uint32_t now = f->base->trained_imbalance;
  hb_clusters_free(&k);
  f->base->trained_imbalance = (uint32_t)(now / 1.49);
  k = continue_with(f, COUNT);
  assert_false(k.trained);
  hb_clusters_free(&k);
  f->base->trained_imbalance = (uint32_t)(now / 1.51);
  k = continue_with(f, COUNT);
  assert_true(k.trained);
  hb_clusters_free(&k);
}

static void without_memory_it_fails_cleanly(void **state) {
  fixture *f = *state;
  hb_clusters k = continue_with(f, COUNT);
  for (int way = 0; way < 3; way++) { /* kept, trained anew, no base */
    bool refused = true;
    if (way == 1) f->base->trained_imbalance = 1;
    for (size_t n = 0; refused; n++) {
      hb_clusters made = {.nlist = 77};
      allocations_fail_from(n);
      hb_status status = hb_clusters_create(&f->rows, &anew, way < 2 ? f->base : NULL, NULL, &made, &failure);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
      if (refused) {
        assert_int_equal(made.nlist, 77);
      } else {
        assert_int_equal(made.trained, way > 0);
        hb_clusters_free(&made);
      }
    }
  }
  hb_clusters_free(&k);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(lists_that_still_serve_are_kept),
      test(the_same_rows_come_into_the_same_lists),
      test(a_collection_that_has_grown_or_shrunk_is_trained_anew),
      test(lists_that_became_uneven_are_trained_anew),
      test(a_little_more_uneven_is_fine),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
