/* index.json of bundles that contradict themselves, each made from a good one by one change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_memory.h"
#include "collections.h"

/* 12 images in 3 lists of 4; files: centroids, lists 0 and 1, list 2. */
static void *shared_folder;

#define DIM 1000
#define MODEL_ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NO_MODEL "\"model\":null,\n\"head\":{\"kind\":\"none\"}"
#define LOGITS "\"model\":{\"bytes\":7,\"id\":\"" MODEL_ID "\",\"url\":\"../m\"},\n\"head\":{\"kind\":\"logits\"}"

static int write_shared(void **state) {
  (void)state;
  make_folder(&shared_folder);
  collection c = collection_make(12, DIM, 3, 1);
  hb_build_options options = collection_options(&c, HB_ENCODING_F32);
  options.shard_bytes = 25000;
  options.thumb_url = "thumbs/{content}.jpg";
  collection_write(&c, &options, NULL, path_in(shared_folder, "b"), NULL);
  collection_free(&c);
  return 0;
}

static int remove_shared(void **state) {
  (void)state;
  return remove_folder(&shared_folder);
}

static int load(void **state) {
  *state = bundle_load(path_in(shared_folder, "b"));
  return 0;
}

static int unload(void **state) {
  bundle_free(*state);
  return 0;
}

/* ---- What is right ---- */

static void questions_are_answered_from_the_manifest(void **state) {
  bundle *b = *state;
  assert_ok(bundle_check(b));
  hb_index *index = bundle_parse(b);
  assert_int_equal(hb_index_count(index), 12);
  assert_int_equal(hb_index_dim(index), DIM);
  assert_int_equal(hb_index_nlist(index), 3);
  assert_int_equal(hb_index_nprobe(index), 2);
  assert_int_equal(hb_index_encoding(index), HB_ENCODING_F32);
  assert_int_equal(hb_index_head(index), HB_HEAD_NONE);
  assert_string_equal(hb_index_model_id(index), "");
  assert_string_equal(hb_index_model_url(index), "");
  assert_string_equal(hb_index_image_url(index), "../images/{path}");
  assert_string_equal(hb_index_thumb_url(index), "thumbs/{content}.jpg");
  assert_int_equal(hb_index_file_count(index), 3);
  assert_int_equal(hb_index_label_count(index), 3);
  for (uint32_t l = 0; l < 3; l++) assert_int_equal(hb_index_find_label(index, hb_index_label(index, l)), l);
  assert_string_equal(hb_index_label(index, 1), "kind-001");
  assert_int_equal(hb_index_find_label(index, "kind-999"), UINT32_MAX);
  assert_int_equal(hb_index_find_label(index, ""), UINT32_MAX);
  hb_index_free(index);
  hb_index_free(NULL);
}

static void files_are_told_by_name_size_and_need(void **state) {
  bundle *b = *state;
  hb_index *index = bundle_parse(b);
  for (uint32_t f = 0; f < 3; f++) {
    assert_string_equal(hb_index_file_name(index, f), b->names[f]);
    assert_int_equal(hb_index_file_bytes(index, f), b->files[f].size);
    assert_int_equal(hb_index_file_is_needed(index, f), f == 0); /* the centroids */
    assert_false(hb_index_file_is_there(index, f));
  }
  hb_index_free(index);
}

static void a_model_is_named(void **state) {
  bundle *b = *state;
  bundle_edit(b, NO_MODEL, LOGITS);
  assert_ok(bundle_check(b));
  hb_index *index = bundle_parse(b);
  assert_int_equal(hb_index_head(index), HB_HEAD_LOGITS);
  assert_string_equal(hb_index_model_id(index), MODEL_ID);
  assert_string_equal(hb_index_model_url(index), "../m");
  hb_index_free(index);
}

static void a_model_s_view_is_told(void **state) {
  bundle *b = *state;
  bundle_edit(b, NO_MODEL, LOGITS);
  hb_index *index = bundle_parse(b);
  assert_int_equal(hb_index_view(index), HB_VIEW_CROP);
  hb_index_free(index);
  bundle_edit(b, "\"url\":\"../m\"", "\"url\":\"../m\",\"view\":\"both\"");
  index = bundle_parse(b);
  assert_int_equal(hb_index_view(index), HB_VIEW_BOTH);
  hb_index_free(index);
  bundle_refuses_edit(b, "\"view\":\"both\"", "\"view\":\"blot\"", "its model's view");
}

