/* The index of heybagh.h, and bundle.h: what was written is read, and everything else is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "allocations.h"
#include "bundle_memory.h"
#include "model.h"
#include "synthetic.h"

/* One small bundle of each head; only read. */
static struct {
  hb_model *model;
  void *folder;
  const char *logits, *exact;
  collection logits_images, exact_images;
} shared;

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.model = open_model();
  shared.logits = path_in(shared.folder, "logits");
  shared.exact = path_in(shared.folder, "exact");
  shared.logits_images = collection_make(12, 1000, 3, 1);
  shared.exact_images = collection_make(40, 513, 5, 2);
  collection_write(&shared.logits_images, shared.model, HB_HEAD_LOGITS, 20000, shared.logits, NULL);
  collection_write(&shared.exact_images, shared.model, HB_HEAD_EXACT, 1, shared.exact, NULL);
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  collection_free(&shared.logits_images);
  collection_free(&shared.exact_images);
  hb_model_free(shared.model);
  return remove_folder(&shared.folder);
}

/* Loads the logits bundle into memory, to be changed there. */
static int load(void **state) {
  *state = bundle_load(shared.logits);
  return 0;
}

static int unload(void **state) {
  bundle_free(*state);
  return 0;
}

/* ---- What was written is read ---- */

static void check_images(const hb_index *index, const collection *c) {
  assert_int_equal(hb_index_count(index), c->count);
  assert_int_equal(hb_index_dim(index), c->dim);
  assert_int_equal(hb_index_nlist(index), c->labels_count);
  assert_int_equal(hb_index_nprobe(index), 2);
  assert_string_equal(hb_index_model_id(index), hb_model_id(shared.model));
  assert_string_equal(hb_index_model_url(index), "../model.safetensors");
  assert_string_equal(hb_index_image_url(index), "../images/{path}");
  for (uint32_t id = 0; id < c->count; id++) {
    assert_same_bits(hb_index_vector(index, id), c->vectors + (size_t)id * c->dim, c->dim);
    assert_string_equal(hb_index_path(index, id), c->paths[id]);
    assert_string_equal(hb_index_label(index, id), c->labels[id]);
    assert_int_equal(hb_index_label_number(index, id), hb_index_find_label(index, c->labels[id]));
  }
  assert_int_equal(hb_index_find_label(index, "kind-999"), UINT32_MAX);
  assert_int_equal(hb_index_find_label(index, ""), UINT32_MAX);
}

static void what_was_written_is_read(void **state) {
  (void)state;
  hb_index *index;
  hb_head head;
  assert_ok(hb_index_open(shared.logits, &index, &failure));
  check_images(index, &shared.logits_images);
  assert_int_equal(hb_index_head(index), HB_HEAD_LOGITS);
  assert_false(hb_index_own_head(index, &head));
  assert_ok(hb_index_check_complete(index, &failure));
  hb_index_free(index);
}

static void a_bundle_may_carry_its_head(void **state) {
  (void)state;
  hb_index *index;
  hb_head head, expected;
  assert_ok(hb_index_open(shared.exact, &index, &failure));
  check_images(index, &shared.exact_images);
  assert_int_equal(hb_index_head(index), HB_HEAD_EXACT);
  assert_true(hb_index_own_head(index, &head));
  assert_ok(hb_model_head(shared.model, HB_HEAD_EXACT, &expected, &failure));
  assert_int_equal(head.dim, 513);
  assert_same_bits(head.matrix, expected.matrix, 513 * 512);
  assert_same_bits(head.bias, expected.bias, 513);
  hb_index_free(index);
}

static void files_may_come_in_any_order_from_memory(void **state) {
  bundle *b = *state;
  hb_index *index;
  assert_ok(hb_index_parse((const char *)b->manifest.bytes, b->manifest.size, &index, &failure));
  assert_int_equal(hb_index_file_count(index), b->count);
  for (uint32_t f = b->count; f-- > 0;) {
    assert_fails(hb_index_check_complete(index, &failure), HB_BAD_INDEX, "is missing");
    assert_string_equal(hb_index_file_name(index, f), b->names[f]);
    assert_int_equal(hb_index_file_bytes(index, f), b->files[f].size);
    blob copy = blob_of(b->files[f].bytes, b->files[f].size);
    assert_ok(hb_index_provide(index, f, copy.bytes, copy.size, &failure));
  }
  assert_ok(hb_index_check_complete(index, &failure));
  check_images(index, &shared.logits_images);
  hb_index_free(index);
  hb_index_free(NULL);
}

static void a_file_is_given_once_and_must_exist(void **state) {
  bundle *b = *state;
  hb_index *index;
  assert_ok(hb_index_parse((const char *)b->manifest.bytes, b->manifest.size, &index, &failure));
  for (int round = 0; round < 2; round++) {
    blob copy = blob_of(b->files[0].bytes, b->files[0].size);
    hb_status status = hb_index_provide(index, 0, copy.bytes, copy.size, &failure);
    assert_int_equal(status, round == 0 ? HB_OK : HB_INVALID_ARGUMENT);
  }
  assert_fails(hb_index_provide(index, b->count, strdup("x"), 1, &failure), HB_INVALID_ARGUMENT, "no file 3");
  assert_fails(hb_index_provide(index, 1, NULL, 0, &failure), HB_BAD_INDEX, b->names[1]);
  hb_index_free(index);
}

/* ---- Folders ---- */

