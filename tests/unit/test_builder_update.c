/* Bringing a bundle up to date: hb_builder of heybagh.h with a base. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "collections.h"

#define COUNT 600
#define DIM 24
#define NLIST 12
#define NEW_CONTENT 0xfeedfacecafebeef

/* A bundle "base" with about two lists in a file, and its images. */
typedef struct {
  void *folder;
  const char *base;
  collection images;
  hb_build_options options; /* to continue it */
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  make_folder(&f->folder);
  f->images = collection_make(COUNT, DIM, 6, 3);
  f->options = collection_options(&f->images, HB_ENCODING_I8);
  f->options.nlist = NLIST;
  f->options.shard_bytes = 8000;
  f->base = path_in(f->folder, "base");
  collection_build(&f->images, &f->options, f->base);
  assert_in_range(folder_count(f->base), 7, 10);
  f->options.base = f->base;
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  collection_free(&f->images);
  remove_folder(&f->folder);
  free(f);
  return 0;
}

/* ---- Changes: what is given to the builder ---- */

typedef hb_status (*change)(hb_builder *, const hb_catalog *base, const collection *);

static hb_status keep(hb_builder *b, const hb_catalog *base, const collection *c, uint32_t i, const char *path) {
  uint32_t number = hb_catalog_find(base, c->paths[i]);
  assert_true(number != UINT32_MAX);
  return hb_builder_keep(b, base, number, path, c->labels[i], &failure);
}

static hb_status keep_range(hb_builder *b, const hb_catalog *base, const collection *c, uint32_t from, uint32_t to) {
  hb_status status = HB_OK;
  for (uint32_t i = from; i < to && status == HB_OK; i++) status = keep(b, base, c, i, c->paths[i]);
  return status;
}

static hb_status keep_all(hb_builder *b, const hb_catalog *base, const collection *c) {
  return keep_range(b, base, c, 0, COUNT);
}

/* Image 100 is another picture now, one that looks like image 400. */
static hb_status change_one(hb_builder *b, const hb_catalog *base, const collection *c) {
  hb_status status = keep_range(b, base, c, 0, 100);
  if (status == HB_OK)
    status = hb_builder_add(b, collection_vector(c, 400), c->paths[100], c->labels[100], NEW_CONTENT, &failure);
  return status == HB_OK ? keep_range(b, base, c, 101, COUNT) : status;
}

/* Images 0 to 9 and the whole of the last label are gone. */
static hb_status remove_some(hb_builder *b, const hb_catalog *base, const collection *c) {
  return keep_range(b, base, c, 10, 500);
}

/* Two new images, one in front, one with a new label at the end. */
static hb_status add_two(hb_builder *b, const hb_catalog *base, const collection *c) {
  hb_status status = hb_builder_add(b, collection_vector(c, 1), "a/new.jpg", "kind-000", NEW_CONTENT, &failure);
  if (status == HB_OK) status = keep_all(b, base, c);
  if (status != HB_OK) return status;
  return hb_builder_add(b, collection_vector(c, 2), "zz/new.jpg", "a new label", NEW_CONTENT, &failure);
}

/* Image 5 has another path, image 7 is there thrice. */
static hb_status move_and_copy(hb_builder *b, const hb_catalog *base, const collection *c) {
  hb_status status = keep(b, base, c, 7, "a/copy.jpg");
  if (status == HB_OK) status = keep_range(b, base, c, 0, 5);
  if (status == HB_OK) status = keep_range(b, base, c, 6, COUNT);
  if (status == HB_OK) status = keep(b, base, c, 7, "zz/copy.jpg");
  return status == HB_OK ? keep(b, base, c, 5, "zz/moved.jpg") : status;
}

static hb_status update_to(fixture *f, const char *to, change feed, hb_build_report *report) {
  hb_builder *builder = NULL;
  hb_index *index = NULL;
  hb_catalog *catalog = NULL;
  hb_status status = hb_index_open(f->base, &index, &failure);
  if (status == HB_OK) status = hb_catalog_create(index, &catalog, &failure);
  if (status == HB_OK) status = hb_builder_create(to, &f->options, &builder, &failure);
  if (status == HB_OK) status = feed(builder, catalog, &f->images);
  if (status == HB_OK) status = hb_builder_finish(builder, report, &failure);
  hb_builder_free(builder);
  hb_catalog_free(catalog);
  hb_index_free(index);
  return status;
}

/* The updated bundle "new", whose folder is returned. */
static const char *update(fixture *f, change feed, hb_build_report *report) {
  const char *to = path_in(f->folder, "new");
  assert_ok(update_to(f, to, feed, report));
  return to;
}