static void unknown_members_are_ignored_and_thumbnails_may_lack(void **state) {
  bundle *b = *state;
  bundle_edit(b, "{\"format\"", "{\"x\":[{\"count\":7},null,true],\"format\"");
  bundle_edit(b, "\"thumb_url\":", "\"thumb_uri\":");
  assert_ok(bundle_check(b));
  hb_index *index = bundle_parse(b);
  assert_string_equal(hb_index_thumb_url(index), "");
  hb_index_free(index);
}

/* ---- What is refused ---- */

static void another_version_is_told_from_damage(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"version\":1", "\"version\":2", "format 2, but this program reads format 1");
  assert_non_null(strstr(failure.text, "rebuild the bundle"));
  bundle_refuses_edit(b, "\"version\":1", "\"version\":0", "no version");
  bundle_refuses_edit(b, "\"version\":1", "\"version\":\"1\"", "no version");
  bundle_refuses_edit(b, "\"version\":1,", "", "no version");
  bundle_refuses_edit(b, "heybagh-index", "heybagh-model", "not an index");
}

static void another_metric_or_storage_is_refused(void **state) {
  bundle_refuses_edit(*state, "COSINE", "L2", "COSINE");
  bundle_refuses_edit(*state, "\"storage\":\"f32\"", "\"storage\":\"f64\"", "f32, f16 or i8");
  bundle_refuses_edit(*state, "\"storage\":\"f32\"", "\"storage\":\"f16\"", "");
  bundle_refuses_edit(*state, "\"storage\":\"f32\"", "\"storage\":\"i8\"", "");
  bundle_refuses_edit(*state, "\"storage\":", "\"strage\":", "f32, f16 or i8");
}

static void numbers_out_of_range_are_refused(void **state) {
  static const char *const cases[][2] = {{"\"count\":12", "\"count\":0"},
                                         {"\"count\":12", "\"count\":-12"},
                                         {"\"count\":12", "\"count\":4294967295"},
                                         {"\"dim\":1000", "\"dim\":0"},
                                         {"\"dim\":1000", "\"dim\":32769"},
                                         {"\"nlist\":3", "\"nlist\":0"},
                                         {"\"nlist\":3", "\"nlist\":65537"},
                                         {"\"nprobe\":2", "\"nprobe\":0"},
                                         {"\"nprobe\":2", "\"nprobe\":4"},
                                         {"\"nprobe\":2", "\"nprobe\":2.5"},
                                         {"\"count\":12", "\"count\":1e9"},
                                         {"\"seed\":1", "\"seed\":-1"},
                                         {"\"seed\":", "\"seeds\":"},
                                         {"shard_bytes\":", "shard_bytes\":-"},
                                         {"shard_bytes\":", "shard_bytes\":9999999"},
                                         {"shard_bytes\":", "shards\":"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    bundle_refuses_edit(*state, cases[i][0], cases[i][1], "out of range");
}

/* A count that is a lie costs no memory: it is found out by the lists. */
static void counts_must_add_up(void **state) {
  bundle_refuses_edit(*state, "\"count\":12", "\"count\":13", "do not add up");
  bundle_refuses_edit(*state, "\"count\":12", "\"count\":4000000000", "do not add up");
  bundle_refuses_edit(*state, "\"count\":12", "\"count\":11", "do not add up");
  bundle_refuses_edit(*state, "\"nlist\":3", "\"nlist\":2", "not nlist");
  bundle_refuses_edit(*state, "\"nlist\":3", "\"nlist\":4", "not nlist");
}

static void training_must_be_told(void **state) {
  bundle_refuses_edit(*state, "\"trained\":", "\"traimed\":", "numbers of its training");
  bundle_refuses_edit(*state, "\"trained\":{\"count\":12", "\"trained\":{\"count\":0", "numbers of its training");
  bundle_refuses_edit(*state, "_thousandths\":", "_thousandths\":-", "numbers of its training");
  bundle_refuses_edit(*state, "_thousandths\":1235", "_thousandths\":0", "numbers of its training");
}

static void the_head_must_be_known_and_fit_the_dimension(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "{\"kind\":\"none\"}", "{\"kind\":\"deep\"}", "head");
  bundle_refuses_edit(b, "{\"kind\":\"none\"}", "{\"kind\":1}", "head");
  bundle_refuses_edit(b, "{\"kind\":\"none\"}", "{}", "head");
  bundle_refuses_edit(b, "\"head\":", "\"tail\":", "head");
  bundle_edit(b, NO_MODEL, LOGITS);
  bundle_refuses_edit(b, "\"dim\":1000", "\"dim\":999", "head and dim");
  static const char *const kinds[] = {"exact", "svd", "file", "pca", "lda", "discriminant"};
  char head[60];
  bundle_refuses_edit(b, "{\"kind\":\"logits\"}", "{\"kind\":\"pca\",\"features\":\"layer5\",\"file\":0}",
                      "know the features");
  bundle_refuses_edit(b, "{\"kind\":\"logits\"}", "{\"kind\":\"pca\",\"features\":7,\"file\":0}", "know the features");
  for (int k = 0; k < 6; k++) {
    snprintf(head, sizeof head, "{\"kind\":\"%s\"}", kinds[k]);
    bundle_refuses_edit(b, "{\"kind\":\"logits\"}", head, "head has no file");
    snprintf(head, sizeof head, "{\"kind\":\"%s\",\"file\":3}", kinds[k]);
    bundle_refuses_edit(b, "{\"kind\":\"logits\"}", head, "head has no file");
    for (int file = 0; file < 3; file++) {
      snprintf(head, sizeof head, "{\"kind\":\"%s\",\"file\":%d}", kinds[k], file);
      bundle_refuses_edit(b, "{\"kind\":\"logits\"}", head, "two roles");
    }
  }
}

static void model_and_images_must_be_named(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"image_url\":", "\"image\":", "does not say where images are");
  bundle_refuses_edit(b, "\"image_url\":", "\"image_url\":7,\"x\":", "does not say where images are");
  bundle_refuses_edit(b, "\"thumb_url\":", "\"thumb_url\":7,\"x\":", "thumb_url is not text");
  bundle_refuses_edit(b, "{\"kind\":\"none\"}", "{\"kind\":\"logits\"}", "name its model");
  bundle_edit(b, NO_MODEL, LOGITS);
  bundle_refuses_edit(b, "\"url\":", "\"uri\":", "name its model");
  bundle_refuses_edit(b, "\"id\":\"", "\"id\":\"00", "name its model");
  bundle_refuses_edit(b, "\"id\":\"0", "\"id\":\"", "name its model");
  bundle_refuses_edit(b, "\"id\":\"0", "\"id\":\"X", "name its model");
  bundle_refuses_edit(b, "\"id\":", "\"ids\":", "name its model");
  bundle_refuses_edit(b, "\"model\":", "\"modal\":", "name its model");
  bundle_refuses_edit(b, "\"model\":{\"bytes\":7", "\"model\":{\"bytes\":-7", "name its model");
}

