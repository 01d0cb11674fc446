/* A bundle's files: they come and go, and each is checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "allocations.h"
#include "bundle_memory.h"
#include "collections.h"

/* 12 images in 3 lists of 4; files: centroids, lists 0 and 1, list 2. One for each kind of storage. */
static struct {
  void *folder;
  const char *bundles[3];
  collection images;
} shared;

#define DIM 1000
#define ROWS 4
#define CODES (ROWS * DIM * 4) /* of f32 */
#define CONTENTS (16 + CODES)  /* behind a list's beginning */
#define IDS (CONTENTS + ROWS * 8)
#define LABELS (IDS + ROWS * 4)
#define PATHS (LABELS + ROWS * 4)
#define TEXT (PATHS + ROWS * 4)

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(12, DIM, 3, 1);
  for (hb_storage storage = HB_STORAGE_F32; storage <= HB_STORAGE_I8; storage++) {
    hb_build_options options = collection_options(&shared.images, storage);
    options.shard_bytes = 7 * hb_row_bytes(storage, DIM);
    shared.bundles[storage] = path_in(shared.folder, hb_storage_name(storage));
    collection_write(&shared.images, &options, NULL, shared.bundles[storage], NULL);
  }
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

static int load(void **state) {
  *state = bundle_load(shared.bundles[HB_STORAGE_F32]);
  assert_int_equal(((bundle *)*state)->count, 3);
  return 0;
}

static int unload(void **state) {
  bundle_free(*state);
  return 0;
}

/* ---- Coming and going ---- */

/* Every image has its vector, names and content. */
static void check_images(hb_index *index, hb_storage storage) {
  const collection *c = &shared.images;
  hb_catalog *catalog;
  uint8_t codes[DIM * 4];
  float scale, expected[DIM], vector[DIM];
  assert_ok(hb_catalog_create(index, &catalog, &failure));
  assert_int_equal(hb_catalog_count(catalog), c->count);
  for (uint32_t i = 0; i < c->count; i++) {
    hb_entry entry = hb_catalog_entry(catalog, i);
    assert_string_equal(entry.path, c->paths[i]);
    assert_string_equal(entry.label_text, c->labels[i]);
    assert_true(entry.id == collection_id(i) && entry.content == collection_content(i));
    hb_row_encode(storage, DIM, collection_vector(c, i), true, codes, &scale);
    const hb_rows row = {storage, DIM, 1, codes, &scale};
    hb_row_decode(&row, 0, expected);
    hb_catalog_vector(catalog, i, vector);
    assert_same_bits(vector, expected, DIM);
  }
  hb_catalog_free(catalog);
}

static void what_was_written_is_read(void **state) {
  (void)state;
  for (hb_storage storage = HB_STORAGE_F32; storage <= HB_STORAGE_I8; storage++) {
    hb_index *index = open_index(shared.bundles[storage]);
    assert_int_equal(hb_index_storage(index), storage);
    check_images(index, storage);
    hb_index_free(index);
  }
}

static void files_may_come_in_any_order_from_memory(void **state) {
  (void)state;
  for (hb_storage storage = HB_STORAGE_F32; storage <= HB_STORAGE_I8; storage++) {
    bundle *b = bundle_load(shared.bundles[storage]);
    hb_index *index = bundle_parse(b);
    for (uint32_t f = b->count; f-- > 0;) {
      assert_fails(hb_index_check_ready(index, &failure), HB_BAD_INDEX, "is missing");
      assert_non_null(strstr(failure.text, b->names[0]));
      assert_ok(bundle_provide(b, index, f));
      assert_true(hb_index_file_is_there(index, f));
    }
    assert_ok(hb_index_check_ready(index, &failure));
    check_images(index, storage);
    hb_index_free(index);
    bundle_free(b);
  }
}

