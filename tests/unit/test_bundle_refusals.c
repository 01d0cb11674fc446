/* bundle.h: bundles that contradict themselves, each made from a good one by one change, with right hashes. The same
 * list of promises that test_bundle_read.c tries with random changes, here by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_memory.h"
#include "model.h"
#include "synthetic.h"

/* 12 images in 3 lists of 4; files: centroids, lists 0 and 1, list 2. */
static struct {
  hb_model *model;
  void *folder;
  collection images;
} shared;

#define DIM 1000
#define ROWS 4
#define IDS (16 + ROWS * DIM * 4) /* behind a list's beginning */
#define LABELS (IDS + ROWS * 4)
#define PATHS (LABELS + ROWS * 4)
#define TEXT (PATHS + ROWS * 4)

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared.folder);
  shared.model = open_model();
  shared.images = collection_make(12, DIM, 3, 1);
  collection_write(&shared.images, shared.model, HB_HEAD_LOGITS, 20000, path_in(shared.folder, "b"), NULL);
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  collection_free(&shared.images);
  hb_model_free(shared.model);
  return remove_folder(&shared.folder);
}

static int load(void **state) {
  *state = bundle_load(path_in(shared.folder, "b"));
  return 0;
}

static int unload(void **state) {
  bundle_free(*state);
  return 0;
}

/* The bundle is refused with these words; then the manifest is as before. */
static void refused_after_edit(bundle *b, const char *from, const char *to, const char *words) {
  blob before = blob_of(b->manifest.bytes, b->manifest.size);
  bundle_edit(b, from, to);
  failure = (hb_error){0};
  hb_status status = bundle_check(b);
  blob_free(&b->manifest);
  b->manifest = before;
  if (status != HB_BAD_INDEX) print_error("'%s' in place of '%s' was not refused\n", to, from);
  check_fails(status, HB_BAD_INDEX, words, __FILE__, __LINE__);
}

/* The bundle is refused when 4 bytes of a file are changed; then they are as before. */
static void refused_after_patch(bundle *b, uint32_t file, size_t at, uint32_t value, const char *words) {
  uint8_t *place = b->files[file].bytes + at, before[4];
  assert_true(at + 4 <= b->files[file].size);
  memcpy(before, place, 4);
  memcpy(place, &value, 4);
  bundle_sign(b, file);
  failure = (hb_error){0};
  hb_status status = bundle_check(b);
  memcpy(place, before, 4);
  bundle_sign(b, file);
  check_fails(status, HB_BAD_INDEX, words, __FILE__, __LINE__);
}

static void the_bundle_itself_is_fine(void **state) {
  bundle *b = *state;
  assert_int_equal(b->count, 3);
  assert_ok(bundle_check(b));
}

static void another_version_is_told_from_damage(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "\"version\":1", "\"version\":2", "format 2 and this program reads format 1");
  assert_non_null(strstr(failure.text, "build the index again"));
  refused_after_edit(b, "\"version\":1", "\"version\":0", "no version");
  refused_after_edit(b, "\"version\":1", "\"version\":\"1\"", "no version");
  refused_after_edit(b, "\"version\":1,", "", "no version");
  refused_after_edit(b, "heybagh-index", "heybagh-model", "not an index");
}

static void another_metric_or_storage_is_refused(void **state) {
  refused_after_edit(*state, "COSINE", "L2", "COSINE");
  refused_after_edit(*state, "\"storage\":\"f32\"", "\"storage\":\"f16\"", "f32");
}

