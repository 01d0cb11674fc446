/* A bundle in a folder: hb_index_open of heybagh.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "allocations.h"
#include "base/file.h"
#include "bundle_memory.h"
#include "collections.h"

/* 12 images in 3 lists of 4; files: centroids, lists 0 and 1, list 2. One for each kind of storage. */
static struct {
  void *folder;
  const char *bundles[3];
  collection images;
} shared;

#define DIM 1000

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(12, DIM, 3, 1);
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_build_options options = collection_options(&shared.images, encoding);
    options.shard_bytes = 7 * hb_row_bytes(encoding, DIM);
    shared.bundles[encoding] = path_in(shared.folder, hb_encoding_name(encoding));
    collection_write(&shared.images, &options, NULL, shared.bundles[encoding], NULL);
  }
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

static int load(void **state) {
  *state = bundle_load(shared.bundles[HB_ENCODING_F32]);
  assert_int_equal(((bundle *)*state)->count, 3);
  return 0;
}

static int unload(void **state) {
  bundle_free(*state);
  return 0;
}

static void what_was_written_is_read(void **state) {
  (void)state;
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    hb_index *index = open_index(shared.bundles[encoding]);
    assert_int_equal(hb_index_encoding(index), encoding);
    collection_check(&shared.images, index);
    hb_index_free(index);
  }
}

static bool is_there(const char *folder) {
  bool there = !hb_path_exists(folder); /* wrong, until it is set */
  assert_ok(hb_index_is_there(folder, &there, &failure));
  return there;
}

static void a_bundle_is_known_by_its_manifest(void **state) {
  (void)state;
  const char *other = path_in(shared.folder, "other"), *manifest = path_in(other, HB_MANIFEST_NAME);
  assert_true(is_there(shared.bundles[0]));
  assert_false(is_there(path_in(shared.folder, "nowhere")));
  assert_false(is_there(shared.folder));
  assert_int_equal(mkdir(other, 0700), 0);
  static const char *const contents[] = {"", "{", "[]", "{\"format\":\"mine\"}", "{\"format\":[\"heybagh-index\"]}"};
  for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
    file_write(manifest, contents[i], strlen(contents[i]));
    assert_false(is_there(other));
  }
  const char *any = "{\"version\":99,\"format\":\"heybagh-index\"}";
  file_write(manifest, any, strlen(any));
  assert_true(is_there(other));
  bool there = true;
  for (size_t n = 0; n < 2; n++) { /* its path, and what JSON is read into */
    allocations_fail_one(n);
    assert_int_equal(hb_index_is_there(other, &there, &failure), HB_OUT_OF_MEMORY);
    allocations_work();
  }
  remove_all(other);
}

static void a_folder_gives_files_when_they_are_needed(void **state) {
  (void)state;
  hb_index *index = open_index(shared.bundles[HB_ENCODING_F32]);
  for (uint32_t f = 0; f < 3; f++) assert_int_equal(hb_index_file_is_there(index, f), f == 0); /* centroids at once */
  collection_check(&shared.images, index);
  for (uint32_t f = 1; f < 3; f++) assert_true(hb_index_file_is_there(index, f));
  hb_index_release(index, 1);
  assert_false(hb_index_file_is_there(index, 1));
  collection_check(&shared.images, index);
  hb_index_free(index);
}

/* A file that was mapped and one that comes from memory are given back each in its way. */
static void a_folders_file_may_also_be_provided(void **state) {
  bundle *b = *state;
  size_t after_one = 0;
  for (int round = 0; round < 3; round++) {
    hb_index *index = open_index(shared.bundles[HB_ENCODING_F32]);
    collection_check(&shared.images, index);
    hb_index_release(index, 1);
    assert_ok(bundle_provide(b, index, 1));
    collection_check(&shared.images, index);
    hb_index_release(index, 1);
    collection_check(&shared.images, index);
    hb_index_release(index, 2);
    assert_ok(bundle_provide(b, index, 2));
    hb_index_free(index);
    if (round == 0) after_one = memory_in_use();
  }
  assert_true(memory_in_use() < after_one + b->files[2].size);
}

static void check_folder_refused(const char *folder, bool needed, hb_status expected, const char *words) {
  hb_index *index = NULL;
  hb_catalog *catalog = NULL;
  if (needed) {
    assert_fails(hb_index_open(folder, &index, &failure), expected, words);
    assert_null(index);
    return;
  }
  assert_ok(hb_index_open(folder, &index, &failure));
  assert_fails(hb_catalog_create(index, &catalog, &failure), expected, words);
  assert_null(catalog);
  hb_index_free(index);
}

static void a_missing_or_changed_file_is_named(void **state) {
  bundle *b = *state;
  void *folder;
  make_folder(&folder);
  file_write(path_in(folder, "index.json"), b->manifest.bytes, b->manifest.size);
  for (uint32_t f = 0; f < 3; f++) file_write(path_in(folder, b->names[f]), b->files[f].bytes, b->files[f].size);
  for (uint32_t f = 0; f < 3; f++) {
    const char *path = path_in(folder, b->names[f]);
    remove_all(path);
    check_folder_refused(folder, f == 0, HB_IO, b->names[f]);
    file_write(path, b->files[f].bytes, b->files[f].size - 1);
    check_folder_refused(folder, f == 0, HB_BAD_INDEX, b->names[f]);
    file_write(path, "", 0);
    check_folder_refused(folder, f == 0, HB_BAD_INDEX, b->names[f]);
    file_write(path, b->files[f].bytes, b->files[f].size);
  }
  hb_index_free(open_index(folder));
  remove_folder(&folder);
}

static void what_is_no_bundle_is_refused(void **state) {
  (void)state;
  void *folder;
  make_folder(&folder);
  const char *manifest = path_in(folder, "index.json");
  check_folder_refused(path_in(folder, "no"), true, HB_IO, "index.json");
  check_folder_refused(folder, true, HB_IO, "index.json");
  static const char *const texts[] = {"", "{}", "[]", "not json", "{\"format\":\"something else\"}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    file_write(manifest, texts[i], strlen(texts[i]));
    check_folder_refused(folder, true, HB_BAD_INDEX, "index.json is damaged");
  }
  remove_all(manifest);
  assert_int_equal(mkdir(manifest, 0777), 0);
  check_folder_refused(folder, true, HB_IO, "not a file");
  remove_folder(&folder);
}

static void without_memory_opening_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_index *index = NULL;
    allocations_fail_from(n);
    hb_status status = hb_index_open(shared.bundles[HB_ENCODING_I8], &index, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    assert_true(refused == (index == NULL));
    hb_index_free(index);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, load, unload)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_is_read),
      cmocka_unit_test(a_bundle_is_known_by_its_manifest),
      cmocka_unit_test(a_folder_gives_files_when_they_are_needed),
      test(a_folders_file_may_also_be_provided),
      test(a_missing_or_changed_file_is_named),
      cmocka_unit_test(what_is_no_bundle_is_refused),
      cmocka_unit_test(without_memory_opening_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
