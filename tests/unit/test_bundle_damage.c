/* Bundles with changed bytes: the hash finds them; and if it does not, nothing is read that is not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"
#include "bundle/bundle_files.h"
#include "bundle_memory.h"
#include "collections.h"

#define DIM 48
#define MODEL_ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* A head may be any linear map. Bundles of 12 images in 3 lists: without model in f32, with a head in i8. */
static struct {
  void *folder;
  const char *plain, *headed;
} shared;

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.plain = path_in(shared.folder, "plain");
  shared.headed = path_in(shared.folder, "headed");
  collection c = collection_make(12, DIM, 3, 1);
  hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  options.shard_bytes = 1000;
  collection_write(&c, &options, NULL, shared.plain, NULL);
  options = collection_options(&c, HB_ENCODING_I8);
  options.shard_bytes = 1;
  collection_write(&c, &options, NULL, shared.headed, NULL);
  collection_free(&c);
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  return remove_folder(&shared.folder);
}

static int load_plain(void **state) {
  *state = bundle_load(shared.plain);
  return 0;
}

/* A head is added here, as writing one takes a model. */
static int load_headed(void **state) {
  bundle *b = bundle_load(shared.headed);
  hb_file_header header = {.magic = "HBHD", .version = 1, .first = DIM, .second = 513};
  uint8_t rows[DIM * 513 + DIM * 4];
  memset(rows, 3, sizeof rows);
  blob file = blob_of(&header, sizeof header);
  blob_add(&file, rows, sizeof rows); /* 48 * 513 is a multiple of 16 */
  bundle_edit(b, "\"model\":null", "\"model\":{\"id\":\"" MODEL_ID "\",\"url\":\"m\",\"bytes\":1}");
  bundle_edit(b, "{\"kind\":\"none\"}", "{\"kind\":\"svd\",\"file\":4}");
  char entry[200];
  snprintf(entry, sizeof entry, "},\n{\"name\":\"head-x.bin\",\"bytes\":%zu,\"sha256\":\"%064d\"}]}", file.size, 0);
  bundle_edit(b, "}]}", entry);
  strcpy(b->names[b->count], "head-x.bin");
  b->files[b->count++] = file;
  bundle_sign(b, 4);
  *state = b;
  return 0;
}

static int unload(void **state) {
  bundle_free(*state);
  return 0;
}

static void the_bundles_themselves_are_fine(void **state) {
  bundle *b = *state;
  assert_ok(bundle_check(b));
}

static void a_head_is_needed_by_every_search(void **state) {
  bundle *b = *state;
  assert_int_equal(b->count, 5);
  hb_index *index = bundle_parse(b);
  for (uint32_t f = 0; f < 5; f++) assert_int_equal(hb_index_file_is_needed(index, f), f == 0 || f == 4);
  assert_ok(bundle_provide(b, index, 0));
  assert_fails(hb_index_check_ready(index, &failure), HB_BAD_INDEX, "head-x.bin");
  assert_ok(bundle_provide(b, index, 4));
  assert_ok(hb_index_check_ready(index, &failure));
  hb_index_free(index);
}

static void a_heads_file_must_hold_it(void **state) {
  bundle *b = *state;
  static const char words[] = "does not contain the head";
  bundle_refuses_patch(b, 4, 0, 0x21212121, words);
  bundle_refuses_patch(b, 4, 4, 2, words);
  bundle_refuses_patch(b, 4, 8, DIM + 1, words);
  bundle_refuses_patch(b, 4, 12, 512, words);
}

/* The hash finds any change of a file. */
static void a_changed_file_is_refused(void **state) {
  bundle *b = *state;
  hb_random random = {5};
  for (uint32_t f = 0; f < b->count; f++)
    for (int round = 0; round < 60; round++) {
      size_t at = round < 32 ? (size_t)round : hb_random_below(&random, (uint32_t)b->files[f].size);
      uint8_t change = (uint8_t)(1u << hb_random_below(&random, 8));
      b->files[f].bytes[at] ^= change;
      assert_fails(bundle_check(b), HB_BAD_INDEX, b->names[f]);
      assert_non_null(strstr(failure.text, "hash"));
      b->files[f].bytes[at] ^= change;
    }
}

static void a_file_cut_or_lengthened_is_refused(void **state) {
  bundle *b = *state;
  for (uint32_t f = 0; f < b->count; f++) {
    blob whole = b->files[f];
    static const size_t sizes[] = {0, 1, 15, 16, 17, 100};
    for (size_t i = 0; i < 6; i++) {
      b->files[f].size = sizes[i];
      assert_fails(bundle_check(b), HB_BAD_INDEX, "cut short or too long");
    }
    b->files[f] = blob_of(whole.bytes, whole.size);
    blob_add_u8(&b->files[f], 0);
    assert_fails(bundle_check(b), HB_BAD_INDEX, "cut short or too long");
    blob_free(&b->files[f]);
    b->files[f] = whole;
  }
}