static void numbers_out_of_range_are_refused(void **state) {
  static const char *const cases[][2] = {
      {"\"count\":12", "\"count\":0"},    {"\"count\":12", "\"count\":-12"}, {"\"count\":12", "\"count\":4294967295"},
      {"\"dim\":1000", "\"dim\":0"},      {"\"dim\":1000", "\"dim\":32769"}, {"\"nlist\":3", "\"nlist\":0"},
      {"\"nlist\":3", "\"nlist\":65537"}, {"\"nprobe\":2", "\"nprobe\":0"},  {"\"nprobe\":2", "\"nprobe\":4"},
      {"\"nprobe\":2", "\"nprobe\":2.5"}, {"\"count\":12", "\"count\":1e9"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    refused_after_edit(*state, cases[i][0], cases[i][1], "out of range");
}

/* A count that is a lie costs no memory: it is found out by the lists. */
static void counts_must_add_up(void **state) {
  refused_after_edit(*state, "\"count\":12", "\"count\":13", "do not add up");
  refused_after_edit(*state, "\"count\":12", "\"count\":4000000000", "do not add up");
  refused_after_edit(*state, "\"count\":12", "\"count\":11", "do not add up");
  refused_after_edit(*state, "\"nlist\":3", "\"nlist\":2", "not nlist");
  refused_after_edit(*state, "\"nlist\":3", "\"nlist\":4", "not nlist");
}

static void the_head_must_be_known_and_fit_the_dimension(void **state) {
  refused_after_edit(*state, "{\"kind\":\"logits\"}", "{\"kind\":\"svd\"}", "head");
  refused_after_edit(*state, "{\"kind\":\"logits\"}", "{}", "head");
  refused_after_edit(*state, "{\"kind\":\"logits\"}", "{\"kind\":\"exact\",\"file\":0}", "head");
  refused_after_edit(*state, "\"dim\":1000", "\"dim\":999", "head");
  bundle *b = *state;
  bundle_edit(b, "\"dim\":1000", "\"dim\":513");
  refused_after_edit(b, "{\"kind\":\"logits\"}", "{\"kind\":\"exact\"}", "head has no file");
  refused_after_edit(b, "{\"kind\":\"logits\"}", "{\"kind\":\"exact\",\"file\":3}", "head has no file");
}

static void model_and_images_must_be_named(void **state) {
  refused_after_edit(*state, "\"url\":", "\"uri\":", "model and images");
  refused_after_edit(*state, "\"image_url\":", "\"image\":", "model and images");
  refused_after_edit(*state, "\"id\":\"", "\"id\":\"00", "model and images");
  refused_after_edit(*state, "\"model\":", "\"modal\":", "model and images");
}

/* A name could lead out of the folder, or to another site. */
static void file_names_must_be_plain(void **state) {
  bundle *b = *state;
  static const char *const names[] = {"../secret", "/etc/passwd",   "a/b",     "..",  ".hidden", "",
                                      "a\\\\b",    "http:x",        "a b",     "a?b", "a%2fb",   "\\u002e",
                                      "a\\n",      "W\xc3\xb6rter", "sub/../x"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) refused_after_edit(b, b->names[1], names[i], "file's name");
  char longer[120] = "";
  memset(longer, 'n', HB_FILE_NAME_MAX);
  refused_after_edit(b, b->names[1], longer, "file's name");
}

static void file_entries_must_be_whole(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "\"files\":[", "\"filet\":[", "no files");
  refused_after_edit(b, "\"files\":[", "\"files\":[],\"x\":[", "no files");
  refused_after_edit(b, "\"files\":[", "\"files\":{},\"x\":[", "no files");
  refused_after_edit(b, "\"sha256\":", "\"sha255\":", "size or hash");
  refused_after_edit(b, "\"sha256\":\"", "\"sha256\":\"00", "size or hash");
  refused_after_edit(b, "{\"name\":", "{\"mane\":", "size or hash");
  refused_after_edit(b, "\"files\":[", "\"files\":[7,", "size or hash");
}

static void lists_must_lie_inside_their_file(void **state) {
  bundle *b = *state;
  char from[60], to[60];
  snprintf(from, sizeof from, "\"offset\":%d,", 16);
  refused_after_edit(b, from, "\"offset\":0,", "does not fit into its file");
  refused_after_edit(b, from, "\"offset\":8,", "does not fit into its file");
  refused_after_edit(b, from, "\"offset\":17,", "does not fit into its file");
  refused_after_edit(b, from, "\"offset\":4294967280,", "does not fit into its file");
  refused_after_edit(b, from, "\"offset\":99999999999999999999,", "does not fit into its file");
  snprintf(to, sizeof to, "\"offset\":%zu,", b->files[1].size / 16 * 16);
  refused_after_edit(b, from, to, "does not fit into its file");
  refused_after_edit(b, "\"file\":1,", "\"file\":3,", "does not fit into its file");
  refused_after_edit(b, "\"lists\":[", "\"lists\":[7,", "not nlist");
}

static void a_list_has_the_size_that_its_rows_need(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "\"count\":4}", "\"count\":5}", "does not fit into its file");
  refused_after_edit(b, "\"count\":4}", "\"count\":3}", "do not add up");
  /* moved from one list to another: the sum stays right, the lists do not */
  bundle_edit(b, "\"count\":4}", "\"count\":3}");
  refused_after_edit(b, "\"count\":4}", "\"count\":5}", "does not fit into its file");
}

static void a_file_has_one_role(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "\"centroids\":{\"file\":0}", "\"centroids\":{\"file\":1}", "two roles");
  refused_after_edit(b, "\"centroids\":{\"file\":0}", "\"centroids\":{\"file\":3}", "no centroids");
  refused_after_edit(b, "\"centroids\":", "\"centroid\":", "no centroids");
}

/* The centroids' file is 12,016 bytes: room for a list of nothing. */
static void a_list_in_the_centroids_file_is_refused(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "{\"file\":2,\"offset\":16", "{\"file\":0,\"offset\":16", "");
  bundle_edit(b, "\"nlist\":3", "\"nlist\":4");
  refused_after_edit(b, "\"lists\":[", "\"lists\":[{\"file\":0,\"offset\":16,\"bytes\":16,\"count\":0},", "two roles");
}

static void labels_must_be_text(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "\"labels\":", "\"lebals\":", "no labels");
  refused_after_edit(b, "\"labels\":[", "\"labels\":[],\"x\":[", "no labels");
  refused_after_edit(b, "\"labels\":[", "\"labels\":[1,", "not text");
}

