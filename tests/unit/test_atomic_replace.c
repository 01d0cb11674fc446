/* Where hb_builder of heybagh.h writes: the place is checked, and only ever holds a whole bundle. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collections.h"

#define DIM 1000

static hb_build_report build(const char *folder, uint32_t count) {
  collection c = collection_make(count, DIM, 2, 10);
  const hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  hb_build_report report = collection_build(&c, &options, folder);
  collection_free(&c);
  return report;
}

static uint32_t count_of(const char *folder) {
  hb_index *index = open_index(folder);
  uint32_t count = hb_index_count(index);
  hb_index_free(index);
  return count;
}

/* A builder that has all its images. */
static hb_builder *begin(const char *folder, const collection *c, const hb_build_options *options) {
  hb_builder *builder = NULL;
  assert_ok(hb_builder_create(folder, options, &builder, &failure));
  for (uint32_t i = 0; i < c->count; i++)
    assert_ok(hb_builder_add(builder, collection_vector(c, i), c->paths[i], c->labels[i], 0, &failure));
  return builder;
}

/* ---- A whole bundle or none ---- */

static void a_bundle_is_replaced_whole(void **state) {
  const char *folder = path_in(*state, "b");
  build(folder, 200);
  hb_build_report report = build(path_in(*state, "b/"), 50); /* the slash changes nothing */
  assert_int_equal(count_of(folder), 50);
  assert_int_equal(folder_count(folder), report.files); /* nothing of the first is left */
  assert_int_equal(folder_count(*state), 1);
}

static void an_empty_folder_is_taken(void **state) {
  const char *folder = path_in(*state, "b");
  assert_int_equal(mkdir(folder, 0777), 0);
  assert_ok(hb_builder_check_target(folder, &failure));
  build(folder, 10);
  assert_int_equal(folder_count(*state), 1);
}

static void what_is_left_of_a_crash_is_cleared_away(void **state) {
  static const char *const left[] = {"b.partial", "b.replaced"};
  const char *folder = path_in(*state, "b");
  build(folder, 20);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(mkdir(path_in(*state, left[i]), 0777), 0);
    file_write(path_in(path_in(*state, left[i]), "half"), "x", 1);
  }
  build(folder, 10);
  assert_int_equal(count_of(folder), 10);
  assert_int_equal(folder_count(*state), 1);
}

static void until_it_is_finished_the_old_bundle_is_there(void **state) {
  const char *folder = path_in(*state, "b");
  build(folder, 20);
  collection c = collection_make(30, DIM, 2, 11);
  const hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  hb_builder *builder = begin(folder, &c, &options);
  assert_int_equal(count_of(folder), 20);
  hb_builder_free(builder); /* given up */
  assert_int_equal(count_of(folder), 20);
  assert_int_equal(folder_count(*state), 1);
  collection_free(&c);
}

/* Thumbnails. */
static void files_put_into_the_builders_folder_are_part_of_the_bundle(void **state) {
  const char *folder = path_in(*state, "b");
  collection c = collection_make(30, DIM, 2, 11);
  const hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  hb_build_report report;
  hb_builder *builder = begin(folder, &c, &options);
  assert_string_equal(hb_builder_directory(builder), path_in(*state, "b.partial"));
  file_write(path_in(hb_builder_directory(builder), "0123.jpg"), "x", 1);
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  assert_int_equal(folder_count(folder), report.files + 1);
  blob thumb = file_read(path_in(folder, "0123.jpg"));
  assert_int_equal(thumb.size, 1);
  blob_free(&thumb);
  collection_free(&c);
}

/* ---- Links, and what a kill left ---- */

static void a_link_is_followed(void **state) {
  const char *link = path_in(*state, "link"), *folder = path_in(*state, "b");
  build(folder, 20);
  assert_int_equal(symlink("b", link), 0);
  build(link, 10);
  assert_int_equal(count_of(folder), 10);
  assert_int_equal(count_of(link), 10);
  char target[8] = "";
  assert_int_equal(readlink(link, target, sizeof target), 1);
  assert_int_equal(folder_count(*state), 2);
}

static void a_bundle_left_under_its_other_name_is_taken_back(void **state) {
  const char *folder = path_in(*state, "b"), *other = path_in(*state, "b.replaced");
  build(other, 20);
  assert_ok(hb_builder_check_target(folder, &failure));
  assert_int_equal(count_of(folder), 20);
  assert_int_equal(folder_count(*state), 1);
}

/* What somebody puts into the old bundle while a new one is made keeps the old one, and does not make the build fail.
 */
static void an_old_bundle_that_cannot_be_removed_is_no_failure(void **state) {
  const char *folder = path_in(*state, "b");
  build(folder, 20);
  collection c = collection_make(30, DIM, 2, 10);
  const hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  hb_builder *builder = begin(folder, &c, &options);
  assert_int_equal(mkdir(path_in(folder, "mine"), 0777), 0);
  hb_build_report report;
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  collection_free(&c);
  assert_int_equal(count_of(folder), 30);
  assert_int_equal(folder_count(path_in(*state, "b.partial/mine")), 0);
  assert_fails(hb_builder_check_target(folder, &failure), HB_IO, "b.partial"); /* now it is told */
}