static void a_file_is_given_once_and_must_exist(void **state) {
  bundle *b = *state;
  hb_index *index = bundle_parse(b);
  for (uint32_t f = 0; f < 3; f++) {
    assert_ok(bundle_provide(b, index, f));
    assert_fails(bundle_provide(b, index, f), HB_INVALID_ARGUMENT, "already given");
  }
  assert_fails(hb_index_provide(index, 3, strdup("x"), 1, &failure), HB_INVALID_ARGUMENT, "no file 3");
  check_images(index, HB_STORAGE_F32);
  hb_index_release(index, 1);
  assert_fails(hb_index_provide(index, 1, NULL, 0, &failure), HB_BAD_INDEX, b->names[1]); /* nothing is no file */
  hb_index_free(index);
}

static void released_lists_can_be_given_again(void **state) {
  bundle *b = *state;
  hb_index *index = bundle_parse(b);
  bundle_provide_all(b, index);
  for (int round = 0; round < 3; round++)
    for (uint32_t f = 1; f < 3; f++) {
      hb_index_release(index, f);
      assert_false(hb_index_file_is_there(index, f));
      hb_index_release(index, f); /* not there: nothing happens */
      hb_catalog *catalog;
      assert_fails(hb_catalog_create(index, &catalog, &failure), HB_INVALID_ARGUMENT, "not all there");
      assert_ok(bundle_provide(b, index, f));
      check_images(index, HB_STORAGE_F32);
    }
  hb_index_free(index);
}

static void what_every_search_needs_is_not_released(void **state) {
  bundle *b = *state;
  hb_index *index = bundle_parse(b);
  bundle_provide_all(b, index);
  hb_index_release(index, 0);
  hb_index_release(index, 3);
  hb_index_release(index, UINT32_MAX);
  assert_true(hb_index_file_is_there(index, 0));
  check_images(index, HB_STORAGE_F32);
  hb_index_free(index);
}

/* ---- Folders ---- */

static void a_folder_gives_files_when_they_are_needed(void **state) {
  (void)state;
  hb_index *index = open_index(shared.bundles[HB_STORAGE_F32]);
  for (uint32_t f = 0; f < 3; f++) assert_int_equal(hb_index_file_is_there(index, f), f == 0); /* centroids at once */
  check_images(index, HB_STORAGE_F32);
  for (uint32_t f = 1; f < 3; f++) assert_true(hb_index_file_is_there(index, f));
  hb_index_release(index, 1);
  assert_false(hb_index_file_is_there(index, 1));
  check_images(index, HB_STORAGE_F32);
  hb_index_free(index);
}

