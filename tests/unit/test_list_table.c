/* Bundles with so many lists that a table says where they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "base/json.h"
#include "bundle/bundle_files.h"
#include "bundle/list_table.h"
#include "bundle_memory.h"
#include "collections.h"

/* 600 images in as many lists; files: centroids, table, and several of lists. */
#define COUNT 600
#define DIM 4
#define TABLE 1
#define HEADER 16

static struct {
  void *folder;
  const char *path;
  collection images;
  bundle *b;
  uint32_t files; /* of lists */
} shared;

static hb_build_options table_options(void) {
  hb_build_options options = collection_options(&shared.images, HB_ENCODING_I8);
  options.shard_bytes = 6000;
  options.nlist = COUNT;
  return options;
}

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.images = collection_make(COUNT, DIM, COUNT, 1);
  hb_build_options options = table_options();
  shared.path = path_in(shared.folder, "b");
  collection_write(&shared.images, &options, NULL, shared.path, NULL);
  shared.b = bundle_load(shared.path);
  shared.files = shared.b->count - 2;
  assert_in_range(shared.files, 5, 20);
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  bundle_free(shared.b);
  collection_free(&shared.images);
  return remove_folder(&shared.folder);
}

/* Where the table has the hash of file `f`, and list `l`. */
static size_t hash_at(uint32_t f) { return HEADER + 32 * f; }
static size_t list_at(uint32_t l) { return HEADER + 32 * shared.files + 12 * l; }

static uint32_t table_u32(size_t at) {
  uint32_t value;
  memcpy(&value, shared.b->files[TABLE].bytes + at, 4);
  return value;
}

static void the_table_is_as_described(void **state) {
  (void)state;
  const bundle *b = shared.b;
  assert_int_equal(b->files[TABLE].size, list_at(COUNT));
  assert_memory_equal(b->files[TABLE].bytes, "HBTB", 4);
  assert_int_equal(table_u32(4), 1);
  assert_int_equal(table_u32(8), shared.files);
  assert_int_equal(table_u32(12), COUNT);
  for (uint32_t f = 0; f < shared.files; f++) {
    char hex[HB_SHA256_HEX], name[HB_FILE_NAME_MAX];
    hb_sha256_hex_of(b->files[2 + f].bytes, b->files[2 + f].size, hex);
    snprintf(name, sizeof name, "lists-%.16s.bin", hex);
    assert_string_equal(b->names[2 + f], name);
    for (int i = 0; i < 32; i++) {
      char digits[3];
      snprintf(digits, sizeof digits, "%02x", b->files[TABLE].bytes[hash_at(f) + i]);
      assert_memory_equal(digits, hex + 2 * i, 2);
    }
  }
  const char *manifest = (const char *)b->manifest.bytes;
  assert_null(memmem(manifest, b->manifest.size, "\"lists\"", 7));
  assert_null(memmem(manifest, b->manifest.size, b->names[2], strlen(b->names[2])));
  assert_true(b->manifest.size < COUNT * 20); /* most of it is labels */
}

static void lists_and_counts_are_in_the_order_of_the_centroids(void **state) {
  (void)state;
  uint32_t rows = 0;
  for (uint32_t l = 0, file = 0; l < COUNT; l++, rows += table_u32(list_at(l - 1) + 8)) {
    assert_in_range(table_u32(list_at(l)), file, file + 1);
    file = table_u32(list_at(l));
  }
  assert_int_equal(rows, COUNT);
}

static void everything_is_found(void **state) {
  (void)state;
  hb_index *index = open_index(shared.path);
  assert_int_equal(hb_index_nlist(index), COUNT);
  assert_int_equal(hb_index_file_count(index), 2 + shared.files);
  collection_check(&shared.images, index);
  hb_index_free(index);
  assert_ok(bundle_check(shared.b));
}

static void files_of_lists_are_known_once_the_table_is_there(void **state) {
  (void)state;
  hb_index *index = bundle_parse(shared.b);
  assert_int_equal(hb_index_file_count(index), 2);
  assert_true(hb_index_file_is_needed(index, TABLE));
  assert_fails(bundle_provide(shared.b, index, 2), HB_INVALID_ARGUMENT, "no file 2");
  assert_ok(bundle_provide(shared.b, index, 0));
  assert_fails(hb_index_check_ready(index, &failure), HB_BAD_INDEX, shared.b->names[TABLE]);
  hb_search *search;
  assert_fails(hb_search_create(index, &search, &failure), HB_BAD_INDEX, "is missing");
  assert_ok(bundle_provide(shared.b, index, TABLE));
  assert_int_equal(hb_index_file_count(index), 2 + shared.files);
  assert_ok(hb_index_check_ready(index, &failure));
  for (uint32_t f = 2; f < hb_index_file_count(index); f++) {
    assert_false(hb_index_file_is_needed(index, f));
    assert_int_equal(hb_index_file_bytes(index, f), shared.b->files[f].size);
    assert_ok(bundle_provide(shared.b, index, f));
  }
  hb_index_release(index, TABLE); /* stays */
  assert_true(hb_index_file_is_there(index, TABLE));
  collection_check(&shared.images, index);
  hb_index_free(index);
}

