/* A bundle's files: they come and go, and each is checked. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "bundle/bundle_files.h"
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

/* ---- Coming and going ---- */

static void files_may_come_in_any_order_from_memory(void **state) {
  (void)state;
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++) {
    bundle *b = bundle_load(shared.bundles[encoding]);
    hb_index *index = bundle_parse(b);
    for (uint32_t f = b->count; f-- > 0;) {
      assert_fails(hb_index_check_ready(index, &failure), HB_BAD_INDEX, "is missing");
      assert_non_null(strstr(failure.text, b->names[0]));
      assert_ok(bundle_provide(b, index, f));
      assert_true(hb_index_file_is_there(index, f));
    }
    assert_ok(hb_index_check_ready(index, &failure));
    collection_check(&shared.images, index);
    hb_index_free(index);
    bundle_free(b);
  }
}

static void a_file_is_given_once_and_must_exist(void **state) {
  bundle *b = *state;
  hb_index *index = bundle_parse(b);
  for (uint32_t f = 0; f < 3; f++) {
    assert_ok(bundle_provide(b, index, f));
    assert_fails(bundle_provide(b, index, f), HB_INVALID_ARGUMENT, "already has the file");
  }
  assert_fails(hb_index_provide(index, 3, strdup("x"), 1, &failure), HB_INVALID_ARGUMENT, "no file 3");
  collection_check(&shared.images, index);
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
      assert_fails(hb_catalog_create(index, &catalog, &failure), HB_INVALID_ARGUMENT, "are missing");
      assert_ok(bundle_provide(b, index, f));
      collection_check(&shared.images, index);
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
  collection_check(&shared.images, index);
  hb_index_free(index);
}

/* ---- Files that contradict themselves, with right hashes ---- */

static void headers_of_files_must_match(void **state) {
  bundle *b = *state;
  for (uint32_t f = 0; f < 3; f++) {
    const char *words = f == 0 ? "does not contain the centroids" : "does not contain the lists";
    bundle_refuses_patch(b, f, 0, 0x21212121, words); /* magic */
    bundle_refuses_patch(b, f, 4, 2, words);          /* version */
    bundle_refuses_patch(b, f, 8, 7, words);          /* number of lists */
    bundle_refuses_patch(b, f, 12, 999, words);       /* dimension */
  }
  uint32_t lists;
  memcpy(&lists, "HBLS", 4);
  bundle_refuses_patch(b, 0, 0, lists, "does not contain the centroids");
}

static void labels_and_paths_must_exist(void **state) {
  bundle *b = *state;
  static const char words[] = "damaged rows";
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
  assert_fails(bundle_provide(b, index, 1), HB_BAD_INDEX, "damaged rows");
  assert_false(hb_index_file_is_there(index, 1));
  for (uint32_t l = 0; l < 2; l++) {
    bool missing = false;
    assert_ok(hb_index_load_list(index, l, &missing, &failure));
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
  static const char words[] = "does not have the size in";
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

#define test(name) cmocka_unit_test_setup_teardown(name, load, unload)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_may_come_in_any_order_from_memory),
      test(a_file_is_given_once_and_must_exist),
      test(released_lists_can_be_given_again),
      test(what_every_search_needs_is_not_released),
      test(headers_of_files_must_match),
      test(labels_and_paths_must_exist),
      test(a_refused_file_leaves_nothing_behind),
      test(paths_and_ids_must_be_unique),
      test(a_list_must_agree_with_the_manifest),
      test(paths_may_overlap),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