static void a_missing_or_changed_file_is_named(void **state) {
  (void)state;
  void *folder;
  make_folder(&folder);
  collection_write(&shared.logits_images, shared.model, HB_HEAD_LOGITS, 20000, path_in(folder, "b"), NULL);
  bundle *b = bundle_load(path_in(folder, "b"));
  hb_index *index = NULL;
  for (uint32_t f = 0; f < b->count; f++) {
    const char *path = path_in(path_in(folder, "b"), b->names[f]);
    remove_all(path);
    assert_fails(hb_index_open(path_in(folder, "b"), &index, &failure), HB_IO, b->names[f]);
    file_write(path, b->files[f].bytes, b->files[f].size - 1);
    assert_fails(hb_index_open(path_in(folder, "b"), &index, &failure), HB_BAD_INDEX, b->names[f]);
    file_write(path, "", 0);
    assert_fails(hb_index_open(path_in(folder, "b"), &index, &failure), HB_BAD_INDEX, b->names[f]);
    file_write(path, b->files[f].bytes, b->files[f].size);
  }
  assert_ok(hb_index_open(path_in(folder, "b"), &index, &failure));
  hb_index_free(index);
  bundle_free(b);
  remove_folder(&folder);
}

static void what_is_no_bundle_is_refused(void **state) {
  (void)state;
  void *folder;
  make_folder(&folder);
  const char *manifest = path_in(folder, "index.json");
  hb_index *index = NULL;
  assert_fails(hb_index_open(path_in(folder, "no"), &index, &failure), HB_IO, "index.json");
  assert_fails(hb_index_open(folder, &index, &failure), HB_IO, "index.json");
  static const char *const texts[] = {"", "{}", "[]", "not json", "{\"format\":\"something else\"}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    file_write(manifest, texts[i], strlen(texts[i]));
    assert_fails(hb_index_open(folder, &index, &failure), HB_BAD_INDEX, "index.json is damaged");
  }
  remove_all(manifest);
  assert_int_equal(mkdir(manifest, 0777), 0);
  assert_fails(hb_index_open(folder, &index, &failure), HB_IO, "not a file");
  assert_null(index);
  remove_folder(&folder);
}

/* ---- Changed bytes ---- */

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
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000};
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

static uint32_t u32_at(const blob *b, size_t at) {
  uint32_t value;
  memcpy(&value, b->bytes + at, sizeof value);
  return value;
}

/* True if this byte of a centroid or list file belongs to a vector of 1000 floats. */
static bool in_vectors(const blob *file, size_t at) {
  if (at < 16 || memcmp(file->bytes, "HBCT", 4) == 0) return at >= 16;
  for (size_t list = 16; list + 16 <= file->size;) {
    size_t count = u32_at(file, list), begin = list + 16, end = begin + count * 4000;
    if (at >= begin && at < end) return true;
    list = (end + 12 * count + u32_at(file, list + 4) + 15) / 16 * 16;
  }
  return false;
}

/* With its hash made right again, a changed file must be refused for what it holds, or be harmless: every byte that is
 * not part of a vector and some that are, three ways. */
static void a_changed_file_with_a_right_hash_is_refused_or_harmless(void **state) {
  bundle *b = *state;
  uint32_t refused = 0, harmless = 0;
  for (uint32_t f = 0; f < b->count; f++)
    for (size_t at = 0; at < b->files[f].size; at++) {
      if (in_vectors(&b->files[f], at) && at % 997 != 0) continue;
      const uint8_t before = b->files[f].bytes[at], after[] = {before ^ 1, before ^ 0x80, (uint8_t)~before};
      for (int i = 0; i < 3; i++) {
        b->files[f].bytes[at] = after[i];
        bundle_sign(b, f);
        hb_status status = bundle_check(b);
        assert_true(status == HB_OK || status == HB_BAD_INDEX);
        if (status == HB_OK)
          harmless++;
        else
          refused++;
      }
      b->files[f].bytes[at] = before;
      bundle_sign(b, f);
    }
  assert_ok(bundle_check(b));
  assert_true(refused > 500);
  print_message("%u changes refused, %u harmless\n", refused, harmless);
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
      if (status == HB_OK)
        harmless++;
      else
        refused++;
    }
    b->manifest.bytes[at] = before;
  }
  assert_ok(bundle_check(b));
  assert_true(refused > b->manifest.size);
  print_message("%u changes refused, %u harmless\n", refused, harmless);
}

static void a_manifest_cut_anywhere_is_refused(void **state) {
  bundle *b = *state;
  blob whole = b->manifest;
  for (size_t n = 0; n + 1 < whole.size; n++) { /* it ends with a line break, which may be missing */
    b->manifest = blob_of(whole.bytes, n);
    assert_fails(bundle_check(b), HB_BAD_INDEX, "index.json");
    blob_free(&b->manifest);
  }
  b->manifest = whole;
}

static void without_memory_opening_fails_cleanly(void **state) {
  (void)state;
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_index *index = NULL;
    allocations_fail_from(n);
    hb_status status = hb_index_open(shared.exact, &index, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    hb_index_free(index);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, load, unload)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_is_read),
      cmocka_unit_test(a_bundle_may_carry_its_head),
      test(files_may_come_in_any_order_from_memory),
      test(a_file_is_given_once_and_must_exist),
      cmocka_unit_test(a_missing_or_changed_file_is_named),
      cmocka_unit_test(what_is_no_bundle_is_refused),
      test(a_changed_file_is_refused),
      test(a_file_cut_or_lengthened_is_refused),
      test(a_changed_file_with_a_right_hash_is_refused_or_harmless),
      test(a_changed_manifest_is_refused_or_harmless),
      test(a_manifest_cut_anywhere_is_refused),
      cmocka_unit_test(without_memory_opening_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