static void a_table_that_contradicts_itself_is_refused(void **state) {
  (void)state;
  static const char words[] = "does not contain the table of lists";
  bundle *b = shared.b;
  bundle_refuses_patch(b, TABLE, 0, 0x21212121, words);
  bundle_refuses_patch(b, TABLE, 4, 2, words);
  const uint32_t counts[] = {0, 1, shared.files - 1, shared.files + 1, COUNT + 1, UINT32_MAX};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) bundle_refuses_patch(b, TABLE, 8, counts[i], words);
  bundle_refuses_patch(b, TABLE, 12, COUNT - 1, words);
  bundle_refuses_patch(b, TABLE, list_at(7), shared.files, words);   /* no such file */
  bundle_refuses_patch(b, TABLE, list_at(7), UINT32_MAX, words);     /* nor this one */
  bundle_refuses_patch(b, TABLE, list_at(7) + 4, 16, words);         /* less than its rows */
  bundle_refuses_patch(b, TABLE, list_at(7) + 4, UINT32_MAX, words); /* the file gets too large */
  bundle_refuses_patch(b, TABLE, list_at(7) + 8, 0, words);          /* the counts do not add up */
  bundle_refuses_patch(b, TABLE, list_at(7) + 8, UINT32_MAX, words);
  bundle_refuses_patch(b, TABLE, list_at(7), 1, "cut short"); /* a list in another file: then sizes are wrong */
  bundle_refuses_patch(b, TABLE, hash_at(0) + 3, 7, "has the wrong hash");
}

static void a_file_without_a_list_is_refused(void **state) {
  (void)state;
  blob *table = &shared.b->files[TABLE], before = blob_of(table->bytes, table->size);
  for (uint32_t l = 0; l < COUNT; l++) {
    uint32_t file = table_u32(list_at(l)) == 1 ? 2 : table_u32(list_at(l));
    memcpy(table->bytes + list_at(l), &file, 4);
  }
  bundle_sign(shared.b, TABLE);
  assert_fails(bundle_check(shared.b), HB_BAD_INDEX, "does not contain the table of lists");
  blob_free(table);
  *table = before;
  bundle_sign(shared.b, TABLE);
  assert_ok(bundle_check(shared.b));
}

/* What is wrong is given up whole: the right table can come after it. */
static void a_refused_table_leaves_nothing_behind(void **state) {
  (void)state;
  hb_index *index = bundle_parse(shared.b);
  blob *table = &shared.b->files[TABLE];
  for (int round = 0; round < 3; round++) {
    table->bytes[list_at(COUNT - 1) + 8] ^= 1;
    assert_fails(bundle_provide(shared.b, index, TABLE), HB_BAD_INDEX, "hash");
    table->bytes[list_at(COUNT - 1) + 8] ^= 1;
    bool right;
    blob wrong = blob_of(table->bytes, table->size);
    wrong.bytes[list_at(COUNT - 1) + 8] ^= 1;
    assert_ok(hb_list_table_read(index, wrong.bytes, wrong.size, &right, &failure));
    assert_false(right);
    assert_int_equal(hb_index_file_count(index), 2);
    blob_free(&wrong);
  }
  bundle_provide_all(shared.b, index);
  collection_check(&shared.images, index);
  hb_index_free(index);
}

static void any_byte_of_a_signed_table_may_be_wrong(void **state) {
  (void)state;
  blob *table = &shared.b->files[TABLE];
  for (size_t at = 0; at < table->size; at += at < list_at(0) ? 5 : 7) {
    const uint8_t before = table->bytes[at];
    table->bytes[at] = (uint8_t)~before;
    bundle_sign(shared.b, TABLE);
    assert_int_equal(bundle_check(shared.b), HB_BAD_INDEX);
    table->bytes[at] = before;
  }
  bundle_sign(shared.b, TABLE);
  assert_ok(bundle_check(shared.b));
}

