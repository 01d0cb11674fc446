/* The files of a bundle, read here by the description in bundle.h and not by the library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "collections.h"
#include "model/model.h"
#include "synthetic.h"

static hb_model *model; /* for its id and heads; opened once */

static int open_shared(void **state) {
  (void)state;
  model = open_model();
  return 0;
}

static int free_shared(void **state) {
  (void)state;
  hb_model_free(model);
  return 0;
}

/* ---- Reading it ---- */

/* A manifest while it is read, and what must be in it. */
typedef struct {
  const char *folder;
  const collection *images;
  hb_encoding encoding;
  blob text;
  hb_json *json;
} manifest;

static manifest manifest_read(const char *folder, const collection *c, hb_encoding encoding) {
  manifest m = {folder, c, encoding, file_read(path_in(folder, "index.json")), NULL};
  assert_int_equal(hb_json_parse((const char *)m.text.bytes, m.text.size, &m.json), HB_OK);
  return m;
}

static void manifest_free(manifest *m) {
  hb_json_free(m->json);
  blob_free(&m->text);
}

static uint64_t number(const manifest *m, int object, const char *key) {
  uint64_t value = 0;
  assert_true(hb_json_integer(m->json, hb_json_get(m->json, object, key), UINT64_MAX, &value));
  return value;
}

static void assert_text(const manifest *m, int value, const char *expected) {
  char text[100];
  assert_true(hb_json_string(m->json, value, text, sizeof text));
  assert_string_equal(text, expected);
}

static void assert_member(const manifest *m, int object, const char *key, const char *expected) {
  assert_text(m, hb_json_get(m->json, object, key), expected);
}

/* Item `n` of the array under `key`. */
static int item(const manifest *m, const char *key, uint64_t n) {
  int array = hb_json_get(m->json, 0, key), i = hb_json_first(m->json, array);
  while (n-- > 0) i = hb_json_next(m->json, array, i);
  assert_true(i >= 0);
  return i;
}

static uint64_t little(const uint8_t *p, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value |= (uint64_t)p[i] << 8 * i;
  return value;
}

static uint32_t u32(const uint8_t *p) { return (uint32_t)little(p, 4); }

/* File `n`, checked against its entry: size, hash, name made of the hash, header. */
static blob bundle_file(const manifest *m, uint64_t n, const char *role, const char *magic) {
  char name[100], hex[HB_SHA256_HEX], expected[120];
  int entry = item(m, "files", n);
  assert_true(hb_json_string(m->json, hb_json_get(m->json, entry, "name"), name, sizeof name));
  blob file = file_read(path_in(m->folder, name));
  hb_sha256_hex_of(file.bytes, file.size, hex);
  snprintf(expected, sizeof expected, "%s-%.16s.bin", role, hex);
  assert_string_equal(name, expected);
  assert_member(m, entry, "sha256", hex);
  assert_int_equal(number(m, entry, "bytes"), file.size);
  assert_memory_equal(file.bytes, magic, 4);
  assert_int_equal(u32(file.bytes + 4), 1);
  return file;
}

static size_t code_bytes(hb_encoding encoding) {
  return encoding == HB_ENCODING_F32 ? 4 : encoding == HB_ENCODING_F16 ? 2 : 1;
}

/* Row `r` of rows [n][dim] at `codes`, whose scales are at `scales`, is what `vector` is when it is encoded. */
static void check_row(hb_encoding encoding, const uint8_t *codes, const uint8_t *scales, uint32_t r, uint32_t dim,
                      const float *vector, bool unit) {
  size_t bytes = dim * code_bytes(encoding);
  uint8_t *expected = must_allocate(bytes);
  float scale, stored;
  hb_row_encode(encoding, dim, vector, unit, expected, &scale);
  assert_memory_equal(codes + r * bytes, expected, bytes);
  if (encoding == HB_ENCODING_I8) {
    uint32_t bits = u32(scales + 4 * r);
    memcpy(&stored, &bits, 4);
    assert_same_bits(&stored, &scale, 1);
  }
  free(expected);
}