/* ---- Places that are refused ---- */

/* Checked early (hb_builder_check_target) and again when building. */
static void assert_target_refused(const char *folder, const char *words) {
  const hb_build_options options = {.dim = 3, .image_url = "i"};
  hb_builder *builder = NULL;
  assert_fails(hb_builder_check_target(folder, &failure), HB_IO, words);
  assert_fails(hb_builder_create(folder, &options, &builder, &failure), HB_IO, words);
  assert_null(builder);
}

static void what_is_no_bundle_is_never_replaced(void **state) {
  const char *folder = path_in(*state, "photos"), *photo = path_in(folder, "photo.jpg");
  assert_int_equal(mkdir(folder, 0777), 0);
  file_write(photo, "precious", 8);
  assert_target_refused(folder, "is not a bundle");
  assert_target_refused(photo, "photo.jpg");
  /* somebody else's index.json does not make it one */
  static const char *const others[] = {"{\"name\":\"my site\"}", "{\"format\":\"feed\"}", "", "[]"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    file_write(path_in(folder, "index.json"), others[i], strlen(others[i]));
    assert_target_refused(folder, "is not a bundle");
  }
  assert_int_equal(folder_count(folder), 2);
  assert_int_equal(folder_count(*state), 1);
}

/* Folders are not removed with a bundle, whoever put them there. */
static void a_bundle_with_a_folder_in_it_is_not_replaced(void **state) {
  const char *folder = path_in(*state, "b"), *mine = path_in(folder, "mine");
  build(folder, 10);
  assert_int_equal(mkdir(mine, 0777), 0);
  assert_target_refused(folder, "contains a folder, which would be lost");
  assert_int_equal(folder_count(*state), 1);
  remove_all(mine);
  build(folder, 12);
  assert_int_equal(count_of(folder), 12);
}

static void a_bundle_of_another_version_may_be_replaced(void **state) {
  const char *folder = path_in(*state, "b");
  static const char old[] = "{\"format\":\"heybagh-index\",\"version\":77}";
  assert_int_equal(mkdir(folder, 0777), 0);
  file_write(path_in(folder, "index.json"), old, sizeof old - 1);
  assert_ok(hb_builder_check_target(folder, &failure));
  build(folder, 10);
  assert_int_equal(count_of(folder), 10);
}

static void a_place_that_cannot_be_written_is_told_at_once(void **state) {
  const char *link = path_in(*state, "link");
  assert_int_equal(symlink("nowhere", link), 0);
  assert_target_refused(link, "cannot follow");
  remove_all(link);
  assert_target_refused(path_in(*state, "no/such/place"), "no/such/place");
  assert_int_equal(folder_count(*state), 0);
}

/* ---- Failures ---- */

static hb_status finish_with_limit(hb_builder *builder, rlim_t bytes, hb_build_report *report) {
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = bytes;
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  failure = (hb_error){0};
  hb_status status = hb_builder_finish(builder, report, &failure);
  setrlimit(RLIMIT_FSIZE, &before);
  return status;
}

/* At first rows do not fit on the disk, then files of the bundle. */
static void a_full_disk_leaves_the_old_bundle_and_nothing_else(void **state) {
  static const rlim_t limits[] = {1000, 100000, 404500};
  const char *folder = path_in(*state, "b");
  build(folder, 90);
  for (int i = 0; i < 3; i++) {
    collection c = collection_make(101, DIM, 2, 14); /* 404,000 bytes of rows */
    hb_build_options options = collection_options(&c, HB_ENCODING_F32);
    options.nlist = 1;
    hb_build_report report = {.nlist = 77};
    hb_builder *builder = begin(folder, &c, &options);
    hb_status status = finish_with_limit(builder, limits[i], &report);
    check_fails(status, HB_IO, "File too large", __FILE__, __LINE__);
    hb_builder_free(builder);
    assert_int_equal(report.nlist, 77);
    assert_int_equal(folder_count(*state), 1); /* no .partial */
    assert_int_equal(count_of(folder), 90);
    collection_free(&c);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_bundle_is_replaced_whole),
      test(an_old_bundle_that_cannot_be_removed_is_no_failure),
      test(an_empty_folder_is_taken),
      test(what_is_left_of_a_crash_is_cleared_away),
      test(until_it_is_finished_the_old_bundle_is_there),
      test(files_put_into_the_builders_folder_are_part_of_the_bundle),
      test(a_link_is_followed),
      test(a_bundle_left_under_its_other_name_is_taken_back),
      test(what_is_no_bundle_is_never_replaced),
      test(a_bundle_with_a_folder_in_it_is_not_replaced),
      test(a_bundle_of_another_version_may_be_replaced),
      test(a_place_that_cannot_be_written_is_told_at_once),
      test(a_full_disk_leaves_the_old_bundle_and_nothing_else),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