static void headers_of_files_must_match(void **state) {
  bundle *b = *state;
  for (uint32_t f = 0; f < 3; f++) {
    const char *words = f == 0 ? "does not hold the centroids" : "does not hold the lists";
    refused_after_patch(b, f, 0, 0x21212121, words); /* magic */
    refused_after_patch(b, f, 4, 2, words);          /* version */
    refused_after_patch(b, f, 8, 7, words);          /* number of lists */
    refused_after_patch(b, f, 12, 999, words);       /* dimension */
  }
  uint32_t lists;
  memcpy(&lists, "HBLS", 4);
  refused_after_patch(b, 0, 0, lists, "does not hold the centroids");
}

static void rows_must_not_contradict_themselves(void **state) {
  bundle *b = *state;
  const size_t list = 16; /* the first one, images 0 to 3 */
  static const char words[] = "contradict";
  refused_after_patch(b, 1, list + IDS, 1, words);  /* id 1 twice in the list */
  refused_after_patch(b, 1, list + IDS, 11, words); /* and in another file */
  refused_after_patch(b, 1, list + IDS, 12, words);
  refused_after_patch(b, 1, list + IDS + 12, UINT32_MAX, words);
  refused_after_patch(b, 1, list + LABELS, 3, words);
  refused_after_patch(b, 1, list + LABELS + 12, UINT32_MAX, words);
  uint32_t text_bytes;
  memcpy(&text_bytes, b->files[1].bytes + list + 4, 4);
  refused_after_patch(b, 1, list + PATHS, text_bytes, words);
  refused_after_patch(b, 1, list + PATHS + 12, UINT32_MAX, words);
  refused_after_patch(b, 1, list + TEXT + text_bytes - 4, 0x61616161, words); /* no NUL at the end */
}

static void a_list_must_agree_with_the_manifest(void **state) {
  bundle *b = *state;
  static const char words[] = "another size";
  refused_after_patch(b, 1, 16, 3, words);
  refused_after_patch(b, 1, 16, UINT32_MAX, words);
  refused_after_patch(b, 1, 20, 0, words);
  refused_after_patch(b, 1, 20, UINT32_MAX, words);
}

/* A path may begin in the middle of another's text: odd, but nothing is read that is not there. */
static void paths_may_overlap(void **state) {
  bundle *b = *state;
  const uint32_t middle = 5;
  memcpy(b->files[1].bytes + 16 + PATHS, &middle, 4);
  bundle_sign(b, 1);
  assert_ok(bundle_check(b));
}

static void colons_in_arrays_are_refused(void **state) {
  bundle *b = *state;
  refused_after_edit(b, "\"labels\":[\"kind-000\",", "\"labels\":[\"kind-000\":1,", "not JSON");
  refused_after_edit(b, "}]}", "}:{\"name\":\"x\",\"bytes\":1,\"sha256\":\"\"}:{\"name\":\"y\"}]}", "not JSON");
  refused_after_edit(b, "\"lists\":[", "\"lists\":[{}:\"x\":1,", "not JSON");
}

static void another_model_is_a_mismatch(void **state) {
  bundle *b = *state;
  char id[HB_SHA256_HEX];
  strcpy(id, hb_model_id(shared.model));
  char from[80], to[80];
  snprintf(from, sizeof from, "\"id\":\"%s\"", id);
  id[0] = id[0] == '0' ? '1' : '0';
  snprintf(to, sizeof to, "\"id\":\"%s\"", id);
  bundle_edit(b, from, to);
  assert_ok(bundle_check(b)); /* without a model it is fine */
  const char *folder = path_in(shared.folder, "b"), *manifest = path_in(folder, "index.json");
  blob original = file_read(manifest);
  file_write(manifest, b->manifest.bytes, b->manifest.size);
  hb_index *index;
  hb_engine *engine = NULL;
  assert_ok(hb_index_open(folder, &index, &failure));
  assert_fails(hb_engine_create(shared.model, index, &engine, &failure), HB_MODEL_MISMATCH, "another model");
  assert_null(engine);
  char start[13];
  snprintf(start, sizeof start, "%.12s", id);
  assert_non_null(strstr(failure.text, start));
  snprintf(start, sizeof start, "%.12s", hb_model_id(shared.model));
  assert_non_null(strstr(failure.text, start));
  hb_index_free(index);
  file_write(manifest, original.bytes, original.size);
  blob_free(&original);
}

#define test(name) cmocka_unit_test_setup_teardown(name, load, unload)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(the_bundle_itself_is_fine),
      test(another_version_is_told_from_damage),
      test(another_metric_or_storage_is_refused),
      test(numbers_out_of_range_are_refused),
      test(counts_must_add_up),
      test(the_head_must_be_known_and_fit_the_dimension),
      test(model_and_images_must_be_named),
      test(file_names_must_be_plain),
      test(file_entries_must_be_whole),
      test(lists_must_lie_inside_their_file),
      test(a_list_has_the_size_that_its_rows_need),
      test(a_file_has_one_role),
      test(a_list_in_the_centroids_file_is_refused),
      test(labels_must_be_text),
      test(headers_of_files_must_match),
      test(rows_must_not_contradict_themselves),
      test(a_list_must_agree_with_the_manifest),
      test(paths_may_overlap),
      test(colons_in_arrays_are_refused),
      test(another_model_is_a_mismatch),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