/* Where what follows n rows begins; between are zeros. */
static size_t padded(const uint8_t *codes, size_t bytes) {
  size_t end = (bytes + 15) / 16 * 16;
  for (size_t i = bytes; i < end; i++) assert_int_equal(codes[i], 0);
  return end;
}

/* ---- What must be in it ---- */

/* List `l` holds images first .. first + count - 1 of the collection, in the columns of bundle.h. */
static void check_list(const manifest *m, uint32_t l, uint32_t first, uint32_t count) {
  const collection *c = m->images;
  int entry = item(m, "lists", l);
  blob file = bundle_file(m, number(m, entry, "file"), "lists", "HBLS");
  assert_int_equal(u32(file.bytes + 12), c->dim);
  uint64_t offset = number(m, entry, "offset"), bytes = number(m, entry, "bytes");
  assert_int_equal(number(m, entry, "count"), count);
  assert_int_equal(offset % 16, 0);
  assert_true(offset >= 16 && offset + bytes <= file.size);
  const uint8_t *list = file.bytes + offset, *codes = list + 16;
  const uint8_t *contents = codes + padded(codes, count * c->dim * code_bytes(m->encoding));
  const uint8_t *scales = contents + 8 * count, *ids = scales + (m->encoding == HB_ENCODING_I8 ? 4 * count : 0);
  const uint8_t *labels = ids + count * 4, *paths = labels + count * 4, *text = paths + count * 4;
  assert_int_equal(u32(list), count);
  assert_int_equal(u32(list + 4), list + bytes - text);
  assert_memory_equal(list + 8, "\0\0\0\0\0\0\0\0", 8);
  for (uint32_t r = 0; r < count; r++) {
    check_row(m->encoding, codes, scales, r, c->dim, collection_vector(c, first + r), true);
    assert_true(little(contents + 8 * r, 8) == collection_content(first + r));
    assert_int_equal(u32(ids + 4 * r), collection_id(first + r));
    assert_string_equal((const char *)text + u32(paths + 4 * r), c->paths[first + r]);
    assert_text(m, item(m, "labels", u32(labels + 4 * r)), c->labels[first + r]);
  }
  blob_free(&file);
}

static void check_model(const manifest *m, const hb_head *head) {
  int model_entry = hb_json_get(m->json, 0, "model"), head_entry = hb_json_get(m->json, 0, "head");
  assert_int_equal(hb_json_get(m->json, head_entry, "file") >= 0, head != NULL && head->kind != HB_HEAD_LOGITS);
  assert_member(m, head_entry, "kind", head == NULL ? "none" : hb_head_name(head->kind));
  if (head == NULL) {
    assert_non_null(strstr((const char *)m->text.bytes, "\"model\":null,"));
    return;
  }
  assert_member(m, model_entry, "id", hb_model_id(model));
  assert_member(m, model_entry, "url", "../model.safetensors");
  assert_int_equal(number(m, model_entry, "bytes"), 1234);
}

static void check_manifest(const manifest *m, const hb_head *head) {
  const collection *c = m->images;
  assert_member(m, 0, "format", "heybagh-index");
  assert_int_equal(number(m, 0, "version"), 1);
  assert_member(m, 0, "metric", "COSINE");
  assert_member(m, 0, "storage", hb_encoding_name(m->encoding));
  assert_member(m, 0, "image_url", "../images/{path}");
  check_model(m, head);
  assert_int_equal(number(m, 0, "dim"), c->dim);
  assert_int_equal(number(m, 0, "count"), c->count);
  assert_int_equal(number(m, 0, "nlist"), c->labels_count);
  assert_int_equal(number(m, 0, "nprobe"), 2);
  assert_int_equal(number(m, 0, "seed"), 1);
  int trained = hb_json_get(m->json, 0, "trained");
  assert_int_equal(number(m, trained, "count"), c->count);
  assert_int_equal(number(m, trained, "imbalance_thousandths"), 1235); /* 1.2346 */
  assert_int_equal(hb_json_size(m->json, hb_json_get(m->json, 0, "labels")), c->labels_count);
}