/* A name could lead out of the folder, or to another site. */
static void file_names_must_be_plain(void **state) {
  bundle *b = *state;
  static const char *const names[] = {"../secret", "/etc/passwd",   "a/b",     "..",  ".hidden", "",
                                      "a\\\\b",    "http:x",        "a b",     "a?b", "a%2fb",   "\\u002e",
                                      "a\\n",      "W\xc3\xb6rter", "sub/../x"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    bundle_refuses_edit(b, b->names[1], names[i], "name, size or hash of a file is wrong");
  char longer[120] = "";
  memset(longer, 'n', HB_FILE_NAME_MAX);
  bundle_refuses_edit(b, b->names[1], longer, "name, size or hash of a file is wrong");
}

static void file_entries_must_be_whole(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"files\":[", "\"filet\":[", "no files");
  bundle_refuses_edit(b, "\"files\":[", "\"files\":[],\"x\":[", "no files");
  bundle_refuses_edit(b, "\"files\":[", "\"files\":{},\"x\":[", "no files");
  bundle_refuses_edit(b, "\"sha256\":", "\"sha255\":", "size or hash");
  bundle_refuses_edit(b, "\"sha256\":\"", "\"sha256\":\"00", "size or hash");
  bundle_refuses_edit(b, "{\"name\":", "{\"mane\":", "size or hash");
  bundle_refuses_edit(b, "\"files\":[", "\"files\":[7,", "size or hash");
  bundle_refuses_edit(b, "\"bytes\":12016,", "\"bytes\":4294967296,", "size or hash");
  bundle_refuses_edit(b, "\"bytes\":12016,", "", "size or hash");
}