/* Also if index.json has the size and the hash of what is left. */
static void a_file_cut_with_a_right_hash_is_refused(void **state) {
  bundle *b = *state;
  for (uint32_t f = 0; f < b->count; f++) {
    blob whole = b->files[f], manifest = blob_of(b->manifest.bytes, b->manifest.size);
    for (size_t size = 0; size < whole.size; size += size < 40 ? 1 : 37) {
      char from[120], to[120];
      snprintf(from, sizeof from, "%s\",\"bytes\":%zu,", b->names[f], whole.size);
      snprintf(to, sizeof to, "%s\",\"bytes\":%zu,", b->names[f], size);
      b->files[f].size = size;
      bundle_edit(b, from, to);
      bundle_sign(b, f);
      hb_status status = bundle_check(b);
      assert_int_equal(status, HB_BAD_INDEX);
      blob_free(&b->manifest);
      b->manifest = blob_of(manifest.bytes, manifest.size);
    }
    b->files[f] = whole;
    blob_free(&manifest);
  }
  assert_ok(bundle_check(b));
}

/* With its hash made right again, a changed file must be refused for what it holds, or be harmless. */
static void a_changed_file_with_a_right_hash_is_refused_or_harmless(void **state) {
  bundle *b = *state;
  uint32_t refused = 0, harmless = 0;
  for (uint32_t f = 0; f < b->count; f++)
    for (size_t at = 0; at < b->files[f].size; at += f == 4 && at > 16 ? 499 : 1) { /* of a head some bytes */
      const uint8_t before = b->files[f].bytes[at], after[] = {before ^ 1, before ^ 0x80, (uint8_t)~before};
      for (int i = 0; i < 3; i++) {
        b->files[f].bytes[at] = after[i];
        bundle_sign(b, f);
        hb_status status = bundle_check(b);
        assert_true(status == HB_OK || status == HB_BAD_INDEX);
        harmless += status == HB_OK;
        refused += status != HB_OK;
      }
      b->files[f].bytes[at] = before;
      bundle_sign(b, f);
    }
  assert_ok(bundle_check(b));
  assert_true(refused > 500);
  print_message("%u changes refused, %u harmless\n", refused, harmless);
}

/* Many bytes at once. */
static void noise_in_files_with_right_hashes_is_refused_or_harmless(void **state) {
  bundle *b = *state;
  hb_random random = {11};
  for (int round = 0; round < 1500; round++) {
    uint32_t f = hb_random_below(&random, b->count), changes = 1 + hb_random_below(&random, 20);
    blob before = blob_of(b->files[f].bytes, b->files[f].size);
    for (uint32_t c = 0; c < changes; c++)
      b->files[f].bytes[hb_random_below(&random, (uint32_t)before.size)] = (uint8_t)hb_random_next(&random);
    bundle_sign(b, f);
    hb_status status = bundle_check(b);
    assert_true(status == HB_OK || status == HB_BAD_INDEX);
    blob_free(&b->files[f]);
    b->files[f] = before;
    bundle_sign(b, f);
  }
  assert_ok(bundle_check(b));
}

/* Also of index.json, which has no hash. */
static void a_changed_manifest_is_refused_or_harmless(void **state) {
  bundle *b = *state;
  static const uint8_t others[] = {'0', '9', '"', '}', ',', 0};
  uint32_t refused = 0, harmless = 0;
  for (size_t at = 0; at < b->manifest.size; at++) {
    const uint8_t before = b->manifest.bytes[at];
    for (size_t i = 0; i < sizeof others + 1; i++) {
      b->manifest.bytes[at] = i < sizeof others ? others[i] : before ^ 1;
      hb_status status = bundle_check(b);
      assert_true(status == HB_OK || status == HB_BAD_INDEX || status == HB_OUT_OF_MEMORY);
      harmless += status == HB_OK;
      refused += status != HB_OK;
    }
    b->manifest.bytes[at] = before;
  }
  assert_ok(bundle_check(b));
  assert_true(refused > b->manifest.size);
  print_message("%u changes refused, %u harmless\n", refused, harmless);
}

#define plain(name) cmocka_unit_test_setup_teardown(name, load_plain, unload)
#define headed(name) cmocka_unit_test_setup_teardown(name, load_headed, unload)

int main(void) {
  const struct CMUnitTest tests[] = {
      plain(the_bundles_themselves_are_fine),
      headed(the_bundles_themselves_are_fine),
      headed(a_head_is_needed_by_every_search),
      headed(a_heads_file_must_hold_it),
      plain(a_changed_file_is_refused),
      headed(a_changed_file_is_refused),
      headed(a_file_cut_or_lengthened_is_refused),
      plain(a_file_cut_with_a_right_hash_is_refused),
      headed(a_file_cut_with_a_right_hash_is_refused),
      plain(a_changed_file_with_a_right_hash_is_refused_or_harmless),
      headed(a_changed_file_with_a_right_hash_is_refused_or_harmless),
      plain(noise_in_files_with_right_hashes_is_refused_or_harmless),
      headed(noise_in_files_with_right_hashes_is_refused_or_harmless),
      plain(a_changed_manifest_is_refused_or_harmless),
      headed(a_changed_manifest_is_refused_or_harmless),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