static void the_place_of_the_table_is_checked(void **state) {
  (void)state;
  bundle *b = shared.b;
  bundle_refuses_edit(b, "\"table\":{\"file\":1}", "\"table\":{\"file\":2}", "the table of lists has no file");
  bundle_refuses_edit(b, "\"table\":{\"file\":1}", "\"table\":{\"file\":0}", "a file has two roles");
  bundle_refuses_edit(b, "\"table\":{\"file\":1}", "\"table\":[1]", "the table of lists has no file");
  bundle_refuses_edit(b, "\"table\":{\"file\":1}", "\"tables\":{\"file\":1}", "the number of lists is not nlist");
  bundle_refuses_edit(b, "\"table\"", "\"lists\":[],\"table\"", "the number of lists is not nlist");
}

static void without_memory_it_says_so(void **state) {
  (void)state;
  const blob *table = &shared.b->files[TABLE];
  hb_index *index = bundle_parse(shared.b);
  for (size_t n = 0; n < 2; n++) {
    blob copy = blob_of(table->bytes, table->size);
    allocations_fail_from(n);
    hb_status status = hb_index_provide(index, TABLE, copy.bytes, copy.size, &failure);
    allocations_work();
    assert_int_equal(status, HB_OUT_OF_MEMORY);
    assert_int_equal(hb_index_file_count(index), 2);
  }
  bundle_provide_all(shared.b, index);
  collection_check(&shared.images, index);
  hb_index_free(index);
}

/* ---- Building ---- */

/* index.json has either member. */
static void check_lists_are_in(const char *folder, const char *member) {
  static const char *const members[] = {"lists", "table"};
  blob text = file_read(path_in(folder, "index.json"));
  hb_json *json;
  assert_int_equal(hb_json_parse((const char *)text.bytes, text.size, &json), HB_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(hb_json_get(json, 0, members[i]) >= 0, strcmp(members[i], member) == 0);
  hb_json_free(json);
  blob_free(&text);
}

static void builds_of_many_lists_are_reproducible(void **state) {
  (void)state;
  collection images = collection_make(513 * 39, DIM, 5, 2); /* fewer would lower nlist */
  hb_build_options options = collection_options(&images, HB_ENCODING_I8);
  options.nlist = 513;
  options.shard_bytes = 1;
  const char *a = path_in(shared.folder, "first"), *again = path_in(shared.folder, "again");
  hb_build_report report = collection_build(&images, &options, a);
  collection_build(&images, &options, again);
  assert_true(bundles_equal(a, again));
  assert_int_equal(report.files, folder_count(a));
  check_lists_are_in(a, "table");
  options.nlist = 512;
  const char *small = path_in(shared.folder, "small");
  collection_build(&images, &options, small);
  check_lists_are_in(small, "lists");
  collection_free(&images);
}

/* All is kept but one image that moves: its list, the table and index.json are new. */
static void one_change_changes_little(void **state) {
  (void)state;
  const char *changed = path_in(shared.folder, "changed");
  hb_build_options options = table_options();
  options.base = shared.path;
  hb_index *index = open_index(shared.path);
  hb_catalog *base;
  hb_builder *builder;
  hb_build_report report;
  assert_ok(hb_catalog_create(index, &base, &failure));
  assert_ok(hb_builder_create(changed, &options, &builder, &failure));
  for (uint32_t i = 0; i < COUNT; i++) {
    const char *path = i == COUNT - 1 ? "zz.jpg" : shared.images.paths[i];
    uint32_t number = hb_catalog_find(base, shared.images.paths[i]);
    assert_ok(hb_builder_keep(builder, base, number, path, shared.images.labels[i], &failure));
  }
  assert_ok(hb_builder_finish(builder, &report, &failure));
  hb_builder_free(builder);
  hb_catalog_free(base);
  hb_index_free(index);
  assert_int_equal(bundles_new_files(shared.path, changed), 3);
  assert_int_equal(report.files_new, 3);
  index = open_index(changed);
  assert_int_equal(hb_index_nlist(index), COUNT);
  assert_int_equal(hb_index_file_count(index), 2 + shared.files);
  hb_index_free(index);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_table_is_as_described),
      cmocka_unit_test(lists_and_counts_are_in_the_order_of_the_centroids),
      cmocka_unit_test(everything_is_found),
      cmocka_unit_test(files_of_lists_are_known_once_the_table_is_there),
      cmocka_unit_test(a_table_that_contradicts_itself_is_refused),
      cmocka_unit_test(a_file_without_a_list_is_refused),
      cmocka_unit_test(a_refused_table_leaves_nothing_behind),
      cmocka_unit_test(any_byte_of_a_signed_table_may_be_wrong),
      cmocka_unit_test(the_place_of_the_table_is_checked),
      cmocka_unit_test(without_memory_it_says_so),
      cmocka_unit_test(builds_of_many_lists_are_reproducible),
      cmocka_unit_test(one_change_changes_little),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