static void lists_must_lie_inside_their_file(void **state) {
  bundle *b = *state;
  static const char *const offsets[] = {"0", "8", "17", "4294967280", "99999999999999999999", "-16"};
  char to[60];
  for (int i = 0; i < 6; i++) {
    snprintf(to, sizeof to, "\"offset\":%s,", offsets[i]);
    bundle_refuses_edit(b, "\"offset\":16,", to, "does not fit into its file");
  }
  snprintf(to, sizeof to, "\"offset\":%zu,", b->files[1].size / 16 * 16);
  bundle_refuses_edit(b, "\"offset\":16,", to, "does not fit into its file");
  bundle_refuses_edit(b, "\"file\":1,", "\"file\":3,", "does not fit into its file");
  bundle_refuses_edit(b, "\"lists\":[", "\"lists\":[7,", "not nlist");
  bundle_refuses_edit(b, "\"lists\":[", "\"lists\":{\"a\":1,\"b\":2,\"c\":3},\"x\":[", "not nlist");
}

static void a_list_has_the_size_that_its_rows_need(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"count\":4}", "\"count\":5}", "does not fit into its file");
  bundle_refuses_edit(b, "\"count\":4}", "\"count\":13}", "does not fit into its file");
  bundle_refuses_edit(b, "\"count\":4}", "\"count\":3}", "do not add up");
  bundle_refuses_edit(b, "\"offset\":16,\"bytes\":", "\"offset\":16,\"bytes\":4294967295,\"x\":", "does not fit");
  bundle_refuses_edit(
      b, "\"offset\":16,\"bytes\":", "\"offset\":16,\"bytes\":16080,\"x\":", "does not fit"); /* rows are 16096 */
  /* moved from one list to another: the sum stays right, the lists do not */
  bundle_edit(b, "\"count\":4}", "\"count\":3}");
  bundle_refuses_edit(b, "\"count\":4}", "\"count\":5}", "does not fit into its file");
}

static void a_file_has_one_role(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"centroids\":{\"file\":0}", "\"centroids\":{\"file\":1}", "two roles");
  bundle_refuses_edit(b, "\"centroids\":{\"file\":0}", "\"centroids\":{\"file\":3}", "no centroids");
  bundle_refuses_edit(b, "\"centroids\":", "\"centroid\":", "no centroids");
}

/* The centroids' file is 12,016 bytes: room for a list of nothing. */
static void a_list_in_the_centroids_file_is_refused(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "{\"file\":2,\"offset\":16", "{\"file\":0,\"offset\":16", "");
  bundle_edit(b, "\"nlist\":3", "\"nlist\":4");
  bundle_refuses_edit(b, "\"lists\":[", "\"lists\":[{\"file\":0,\"offset\":16,\"bytes\":16,\"count\":0},", "two roles");
}

static void labels_must_be_text(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"labels\":", "\"lebals\":", "no labels");
  bundle_refuses_edit(b, "\"labels\":[", "\"labels\":[],\"x\":[", "no labels");
  bundle_refuses_edit(b, "\"labels\":[", "\"labels\":[1,", "not text");
}

static void colons_in_arrays_are_refused(void **state) {
  bundle *b = *state;
  bundle_refuses_edit(b, "\"labels\":[\"kind-000\",", "\"labels\":[\"kind-000\":1,", "not JSON");
  bundle_refuses_edit(b, "}]}", "}:{\"name\":\"x\",\"bytes\":1,\"sha256\":\"\"}:{\"name\":\"y\"}]}", "not JSON");
  bundle_refuses_edit(b, "\"lists\":[", "\"lists\":[{}:\"x\":1,", "not JSON");
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

#define test(name) cmocka_unit_test_setup_teardown(name, load, unload)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(questions_are_answered_from_the_manifest),
      test(files_are_told_by_name_size_and_need),
      test(a_model_is_named),
      test(a_model_s_view_is_told),
      test(unknown_members_are_ignored_and_thumbnails_may_lack),
      test(another_version_is_told_from_damage),
      test(another_metric_or_storage_is_refused),
      test(numbers_out_of_range_are_refused),
      test(counts_must_add_up),
      test(training_must_be_told),
      test(the_head_must_be_known_and_fit_the_dimension),
      test(model_and_images_must_be_named),
      test(file_names_must_be_plain),
      test(file_entries_must_be_whole),
      test(lists_must_lie_inside_their_file),
      test(a_list_has_the_size_that_its_rows_need),
      test(a_file_has_one_role),
      test(a_list_in_the_centroids_file_is_refused),
      test(labels_must_be_text),
      test(colons_in_arrays_are_refused),
      test(a_manifest_cut_anywhere_is_refused),
  };
  return cmocka_run_group_tests(tests, write_shared, remove_shared);
}