static void check_centroids(const manifest *m) {
  const collection *c = m->images;
  blob file = bundle_file(m, number(m, hb_json_get(m->json, 0, "centroids"), "file"), "centroids", "HBCT");
  const uint8_t *codes = file.bytes + 16,
                *scales = codes + padded(codes, c->labels_count * c->dim * code_bytes(m->encoding));
  uint32_t per_list = c->count / c->labels_count;
  assert_int_equal(u32(file.bytes + 8), c->labels_count);
  assert_int_equal(u32(file.bytes + 12), c->dim);
  for (uint32_t l = 0; l < c->labels_count; l++)
    check_row(m->encoding, codes, scales, l, c->dim, collection_vector(c, l * per_list), true);
  assert_ptr_equal(file.bytes + file.size, scales + (m->encoding == HB_ENCODING_I8 ? 4 * c->labels_count : 0));
  blob_free(&file);
}

static void check_head(const manifest *m, const hb_head *head) {
  blob file = bundle_file(m, number(m, hb_json_get(m->json, 0, "head"), "file"), "head", "HBHD");
  const uint8_t *codes = file.bytes + 16, *scales = codes + padded(codes, head->dim * 513 * code_bytes(m->encoding));
  assert_int_equal(u32(file.bytes + 8), head->dim);
  assert_int_equal(u32(file.bytes + 12), 513);
  for (uint32_t d = 0; d < head->dim; d++) {
    float row[513];
    memcpy(row, head->matrix + (size_t)d * 512, 512 * sizeof *row);
    row[512] = head->bias[d];
    check_row(m->encoding, codes, scales, d, 513, row, false);
  }
  assert_ptr_equal(file.bytes + file.size, scales + (m->encoding == HB_ENCODING_I8 ? 4 * head->dim : 0));
  blob_free(&file);
}

/* The report counts index.json and all that it names, and nothing else is in the folder. */
static void check_report(const manifest *m, const hb_build_report *report) {
  uint64_t bytes = m->text.size;
  int files = hb_json_size(m->json, hb_json_get(m->json, 0, "files"));
  for (int f = 0; f < files; f++) bytes += number(m, item(m, "files", (uint64_t)f), "bytes");
  assert_int_equal(report->bytes, bytes);
  assert_int_equal(report->files, files + 1);
  assert_int_equal(report->files_new, files + 1);
  assert_int_equal(folder_count(m->folder), files + 1);
}

static hb_build_options options_of(const collection *c, hb_encoding encoding, size_t shard_bytes) {
  hb_build_options options = collection_options(c, encoding);
  options.model = model;
  options.model_bytes = 1234;
  options.model_url = "../model.safetensors";
  options.shard_bytes = shard_bytes;
  return options;
}

static void check_bundle(const char *folder, const collection *c, hb_encoding encoding, const hb_head *head,
                         const hb_build_report *report) {
  manifest m = manifest_read(folder, c, encoding);
  uint32_t per_list = c->count / c->labels_count;
  check_manifest(&m, head);
  check_centroids(&m);
  for (uint32_t l = 0; l < c->labels_count; l++) check_list(&m, l, l * per_list, per_list);
  if (head != NULL && head->kind != HB_HEAD_LOGITS) check_head(&m, head);
  check_report(&m, report);
  manifest_free(&m);
}

/* Writes a collection with 10 images a list and checks all; returns the number of files with lists. */
static uint32_t write_and_check(const char *folder, uint32_t dim, hb_encoding encoding, const hb_head *head,
                                size_t shard_bytes) {
  collection c = collection_make(40, dim, 4, 5);
  const hb_build_options options = options_of(&c, encoding, shard_bytes);
  hb_build_report report = {0};
  collection_write(&c, &options, head, folder, &report);
  check_bundle(folder, &c, encoding, head, &report);
  remove_all(folder);
  collection_free(&c);
  return report.files - 2 - (head != NULL && head->kind != HB_HEAD_LOGITS);
}

/* ---- Promises ---- */

static void a_bundle_is_what_its_description_says(void **state) {
  static const uint32_t dims[] = {1, 7, 16, 33, 1000};
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++)
    for (int d = 0; d < 5; d++) write_and_check(path_in(*state, "b"), dims[d], encoding, NULL, d % 2);
}