/* A file that was mapped and one that comes from memory are given back each in its way. */
static void a_folders_file_may_also_be_provided(void **state) {
  bundle *b = *state;
  size_t before = memory_in_use();
  hb_index *index = open_index(shared.bundles[HB_STORAGE_F32]);
  for (int round = 0; round < 2; round++) {
    check_images(index, HB_STORAGE_F32);
    hb_index_release(index, 1);
    assert_ok(bundle_provide(b, index, 1));
    check_images(index, HB_STORAGE_F32);
    if (round == 0) hb_index_release(index, 1);
  }
  hb_index_free(index);
  assert_int_equal(memory_in_use(), before);
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

/* ---- Files that contradict themselves, with right hashes ---- */

static void headers_of_files_must_match(void **state) {
  bundle *b = *state;
  for (uint32_t f = 0; f < 3; f++) {
    const char *words = f == 0 ? "does not hold the centroids" : "does not hold the lists";
    bundle_refuses_patch(b, f, 0, 0x21212121, words); /* magic */
    bundle_refuses_patch(b, f, 4, 2, words);          /* version */
    bundle_refuses_patch(b, f, 8, 7, words);          /* number of lists */
    bundle_refuses_patch(b, f, 12, 999, words);       /* dimension */
  }
  uint32_t lists;
  memcpy(&lists, "HBLS", 4);
  bundle_refuses_patch(b, 0, 0, lists, "does not hold the centroids");
}

static void labels_and_paths_must_exist(void **state) {
  bundle *b = *state;
  static const char words[] = "contradict";
  for (uint32_t list = 16, n = 0; n < 2; n++) { /* both in this file */
    uint32_t text_bytes;
    memcpy(&text_bytes, b->files[1].bytes + list + 4, 4);
    bundle_refuses_patch(b, 1, list + LABELS, 3, words);
    bundle_refuses_patch(b, 1, list + LABELS + 12, UINT32_MAX, words);
    bundle_refuses_patch(b, 1, list + PATHS, text_bytes, words);
    bundle_refuses_patch(b, 1, list + PATHS + 12, UINT32_MAX, words);
    bundle_refuses_patch(b, 1, list + TEXT + text_bytes - 4, 0x61616161, words); /* no NUL at the end */
    list = (list + TEXT + text_bytes + 15) / 16 * 16;
  }
}

/* The second list of the file is wrong; the first is then not there either. */
static void a_refused_file_leaves_nothing_behind(void **state) {
  bundle *b = *state;
  b->files[1].bytes[b->files[1].size - 1] = 'x';
  bundle_sign(b, 1);
  hb_index *index = bundle_parse(b);
  assert_fails(bundle_provide(b, index, 1), HB_BAD_INDEX, "contradict");
  assert_false(hb_index_file_is_there(index, 1));
  for (uint32_t l = 0; l < 2; l++) {
    bool missing = false;
    assert_ok(hb_index_reach_list(index, l, &missing, &failure));
    assert_true(missing);
  }
  hb_index_free(index);
}

/* All the lists' files are needed to see this: a catalog does. */
static void paths_and_ids_must_be_unique(void **state) {
  bundle *b = *state;
  bundle_refuses_patch(b, 1, 16 + IDS, collection_id(1), "id 10 twice");
  bundle_refuses_patch(b, 1, 16 + IDS, collection_id(11), "id 80 twice"); /* in another file */
  bundle_refuses_patch(b, 1, 16 + PATHS + 4, 0, "'kind-000/000000.jpg' twice");
}

static void a_list_must_agree_with_the_manifest(void **state) {
  bundle *b = *state;
  static const char words[] = "another size";
  bundle_refuses_patch(b, 1, 16, 3, words);
  bundle_refuses_patch(b, 1, 16, UINT32_MAX, words);
  bundle_refuses_patch(b, 1, 20, 0, words);
  bundle_refuses_patch(b, 1, 20, UINT32_MAX, words);
}

/* A path may begin in the middle of another's text: odd, but nothing is read that is not there. */
static void paths_may_overlap(void **state) {
  bundle *b = *state;
  const uint32_t middle = 5;
  memcpy(b->files[1].bytes + 16 + PATHS, &middle, 4);
  bundle_sign(b, 1);
  assert_ok(bundle_check(b));
}

/* ---- Memory ---- */

static void without_memory_it_fails_cleanly(void **state) {
  bundle *b = *state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    blob copies[3];
    hb_index *index = NULL;
    for (uint32_t f = 0; f < 3; f++) copies[f] = blob_of(b->files[f].bytes, b->files[f].size);
    allocations_fail_from(n);
    hb_status status = hb_index_parse((const char *)b->manifest.bytes, b->manifest.size, &index, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    assert_true(refused == (index == NULL));
    for (uint32_t f = 0; f < 3; f++)
      if (refused)
        blob_free(&copies[f]);
      else
        assert_ok(hb_index_provide(index, f, copies[f].bytes, copies[f].size, &failure));
    hb_index_free(index);
  }
}

static void without_memory_opening_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_index *index = NULL;
    allocations_fail_from(n);
    hb_status status = hb_index_open(shared.bundles[HB_STORAGE_I8], &index, &failure);
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
      cmocka_unit_test(files_may_come_in_any_order_from_memory),
      test(a_file_is_given_once_and_must_exist),
      test(released_lists_can_be_given_again),
      test(what_every_search_needs_is_not_released),
      cmocka_unit_test(a_folder_gives_files_when_they_are_needed),
      test(a_folders_file_may_also_be_provided),
      test(a_missing_or_changed_file_is_named),
      cmocka_unit_test(what_is_no_bundle_is_refused),
      test(headers_of_files_must_match),
      test(labels_and_paths_must_exist),
      test(a_refused_file_leaves_nothing_behind),
      test(paths_and_ids_must_be_unique),
      test(a_list_must_agree_with_the_manifest),
      test(paths_may_overlap),
      test(without_memory_it_fails_cleanly),
      cmocka_unit_test(without_memory_opening_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
