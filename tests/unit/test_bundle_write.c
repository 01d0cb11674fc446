/* bundle_write.h: the files of a bundle, read here by the description in bundle.h and not by the library. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "allocations.h"
#include "bundle_write.h"
#include "json.h"
#include "model.h"
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

/* A manifest while it is read. */
typedef struct {
  const char *folder;
  blob text;
  hb_json *json;
} manifest;

static manifest manifest_read(const char *folder) {
  manifest m = {folder, file_read(path_in(folder, "index.json")), NULL};
  m.json = hb_json_parse((const char *)m.text.bytes, m.text.size);
  assert_non_null(m.json);
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

static void assert_text(const manifest *m, int object, const char *key, const char *expected) {
  char text[100];
  assert_true(hb_json_string(m->json, hb_json_get(m->json, object, key), text, sizeof text));
  assert_string_equal(text, expected);
}

/* Item `n` of the array under `key`. */
static int item(const manifest *m, const char *key, uint64_t n) {
  int array = hb_json_get(m->json, 0, key), i = hb_json_first(m->json, array);
  while (n-- > 0) i = hb_json_next(m->json, array, i);
  assert_true(i >= 0);
  return i;
}

static uint32_t u32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* File `n`, checked against its entry: size, hash, name made of the hash, header. */
static blob bundle_file(const manifest *m, uint64_t n, const char *role, const char *magic) {
  char name[100], hex[HB_SHA256_HEX], expected[120];
  int entry = item(m, "files", n);
  assert_true(hb_json_string(m->json, hb_json_get(m->json, entry, "name"), name, sizeof name));
  blob file = file_read(path_in(m->folder, name));
  hb_sha256_hex_of(file.bytes, file.size, hex);
  snprintf(expected, sizeof expected, "%s-%.16s.bin", role, hex);
  assert_string_equal(name, expected);
  assert_text(m, entry, "sha256", hex);
  assert_int_equal(number(m, entry, "bytes"), file.size);
  assert_memory_equal(file.bytes, magic, 4);
  assert_int_equal(u32(file.bytes + 4), 1);
  return file;
}

/* List `l` holds images first .. first + count - 1 of the collection, in the columns of bundle.h. */
static void check_list(const manifest *m, const collection *c, uint32_t l, uint32_t first, uint32_t count) {
  int entry = item(m, "lists", l);
  blob file = bundle_file(m, number(m, entry, "file"), "lists", "HBLS");
  assert_int_equal(u32(file.bytes + 12), c->dim);
  uint64_t offset = number(m, entry, "offset"), bytes = number(m, entry, "bytes");
  assert_int_equal(number(m, entry, "count"), count);
  assert_int_equal(offset % 16, 0);
  assert_true(offset >= 16 && offset + bytes <= file.size);
  const uint8_t *list = file.bytes + offset, *vectors = list + 16, *ids = vectors + (size_t)count * c->dim * 4;
  const uint8_t *labels = ids + count * 4, *paths = labels + count * 4, *text = paths + count * 4;
  assert_int_equal(u32(list), count);
  assert_int_equal(u32(list + 4), list + bytes - text);
  assert_memory_equal(list + 8, "\0\0\0\0\0\0\0\0", 8);
  for (uint32_t r = 0; r < count; r++) {
    uint32_t id = u32(ids + 4 * r);
    assert_int_equal(id, first + r);
    assert_memory_equal(vectors + (size_t)r * c->dim * 4, c->vectors + (size_t)id * c->dim, c->dim * 4);
    assert_string_equal((const char *)text + u32(paths + 4 * r), c->paths[id]);
    char label[100];
    assert_true(hb_json_string(m->json, item(m, "labels", u32(labels + 4 * r)), label, sizeof label));
    assert_string_equal(label, c->labels[id]);
  }
  blob_free(&file);
}

static void check_manifest(const manifest *m, const collection *c, hb_head_kind head) {
  int model_entry = hb_json_get(m->json, 0, "model"), head_entry = hb_json_get(m->json, 0, "head");
  assert_text(m, 0, "format", "heybagh-index");
  assert_int_equal(number(m, 0, "version"), 1);
  assert_text(m, 0, "metric", "COSINE");
  assert_text(m, 0, "storage", "f32");
  assert_text(m, 0, "image_url", "../images/{path}");
  assert_text(m, model_entry, "id", hb_model_id(model));
  assert_text(m, model_entry, "url", "../model.safetensors");
  assert_int_equal(number(m, model_entry, "bytes"), 1234);
  assert_text(m, head_entry, "kind", hb_head_name(head));
  assert_int_equal(hb_json_get(m->json, head_entry, "file") >= 0, head == HB_HEAD_EXACT);
  assert_int_equal(number(m, 0, "dim"), c->dim);
  assert_int_equal(number(m, 0, "count"), c->count);
  assert_int_equal(number(m, 0, "nlist"), c->labels_count);
  assert_int_equal(number(m, 0, "nprobe"), 2);
  assert_int_equal(number(m, 0, "seed"), 1);
  assert_int_equal(hb_json_size(m->json, hb_json_get(m->json, 0, "labels")), c->labels_count);
}

static void check_centroids(const manifest *m, const collection *c) {
  blob file = bundle_file(m, number(m, hb_json_get(m->json, 0, "centroids"), "file"), "centroids", "HBCT");
  size_t bytes = c->dim * sizeof(float), per_list = c->count / c->labels_count;
  assert_int_equal(u32(file.bytes + 8), c->labels_count);
  assert_int_equal(u32(file.bytes + 12), c->dim);
  assert_int_equal(file.size, 16 + c->labels_count * bytes);
  for (size_t l = 0; l < c->labels_count; l++)
    assert_memory_equal(file.bytes + 16 + l * bytes, c->vectors + l * per_list * c->dim, bytes);
  blob_free(&file);
}

static void check_head_file(const manifest *m) {
  hb_head expected;
  assert_ok(hb_model_head(model, HB_HEAD_EXACT, &expected, &failure));
  blob file = bundle_file(m, number(m, hb_json_get(m->json, 0, "head"), "file"), "head", "HBHD");
  assert_int_equal(u32(file.bytes + 8), 513);
  assert_int_equal(u32(file.bytes + 12), 512);
  assert_int_equal(file.size, 16 + 513 * 513 * 4);
  assert_memory_equal(file.bytes + 16, expected.matrix, 513 * 512 * 4);
  assert_memory_equal(file.bytes + 16 + 513 * 512 * 4, expected.bias, 513 * 4);
  blob_free(&file);
}

/* The report counts index.json and all that it names, and nothing else is in the folder. */
static void check_report(const manifest *m, const hb_build_report *report) {
  uint64_t bytes = m->text.size;
  int files = hb_json_size(m->json, hb_json_get(m->json, 0, "files"));
  for (int f = 0; f < files; f++) bytes += number(m, item(m, "files", (uint64_t)f), "bytes");
  assert_int_equal(report->bytes, bytes);
  assert_int_equal(report->files, files + 1);
  assert_int_equal(folder_count(m->folder), files + 1);
}

static void check_bundle(const char *folder, const collection *c, hb_head_kind head, const hb_build_report *report) {
  manifest m = manifest_read(folder);
  uint32_t per_list = c->count / c->labels_count;
  check_manifest(&m, c, head);
  check_centroids(&m, c);
  for (uint32_t l = 0; l < c->labels_count; l++) check_list(&m, c, l, l * per_list, per_list);
  if (head == HB_HEAD_EXACT) check_head_file(&m);
  check_report(&m, report);
  manifest_free(&m);
}

static void a_bundle_is_what_its_description_says(void **state) {
  static const size_t shards[] = {0, 1, 20000, SIZE_MAX / 4};
  static const uint32_t list_files[] = {1, 4, 4, 1};
  for (int kind = HB_HEAD_LOGITS; kind <= HB_HEAD_EXACT; kind++)
    for (int s = 0; s < 4; s++) {
      collection c = collection_make(40, hb_head_dim((hb_head_kind)kind), 4, 5);
      char name[40];
      snprintf(name, sizeof name, "bundle-%d-%d", kind, s);
      const char *folder = path_in(*state, name);
      hb_build_report report = {0};
      collection_write(&c, model, (hb_head_kind)kind, shards[s], folder, &report);
      check_bundle(folder, &c, (hb_head_kind)kind, &report);
      /* index.json, centroids, maybe a head, and the lists */
      assert_int_equal(report.files, 2 + (kind == HB_HEAD_EXACT) + list_files[s]);
      collection_free(&c);
    }
}

/* Lists are packed until a file has about the wanted size: two of these lists (20 KB each) make 30 KB. */
static void lists_are_packed_whole_into_files(void **state) {
  collection c = collection_make(50, 1000, 10, 6);
  hb_build_report report = {0};
  const char *folder = path_in(*state, "bundle");
  collection_write(&c, model, HB_HEAD_LOGITS, 30000, folder, &report);
  assert_int_equal(report.files, 2 + 5);
  check_bundle(folder, &c, HB_HEAD_LOGITS, &report);
  manifest m = manifest_read(folder);
  for (uint32_t f = 1; f < 6; f++) {
    blob file = bundle_file(&m, f, "lists", "HBLS");
    assert_int_equal(u32(file.bytes + 8), 2); /* lists in the file */
    blob_free(&file);
  }
  manifest_free(&m);
  collection_free(&c);
}

static void the_same_parts_give_the_same_bytes(void **state) {
  collection c = collection_make(20, 1000, 4, 7);
  const char *a = path_in(*state, "a"), *b = path_in(*state, "b");
  collection_write(&c, model, HB_HEAD_LOGITS, 1, a, NULL);
  collection_write(&c, model, HB_HEAD_LOGITS, 1, b, NULL);
  manifest m = manifest_read(a);
  assert_true(files_equal(path_in(a, "index.json"), path_in(b, "index.json")));
  for (int f = 0; f < hb_json_size(m.json, hb_json_get(m.json, 0, "files")); f++) {
    char name[100];
    hb_json_string(m.json, hb_json_get(m.json, item(&m, "files", (uint64_t)f), "name"), name, sizeof name);
    assert_true(files_equal(path_in(a, name), path_in(b, name)));
  }
  manifest_free(&m);
  collection_free(&c);
}

/* Names as people give them: quotes, backslashes, line breaks, UTF-8, nothing at all. */
static void names_of_any_kind_are_kept(void **state) {
  static const char *const names[] = {"", "a \"b\" \\ c", "line\nbreak\ttab", "W\xc3\xb6rter \xf0\x9f\x90\x98",
                                      "{path}"};
  collection c = collection_make(20, 1000, 4, 8);
  for (uint32_t i = 0; i < 20; i++) {
    strcpy(c.labels[i], names[i / 5]);
    snprintf(c.paths[i], 48, "%s/%u", names[(i + 1) % 5], i);
  }
  const char *folder = path_in(*state, "bundle");
  collection_write(&c, model, HB_HEAD_LOGITS, 0, folder, NULL);
  manifest m = manifest_read(folder);
  for (uint32_t l = 0; l < 4; l++) check_list(&m, &c, l, l * 5, 5);
  for (uint32_t l = 1; l < 4; l++) { /* labels in byte order */
    char a[48], b[48];
    hb_json_string(m.json, item(&m, "labels", l - 1), a, sizeof a);
    hb_json_string(m.json, item(&m, "labels", l), b, sizeof b);
    assert_true(strcmp(a, b) < 0);
  }
  manifest_free(&m);
  collection_free(&c);
}

/* What hb_bundle_write needs, for tests of its failures. */
typedef struct {
  collection c;
  hb_head head;
  hb_build_options options;
  float centroids[1000];
  uint32_t ids[20], end;
  hb_bundle_parts parts;
} plain_parts;

static plain_parts *plain_parts_make(void) {
  plain_parts *p = calloc(1, sizeof *p);
  p->c = collection_make(20, 1000, 2, 9);
  p->end = 20;
  for (uint32_t i = 0; i < 20; i++) p->ids[i] = i;
  assert_ok(hb_model_head(model, HB_HEAD_LOGITS, &p->head, &failure));
  p->options = (hb_build_options){.model = model, .model_url = "m", .image_url = "i"};
  p->parts = (hb_bundle_parts){&p->options,
                               p->c.vectors,
                               (const char *const *)p->c.paths,
                               (const char *const *)p->c.labels,
                               20,
                               1000,
                               1,
                               1,
                               &p->head,
                               p->centroids,
                               p->ids,
                               &p->end};
  return p;
}

static void plain_parts_free(plain_parts *p) {
  collection_free(&p->c);
  free(p);
}

static void index_json_comes_last(void **state) {
  plain_parts *p = plain_parts_make();
  struct rlimit before, limit;
  getrlimit(RLIMIT_FSIZE, &before);
  limit = before;
  limit.rlim_cur = 50000; /* enough for the centroids, not for the lists */
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  hb_build_report report = {.files = 77};
  failure = (hb_error){0};
  hb_status status = hb_bundle_write(*state, &p->parts, &report, &failure);
  setrlimit(RLIMIT_FSIZE, &before);
  check_fails(status, HB_IO, "lists-", __FILE__, __LINE__);
  assert_int_equal(folder_count(*state), 1);
  assert_int_equal(report.files, 77);
  plain_parts_free(p);
}

static void a_folder_that_is_not_there_is_named(void **state) {
  plain_parts *p = plain_parts_make();
  hb_build_report report;
  assert_fails(hb_bundle_write(path_in(*state, "nowhere"), &p->parts, &report, &failure), HB_IO, "nowhere");
  plain_parts_free(p);
}

static void without_memory_it_fails_cleanly(void **state) {
  plain_parts *p = plain_parts_make();
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    const char *folder = path_in(*state, "bundle");
    hb_build_report report;
    remove_all(folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    allocations_fail_from(n);
    hb_status status = hb_bundle_write(folder, &p->parts, &report, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
  }
  plain_parts_free(p);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(a_bundle_is_what_its_description_says),
      test(lists_are_packed_whole_into_files),
      test(the_same_parts_give_the_same_bytes),
      test(names_of_any_kind_are_kept),
      test(index_json_comes_last),
      test(a_folder_that_is_not_there_is_named),
      test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, open_shared, free_shared);
}