static void heads_are_carried_but_for_the_models_own(void **state) {
  static const char *const heads[] = {"logits", "exact"};
  for (hb_encoding encoding = HB_ENCODING_F32; encoding <= HB_ENCODING_I8; encoding++)
    for (int h = 0; h < 2; h++) {
      hb_head *head;
      assert_ok(hb_head_open(model, heads[h], &head, &failure));
      write_and_check(path_in(*state, "b"), head->dim, encoding, head, 0);
      hb_head_free(head);
    }
}

/* Lists are packed until a file has about the wanted size: f32 makes these lists 40.5 KB, i8 10.4 KB. */
static void lists_are_packed_whole_into_files(void **state) {
  static const struct {
    hb_encoding encoding;
    size_t shard_bytes;
    uint32_t files;
  } cases[] = {{HB_ENCODING_F32, 1, 4},        {HB_ENCODING_F32, 0, 4},     {HB_ENCODING_F32, 50000, 4},
               {HB_ENCODING_F32, 65000, 2},    {HB_ENCODING_F32, 85000, 2}, {HB_ENCODING_F32, 105000, 2},
               {HB_ENCODING_F32, 1u << 30, 1}, {HB_ENCODING_I8, 0, 4},      {HB_ENCODING_I8, 24576, 2},
               {HB_ENCODING_I8, 100000, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(write_and_check(path_in(*state, "b"), 1000, cases[i].encoding, NULL, cases[i].shard_bytes),
                     cases[i].files);
}

static void thumbnails_are_named_only_if_there_are_any(void **state) {
  static const char *const urls[] = {NULL, "", "thumbs/{content}.jpg"};
  collection c = collection_make(4, 8, 1, 5);
  for (int i = 0; i < 3; i++) {
    hb_build_options options = options_of(&c, HB_ENCODING_F32, 0);
    const char *folder = path_in(*state, i == 0 ? "a" : i == 1 ? "b" : "c");
    options.thumb_url = urls[i];
    collection_write(&c, &options, NULL, folder, NULL);
    manifest m = manifest_read(folder, &c, HB_ENCODING_F32);
    if (i < 2) assert_int_equal(hb_json_get(m.json, 0, "thumb_url"), -1);
    if (i == 2) assert_member(&m, 0, "thumb_url", urls[i]);
    manifest_free(&m);
  }
  collection_free(&c);
}

static void the_same_parts_give_the_same_bytes(void **state) {
  collection c = collection_make(20, 33, 4, 7);
  const hb_build_options options = options_of(&c, HB_ENCODING_I8, 1);
  const char *a = path_in(*state, "a"), *b = path_in(*state, "b");
  collection_write(&c, &options, NULL, a, NULL);
  collection_write(&c, &options, NULL, b, NULL);
  assert_true(bundles_equal(a, b));
  collection_free(&c);
}

/* Names as people give them: quotes, backslashes, line breaks, UTF-8, nothing at all. */
static void names_of_any_kind_are_kept(void **state) {
  static const char *const names[] = {"", "a \"b\" \\ c", "line\nbreak\ttab", "W\xc3\xb6rter \xf0\x9f\x90\x98",
                                      "{path}"};
  collection c = collection_make(20, 16, 4, 8);
  for (uint32_t i = 0; i < 20; i++) {
    strcpy(c.labels[i], names[i / 5]);
    snprintf(c.paths[i], 48, "%02u/%s", i, names[(i + 1) % 5]);
  }
  const hb_build_options options = options_of(&c, HB_ENCODING_F32, 0);
  const char *folder = path_in(*state, "bundle");
  collection_write(&c, &options, NULL, folder, NULL);
  manifest m = manifest_read(folder, &c, HB_ENCODING_F32);
  for (uint32_t l = 0; l < 4; l++) check_list(&m, l, l * 5, 5);
  manifest_free(&m);
  collection_free(&c);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_bundle_is_what_its_description_says), test(heads_are_carried_but_for_the_models_own),
      test(lists_are_packed_whole_into_files),     test(thumbnails_are_named_only_if_there_are_any),
      test(the_same_parts_give_the_same_bytes),    test(names_of_any_kind_are_kept),
  };
  return cmocka_run_group_tests(tests, open_shared, free_shared);
}