/* ---- Few files change ---- */

static void nothing_changed_gives_the_same_bytes(void **state) {
  fixture *f = *state;
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_build_report report;
    f->options.encoding = encoding;
    f->options.base = NULL;
    collection_build(&f->images, &f->options, f->base);
    f->options.base = f->base;
    const char *to = update(f, keep_all, &report);
    assert_true(bundles_equal(f->base, to));
    assert_false(report.trained);
    assert_int_equal(report.files_new, 1);
    assert_true(fabs(report.imbalance - report.trained_imbalance) < 1e-3);
  }
}

static void one_changed_image_changes_the_files_of_its_lists(void **state) {
  fixture *f = *state;
  hb_build_report report;
  const char *to = update(f, change_one, &report);
  uint32_t changed = bundles_new_files(f->base, to);
  assert_in_range(changed, 2, 3); /* index.json, the list it was in and the one it is in */
  assert_int_equal(report.files_new, changed);
  assert_int_equal(report.files, folder_count(to));
  assert_int_equal(report.count, COUNT);
}

static void a_bundle_may_replace_its_own_base(void **state) {
  fixture *f = *state;
  hb_build_report report;
  const char *to = update(f, change_one, &report), *here = f->base;
  assert_ok(update_to(f, here, change_one, &report));
  assert_true(bundles_equal(here, to));
  assert_int_equal(folder_count(f->folder), 2);
}

/* ---- Images come, go and move ---- */

typedef struct {
  hb_index *index;
  hb_catalog *catalog;
} opened;

static opened open_bundle(const char *folder) {
  opened o = {open_index(folder), NULL};
  assert_ok(hb_catalog_create(o.index, &o.catalog, &failure));
  return o;
}

static void close_bundle(opened *o) {
  hb_catalog_free(o->catalog);
  hb_index_free(o->index);
}

/* The image at `path` is the base's image `i`, with its id; or a new one, if `i` is COUNT or more. */
static void check_image(const opened *o, const fixture *f, const char *path, const char *label, uint32_t i,
                        uint32_t id) {
  uint32_t number = hb_catalog_find(o->catalog, path);
  assert_true(number != UINT32_MAX);
  hb_entry entry = hb_catalog_entry(o->catalog, number);
  assert_int_equal(entry.id, id);
  assert_string_equal(entry.label_text, label);
  assert_true(entry.content == (i < COUNT ? collection_content(i) : NEW_CONTENT));
  if (i >= COUNT) return;
  float vector[DIM];
  hb_catalog_vector(o->catalog, number, vector);
  assert_true(cosine_double(vector, collection_vector(&f->images, i), DIM) > 0.9998);
}

static void check_kept(const opened *o, const fixture *f, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) check_image(o, f, f->images.paths[i], f->images.labels[i], i, i);
}

static void a_changed_image_gets_a_new_id_and_others_keep_theirs(void **state) {
  fixture *f = *state;
  hb_build_report report;
  opened o = open_bundle(update(f, change_one, &report));
  check_kept(&o, f, 0, 100);
  check_kept(&o, f, 101, COUNT);
  check_image(&o, f, f->images.paths[100], f->images.labels[100], COUNT, COUNT);
  close_bundle(&o);
}

static void removed_images_are_gone_and_ids_stay(void **state) {
  fixture *f = *state;
  hb_build_report report;
  opened o = open_bundle(update(f, remove_some, &report));
  assert_false(report.trained);
  assert_int_equal(hb_catalog_count(o.catalog), 490);
  check_kept(&o, f, 10, 500);
  for (uint32_t i = 0; i < 10; i++) assert_int_equal(hb_catalog_find(o.catalog, f->images.paths[i]), UINT32_MAX);
  assert_int_equal(hb_index_label_count(o.index), 6); /* labels keep their numbers, so that files need not change */
  close_bundle(&o);
}

static void added_images_get_the_next_ids(void **state) {
  fixture *f = *state;
  hb_build_report report;
  opened o = open_bundle(update(f, add_two, &report));
  assert_false(report.trained);
  check_kept(&o, f, 0, COUNT);
  check_image(&o, f, "a/new.jpg", "kind-000", COUNT, COUNT);
  check_image(&o, f, "zz/new.jpg", "a new label", COUNT, COUNT + 1);
  assert_string_equal(hb_index_label(o.index, 6), "a new label"); /* behind those of the base */
  close_bundle(&o);
}

