/* file.h: mapping, writing whole or not at all, folders. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support.h"

static void a_mapped_file_holds_its_bytes(void **state) {
  const char *path = path_in(*state, "bytes");
  uint8_t bytes[10000];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 31);
  file_write(path, bytes, sizeof bytes);
  hb_mapping mapping;
  assert_ok(hb_file_map(path, &mapping, &failure));
  assert_int_equal(mapping.size, sizeof bytes);
  assert_memory_equal(mapping.bytes, bytes, sizeof bytes);
  hb_file_unmap(mapping);
}

static void a_mapped_file_is_hashed_on_demand(void **state) {
  const char *path = path_in(*state, "bytes");
  static const size_t sizes[] = {0, 1, 1 << 16, 200001};
  uint8_t *bytes = must_allocate(200001);
  for (size_t i = 0; i < 200001; i++) bytes[i] = (uint8_t)(i * 31);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char expected[HB_SHA256_HEX], actual[HB_SHA256_HEX];
    hb_mapping mapping;
    file_write(path, bytes, sizes[i]);
    hb_sha256_hex_of(bytes, sizes[i], expected);
    assert_ok(hb_file_map_hashed(path, &mapping, actual, &failure));
    assert_string_equal(actual, expected);
    assert_int_equal(mapping.size, sizes[i]);
    if (sizes[i] > 0) assert_memory_equal(mapping.bytes, bytes, sizes[i]);
    hb_file_unmap(mapping);
  }
  free(bytes);
}

static void an_empty_file_maps_to_nothing(void **state) {
  const char *path = path_in(*state, "empty");
  file_write(path, "", 0);
  hb_mapping mapping = {path, 5};
  assert_ok(hb_file_map(path, &mapping, &failure));
  assert_null(mapping.bytes);
  assert_int_equal(mapping.size, 0);
  hb_file_unmap(mapping);
}

static void what_cannot_be_mapped_is_named_and_leaves_the_output_alone(void **state) {
  hb_mapping mapping = {*state, 42};
  assert_fails(hb_file_map(path_in(*state, "nobody"), &mapping, &failure), HB_IO, "nobody");
  assert_non_null(strstr(failure.text, "No such file"));
  assert_fails(hb_file_map(*state, &mapping, &failure), HB_IO, "not a file");
  char sha256[HB_SHA256_HEX];
  assert_fails(hb_file_map_hashed(*state, &mapping, sha256, &failure), HB_IO, "not a file");
  assert_ptr_equal(mapping.bytes, *state);
  assert_int_equal(mapping.size, 42);
}

static void a_file_has_its_name_only_once_it_is_whole(void **state) {
  const char *path = path_in(*state, "target");
  hb_writer *writer;
  assert_ok(hb_writer_open(path, &writer, &failure));
  hb_writer_add(writer, "first ", 6);
  assert_false(hb_path_exists(path));
  hb_writer_add(writer, NULL, 0);
  hb_writer_add(writer, "second", 6);
  assert_ok(hb_writer_close(writer, &failure));
  blob content = file_read(path);
  assert_int_equal(content.size, 12);
  assert_memory_equal(content.bytes, "first second", 12);
  blob_free(&content);
  assert_int_equal(folder_count(*state), 1); /* nothing temporary is left */
}

static void writing_replaces_a_file(void **state) {
  const char *path = path_in(*state, "target");
  file_write(path, "the old content, which is longer", 32);
  hb_writer *writer;
  assert_ok(hb_writer_open(path, &writer, &failure));
  hb_writer_add(writer, "new", 3);
  assert_ok(hb_writer_close(writer, &failure));
  blob content = file_read(path);
  assert_int_equal(content.size, 3);
  blob_free(&content);
}

static void a_file_that_cannot_be_opened_for_writing_is_named(void **state) {
  hb_writer *writer = NULL;
  assert_fails(hb_writer_open(path_in(*state, "no/such/folder"), &writer, &failure), HB_IO, "no/such/folder");
  assert_null(writer);
}

