/* safetensors.h, the writing half: what is written is read back, and aligned. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "base/file.h"
#include "base/json.h"
#include "model/safetensors_write.h"
#include "support.h"

static const char *const metadata[][2] = {
    {"kind", "test"}, {"quoted", "a \"line\"\nbreak, \xe2\x82\xac"}, {"empty", ""}};

static void what_is_written_is_read_back(void **state) {
  const char *path = path_in(*state, "weights");
  float values[16 * 3 + 5];
  hb_random random = {1};
  for (size_t i = 0; i < 53; i++) values[i] = random_float(&random);
  const hb_tensor_source tensors[] = {{"first.weight", HB_F32, 4, {2, 2, 4, 3}, values},
                                      {"last \"one\"", HB_F32, 1, {5}, values + 48}};
  assert_ok(hb_safetensors_write(path, metadata, 3, tensors, 2, &failure));

  blob file = file_read(path);
  hb_safetensors *parsed;
  assert_ok(hb_safetensors_parse(file.bytes, file.size, &parsed, &failure));
  char text[40];
  for (int i = 0; i < 3; i++) {
    assert_true(hb_safetensors_metadata(parsed, metadata[i][0], text, sizeof text));
    assert_string_equal(text, metadata[i][1]);
  }
  const hb_tensor *first = hb_safetensors_find(parsed, "first.weight"),
                  *last = hb_safetensors_find(parsed, "last \"one\"");
  assert_int_equal(first->rank, 4);
  assert_int_equal(first->shape[2], 4);
  assert_memory_equal(first->data, values, 48 * sizeof(float));
  assert_int_equal(last->bytes, 5 * sizeof(float));
  assert_memory_equal(last->data, values + 48, 5 * sizeof(float));
  assert_ptr_equal(last->data + last->bytes, file.bytes + file.size);
  hb_safetensors_free(parsed);
  blob_free(&file);
}

static void every_type_is_written(void **state) {
  const uint8_t bytes[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
  static const hb_dtype types[] = {HB_F32, HB_F16, HB_I8, HB_I32, HB_I64};
  static const uint32_t sizes[] = {4, 2, 1, 4, 8};
  for (int t = 0; t < 5; t++) {
    const hb_tensor_source tensor = {"t", types[t], 1, {3}, bytes};
    hb_safetensors *parsed;
    assert_int_equal(hb_dtype_bytes(types[t]), sizes[t]);
    assert_ok(hb_safetensors_write(path_in(*state, "t"), metadata, 1, &tensor, 1, &failure));
    blob file = file_read(path_in(*state, "t"));
    assert_ok(hb_safetensors_parse(file.bytes, file.size, &parsed, &failure));
    const hb_tensor *read = hb_safetensors_find(parsed, "t");
    assert_int_equal(read->dtype, types[t]);
    assert_int_equal(read->bytes, 3 * sizes[t]);
    assert_memory_equal(read->data, bytes, 3 * sizes[t]);
    hb_safetensors_free(parsed);
    blob_free(&file);
  }
  assert_int_equal(hb_dtype_bytes(HB_OTHER_DTYPE), 0);
}

/* Other readers of the format want the header to be JSON and to begin with '{', and tensors without gaps. */
static void the_header_is_json_and_aligned_to_64_bytes(void **state) {
  const float one = 1;
  for (size_t length = 0; length < 70; length++) {
    char name[80] = "";
    memset(name, 'n', length + 1);
    const hb_tensor_source tensor = {name, HB_F32, 1, {1}, &one};
    const char *path = path_in(*state, "weights");
    assert_ok(hb_safetensors_write(path, metadata, length % 3, &tensor, 1, &failure));
    blob file = file_read(path);
    uint64_t header;
    memcpy(&header, file.bytes, 8);
    assert_int_equal((8 + header) % 64, 0);
    assert_int_equal(file.size, 8 + header + 4);
    assert_int_equal(file.bytes[8], '{');
    hb_json *json;
    assert_int_equal(hb_json_parse((const char *)file.bytes + 8, (size_t)header, &json), HB_OK);
    assert_int_equal(hb_json_size(json, 0), 2);
    hb_json_free(json);
    blob_free(&file);
  }
}

static void the_same_content_gives_the_same_file(void **state) {
  const float values[] = {1, 2, 3};
  const hb_tensor_source tensor = {"t", HB_F32, 1, {3}, values};
  const char *a = path_in(*state, "a"), *b = path_in(*state, "b");
  assert_ok(hb_safetensors_write(a, metadata, 3, &tensor, 1, &failure));
  assert_ok(hb_safetensors_write(b, metadata, 3, &tensor, 1, &failure));
  assert_true(files_equal(a, b));
}

static void a_place_that_cannot_be_written_is_named(void **state) {
  const float one = 1;
  const hb_tensor_source tensor = {"t", HB_F32, 1, {1}, &one};
  assert_fails(hb_safetensors_write(path_in(*state, "no/folder/w"), metadata, 1, &tensor, 1, &failure), HB_IO,
               "no/folder/w");
  assert_fails(hb_safetensors_write(*state, metadata, 1, &tensor, 1, &failure), HB_IO, *state);
  assert_int_equal(folder_count(*state), 0);
}

static void without_memory_nothing_is_written(void **state) {
  const float one = 1;
  const hb_tensor_source tensor = {"t", HB_F32, 1, {1}, &one};
  const char *path = path_in(*state, "weights");
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    remove_all(path);
    allocations_fail_from(n);
    hb_status status = hb_safetensors_write(path, metadata, 3, &tensor, 1, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status, refused ? HB_OUT_OF_MEMORY : HB_OK);
    assert_int_equal(folder_count(*state), refused ? 0 : 1);
  }
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      test(what_is_written_is_read_back),         test(the_header_is_json_and_aligned_to_64_bytes),
      test(the_same_content_gives_the_same_file), test(a_place_that_cannot_be_written_is_named),
      test(without_memory_nothing_is_written),    test(every_type_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