static void a_moved_image_keeps_its_id_and_a_copy_gets_one(void **state) {
  fixture *f = *state;
  hb_build_report report;
  opened o = open_bundle(update(f, move_and_copy, &report));
  check_kept(&o, f, 0, 5);
  check_kept(&o, f, 6, COUNT);
  check_image(&o, f, "zz/moved.jpg", f->images.labels[5], 5, 5);
  check_image(&o, f, "a/copy.jpg", f->images.labels[7], 7, COUNT);
  check_image(&o, f, "zz/copy.jpg", f->images.labels[7], 7, COUNT + 1);
  assert_int_equal(hb_catalog_find(o.catalog, f->images.paths[5]), UINT32_MAX);
  close_bundle(&o);
}

/* ---- Training anew ---- */

/* Kept rows are as good as new ones. */
static void retraining_what_was_kept_is_a_fresh_build(void **state) {
  fixture *f = *state;
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_build_report report;
    f->options.encoding = encoding;
    f->options.base = NULL;
    f->options.seed = 1;
    collection_build(&f->images, &f->options, f->base);
    f->options.seed = 9; /* other clusters than the base's */
    const char *fresh = path_in(f->folder, "fresh");
    collection_build(&f->images, &f->options, fresh);
    assert_false(bundles_equal(fresh, f->base));
    f->options.base = f->base;
    f->options.retrain = true;
    const char *to = update(f, keep_all, &report);
    assert_true(report.trained);
    assert_true(bundles_equal(fresh, to));
    f->options.retrain = false;
  }
}

/* Also of a base with other ids and labels than a fresh build gives. */
static void retraining_after_changes_is_a_fresh_build_too(void **state) {
  fixture *f = *state;
  hb_build_report report;
  const char *first = path_in(f->folder, "first"), *fresh = path_in(f->folder, "fresh");
  assert_ok(update_to(f, first, remove_some, &report));
  f->base = f->options.base = first;
  f->options.retrain = true;
  const char *to = update(f, remove_some, &report);
  collection rest = f->images;
  hb_build_options options = f->options;
  options.base = NULL;
  hb_builder *builder;
  assert_ok(hb_builder_create(fresh, &options, &builder, &failure));
  for (uint32_t i = 10; i < 500; i++)
    assert_ok(hb_builder_add(builder, collection_vector(&rest, i), rest.paths[i], rest.labels[i], collection_content(i),
                             &failure));
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  assert_true(bundles_equal(fresh, to));
}

/* ---- Refusals ---- */

static void another_storage_or_dimension_is_refused(void **state) {
  fixture *f = *state;
  hb_builder *builder = NULL;
  const char *to = path_in(f->folder, "new");
  f->options.encoding = HB_ENCODING_F16;
  assert_fails(hb_builder_create(to, &f->options, &builder, &failure), HB_INVALID_ARGUMENT, "a different storage");
  assert_non_null(strstr(failure.text, f->base));
  f->options.encoding = HB_ENCODING_I8;
  f->options.dim = DIM + 1;
  assert_fails(hb_builder_create(to, &f->options, &builder, &failure), HB_INVALID_ARGUMENT, "cannot update bundle");
  f->options.dim = DIM;
  f->options.base = path_in(f->folder, "nowhere");
  assert_fails(hb_builder_create(to, &f->options, &builder, &failure), HB_IO, "nowhere");
  assert_null(builder);
  assert_int_equal(folder_count(f->folder), 1);
}

static void without_a_base_nothing_is_kept(void **state) {
  fixture *f = *state;
  hb_build_report report;
  f->options.base = NULL;
  assert_fails(update_to(f, path_in(f->folder, "new"), keep_all, &report), HB_INVALID_ARGUMENT, "can be kept");
  assert_int_equal(folder_count(f->folder), 1);
}

static void without_memory_it_fails_cleanly(void **state) {
  fixture *f = *state;
  const char *to = path_in(f->folder, "new");
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_build_report report = {.nlist = 77};
    allocations_fail_from(n);
    hb_status status = update_to(f, to, add_two, &report);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    assert_int_equal(report.nlist, refused ? 77 : NLIST);
    assert_int_equal(folder_count(f->folder), refused ? 1 : 2);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(nothing_changed_gives_the_same_bytes),
      test(one_changed_image_changes_the_files_of_its_lists),
      test(a_bundle_may_replace_its_own_base),
      test(a_changed_image_gets_a_new_id_and_others_keep_theirs),
      test(removed_images_are_gone_and_ids_stay),
      test(added_images_get_the_next_ids),
      test(a_moved_image_keeps_its_id_and_a_copy_gets_one),
      test(retraining_what_was_kept_is_a_fresh_build),
      test(retraining_after_changes_is_a_fresh_build_too),
      test(another_storage_or_dimension_is_refused),
      test(without_a_base_nothing_is_kept),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