/* A limit on file sizes stands for a full disk. */
static void a_full_disk_is_reported_and_leaves_the_old_file(void **state) {
  const char *path = path_in(*state, "target");
  static const char zeros[200000];
  file_write(path, "old", 3);
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 100000;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  hb_writer *writer;
  hb_status opened = hb_writer_open(path, &writer, &failure);
  for (int i = 0; i < 3; i++) hb_writer_add(writer, zeros, sizeof zeros);
  failure = (hb_error){0};
  hb_status closed = hb_writer_close(writer, &failure);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_int_equal(opened, HB_OK);
  assert_int_equal(closed, HB_IO);
  assert_non_null(strstr(failure.text, "File too large"));
  blob content = file_read(path);
  assert_int_equal(content.size, 3);
  blob_free(&content);
  assert_int_equal(folder_count(*state), 1);
}

static void a_name_that_is_a_folder_cannot_be_written(void **state) {
  const char *path = path_in(*state, "folder");
  assert_ok(hb_directory_create(path, &failure));
  hb_writer *writer;
  assert_ok(hb_writer_open(path, &writer, &failure));
  hb_writer_add(writer, "x", 1);
  assert_fails(hb_writer_close(writer, &failure), HB_IO, "folder");
  assert_int_equal(folder_count(*state), 1);
}

static void paths_are_joined(void **state) {
  (void)state;
  char *path = hb_path_join("a/b", "c");
  assert_string_equal(path, "a/b/c");
  free(path);
}

static void vacant_is_nothing_or_an_empty_folder(void **state) {
  assert_true(hb_path_is_vacant(*state));
  assert_true(hb_path_is_vacant(path_in(*state, "nothing")));
  file_write(path_in(*state, "file"), "x", 1);
  assert_false(hb_path_is_vacant(*state));
  assert_false(hb_path_is_vacant(path_in(*state, "file")));
  assert_true(hb_path_exists(path_in(*state, "file")));
  assert_false(hb_path_exists(path_in(*state, "nothing")));
}

static void a_hidden_file_makes_a_folder_not_vacant(void **state) {
  file_write(path_in(*state, ".hidden"), "x", 1);
  assert_false(hb_path_is_vacant(*state));
}

static void folders_are_made_renamed_and_removed(void **state) {
  const char *folder = path_in(*state, "folder"), *other = path_in(*state, "other");
  assert_ok(hb_directory_create(folder, &failure));
  assert_fails(hb_directory_create(folder, &failure), HB_IO, "folder");
  file_write(path_in(folder, "a"), "a", 1);
  file_write(path_in(folder, "b"), "b", 1);
  assert_ok(hb_path_rename(folder, other, &failure));
  assert_false(hb_path_exists(folder));
  assert_fails(hb_path_rename(folder, other, &failure), HB_IO, "other");
  assert_ok(hb_directory_remove(other, &failure));
  assert_false(hb_path_exists(other));
  assert_ok(hb_directory_remove(other, &failure)); /* nothing there is fine */
}

static void a_folder_in_a_folder_is_never_removed(void **state) {
  const char *outer = path_in(*state, "outer"), *inner = path_in(*state, "outer/inner");
  assert_int_equal(mkdir(outer, 0777), 0);
  assert_int_equal(mkdir(inner, 0777), 0);
  assert_fails(hb_directory_remove(outer, &failure), HB_IO, "outer");
  assert_true(hb_path_exists(inner));
  file_write(path_in(*state, "file"), "x", 1);
  assert_fails(hb_directory_remove(path_in(*state, "file"), &failure), HB_IO, "file");
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_mapped_file_holds_its_bytes),
      test(a_mapped_file_is_hashed_on_demand),
      test(an_empty_file_maps_to_nothing),
      test(what_cannot_be_mapped_is_named_and_leaves_the_output_alone),
      test(a_file_has_its_name_only_once_it_is_whole),
      test(writing_replaces_a_file),
      test(a_file_that_cannot_be_opened_for_writing_is_named),
      test(a_full_disk_is_reported_and_leaves_the_old_file),
      test(a_name_that_is_a_folder_cannot_be_written),
      cmocka_unit_test(paths_are_joined),
      test(vacant_is_nothing_or_an_empty_folder),
      test(a_hidden_file_makes_a_folder_not_vacant),
      test(folders_are_made_renamed_and_removed),
      test(a_folder_in_a_folder_is_never_removed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
