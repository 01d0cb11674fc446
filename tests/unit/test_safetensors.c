/* safetensors.h, the reading half: weight files, also ones that lie. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/safetensors.h"
#include "support.h"

/* A file of this header and `data` bytes 0, 1, 2, ... */
static blob file_of(const char *header, size_t data) {
  uint64_t length = strlen(header);
  blob file = blob_of(&length, sizeof length);
  blob_add(&file, header, length);
  for (size_t i = 0; i < data; i++) blob_add_u8(&file, i & 255);
  return file;
}

static hb_safetensors *parse(const blob *file) {
  hb_safetensors *parsed = NULL;
  assert_ok(hb_safetensors_parse(file->bytes, file->size, &parsed, &failure));
  return parsed;
}

/* The file is refused, with these words. */
static void assert_refused(const char *header, size_t data, const char *words) {
  blob file = file_of(header, data);
  hb_safetensors *parsed = (hb_safetensors *)&file;
  assert_fails(hb_safetensors_parse(file.bytes, file.size, &parsed, &failure), HB_BAD_MODEL, words);
  assert_ptr_equal(parsed, &file);
  blob_free(&file);
}

static const char sample[] =
    "{\"__metadata__\":{\"kind\":\"a \\\"test\\\"\",\"empty\":\"\"},"
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
    "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
    "\"half\":{\"data_offsets\":[32,40],\"dtype\":\"F16\",\"shape\":[1,2,2,1]},"
    "\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[40,40]}}";

static void tensors_are_found_by_name(void **state) {
  (void)state;
  blob file = file_of(sample, 40);
  hb_safetensors *parsed = parse(&file);
  const uint8_t *data = file.bytes + file.size - 40;
  const hb_tensor *w = hb_safetensors_find(parsed, "w");
  assert_non_null(w);
  assert_int_equal(w->dtype, HB_F32);
  assert_int_equal(w->rank, 2);
  assert_int_equal(w->shape[0], 2);
  assert_int_equal(w->shape[1], 3);
  assert_int_equal(w->bytes, 24);
  assert_ptr_equal(w->data, data + 8);
  const hb_tensor *n = hb_safetensors_find(parsed, "n");
  assert_int_equal(n->dtype, HB_I64);
  assert_int_equal(n->rank, 0);
  assert_ptr_equal(n->data, data);
  assert_int_equal(hb_safetensors_find(parsed, "half")->dtype, HB_F16);
  assert_int_equal(hb_safetensors_find(parsed, "half")->rank, 4);
  assert_int_equal(hb_safetensors_find(parsed, "none")->bytes, 0);
  assert_null(hb_safetensors_find(parsed, "x"));
  assert_null(hb_safetensors_find(parsed, ""));
  assert_null(hb_safetensors_find(parsed, "__metadata__"));
  hb_safetensors_free(parsed);
  blob_free(&file);
}

static void metadata_is_read(void **state) {
  (void)state;
  blob file = file_of(sample, 40);
  hb_safetensors *parsed = parse(&file);
  char text[16] = "before";
  assert_true(hb_safetensors_metadata(parsed, "kind", text, sizeof text));
  assert_string_equal(text, "a \"test\"");
  assert_true(hb_safetensors_metadata(parsed, "empty", text, sizeof text));
  assert_string_equal(text, "");
  assert_false(hb_safetensors_metadata(parsed, "kind", text, 8));
  assert_true(hb_safetensors_metadata(parsed, "kind", text, 9));
  assert_false(hb_safetensors_metadata(parsed, "absent", text, sizeof text));
  hb_safetensors_free(parsed);
  blob_free(&file);
}

static void a_file_without_metadata_or_tensors_is_fine(void **state) {
  (void)state;
  blob file = file_of("{}", 0);
  hb_safetensors *parsed = parse(&file);
  char text[8];
  assert_false(hb_safetensors_metadata(parsed, "kind", text, sizeof text));
  assert_null(hb_safetensors_find(parsed, "w"));
  hb_safetensors_free(parsed);
  blob_free(&file);
  hb_safetensors_free(NULL);
}

static void tensors_may_lie_at_any_address(void **state) {
  (void)state;
  for (size_t shift = 0; shift < 4; shift++) {
    char header[200];
    snprintf(header, sizeof header, "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}%*s", (int)shift,
             "");
    blob file = file_of(header, 8);
    hb_safetensors *parsed = parse(&file);
    const hb_tensor *w = hb_safetensors_find(parsed, "w");
    assert_int_equal(w->data[0], 0);
    assert_int_equal(w->data[7], 7);
    hb_safetensors_free(parsed);
    blob_free(&file);
  }
}

static void a_header_length_that_lies_is_refused(void **state) {
  (void)state;
  static const uint64_t lengths[] = {0, 1, 1000, (uint64_t)1 << 32, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 8};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    blob file = file_of(sample, 40);
    memcpy(file.bytes, &lengths[i], 8);
    hb_safetensors *parsed;
    assert_fails(hb_safetensors_parse(file.bytes, file.size, &parsed, &failure), HB_BAD_MODEL,
                 "not a safetensors file");
    blob_free(&file);
  }
}

static void a_header_that_swallows_the_data_is_refused(void **state) {
  (void)state;
  blob file = file_of(sample, 40);
  uint64_t length = file.size - 8;
  memcpy(file.bytes, &length, 8);
  hb_safetensors *parsed;
  assert_fails(hb_safetensors_parse(file.bytes, file.size, &parsed, &failure), HB_BAD_MODEL, "");
  blob_free(&file);
}

static void what_is_no_header_is_refused(void **state) {
  (void)state;
  assert_refused("", 0, "not JSON");
  assert_refused("not a header", 0, "not JSON");
  assert_refused("[]", 0, "not JSON");
  assert_refused("\"text\"", 0, "not JSON");
  assert_refused("{\"w\":", 0, "not JSON");
}

#define TENSOR(dtype, shape, offsets) \
  "{\"conv.w\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

/* All of these name the tensor. */
static void offsets_out_of_range_are_refused(void **state) {
  (void)state;
  assert_refused(TENSOR("\"F32\"", "[2]", "[0,8]"), 7, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[4,12]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[8,0]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[-8,0]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[18446744073709551608,18446744073709551616]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[18446744073709551612,4]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[0]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[0,8,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "[]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "{\"0\":8}"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2]", "8"), 8, "'conv.w'");
  assert_refused(TENSOR("\"other\"", "[2]", "[0,9]"), 8, "'conv.w'");
}

static void shapes_that_do_not_fit_their_bytes_are_refused(void **state) {
  (void)state;
  assert_refused(TENSOR("\"F32\"", "[3]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[1]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"I64\"", "[2]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F16\"", "[2]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"I32\"", "[4]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"I8\"", "[2]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[0,2]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[1,1,1,1,2]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[-2]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2.0]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[[2]]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "\"2\"", "[0,8]"), 8, "'conv.w'");
}

/* Products that are 8 modulo 2^64. */
static void a_shape_whose_product_overflows_is_refused(void **state) {
  (void)state;
  assert_refused(TENSOR("\"F32\"", "[4294967295,4294967295,4294967295,4294967295]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2147483648,2147483648]", "[0,0]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"F32\"", "[2,2147483648,4294967296]", "[0,8]"), 8, "'conv.w'");
  assert_refused(TENSOR("\"I64\"", "[2147483648,2147483648,2]", "[0,0]"), 8, "'conv.w'");
}

static void incomplete_entries_are_refused(void **state) {
  (void)state;
  assert_refused("{\"conv.w\":{}}", 8, "'conv.w'");
  assert_refused("{\"conv.w\":7}", 8, "'conv.w'");
  assert_refused("{\"conv.w\":[\"dtype\",\"F32\"]}", 8, "'conv.w'");
  assert_refused("{\"conv.w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "'conv.w'");
  assert_refused("{\"conv.w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "'conv.w'");
  assert_refused("{\"\\ud800\":{}}", 8, "tensor name");
}

/* Accepted by jsmn, with more items than the array's size tells; would be written past the end of `shape`. */
static void colons_in_a_shape_are_refused(void **state) {
  (void)state;
  assert_refused(TENSOR("\"F32\"", "[2 :1 :1 :1 :1 :1 :1 :1 :1 :1 :1 :1 :1]", "[0,8]"), 8, "JSON");
  assert_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}:\"b\":{}:\"c\":{}}", 8, "JSON");
}

static void cut_anywhere_it_is_refused(void **state) {
  (void)state;
  blob file = file_of(sample, 40);
  for (size_t n = 0; n < file.size; n++) {
    blob cut = blob_of(file.bytes, n);
    hb_safetensors *parsed;
    assert_fails(hb_safetensors_parse(cut.bytes, cut.size, &parsed, &failure), HB_BAD_MODEL, "");
    blob_free(&cut);
  }
  blob_free(&file);
}

/* What is accepted lies inside the file. */
static void a_changed_byte_is_refused_or_harmless(void **state) {
  (void)state;
  blob file = file_of(sample, 40);
  hb_random random = {4};
  for (size_t at = 0; at < file.size - 40; at++)
    for (int round = 0; round < 30; round++) {
      blob changed = blob_of(file.bytes, file.size);
      changed.bytes[at] = (uint8_t)hb_random_below(&random, 256);
      hb_safetensors *parsed;
      if (hb_safetensors_parse(changed.bytes, changed.size, &parsed, &failure) == HB_OK) {
        static const char *const names[] = {"w", "n", "half", "none"};
        for (int i = 0; i < 4; i++) {
          const hb_tensor *t = hb_safetensors_find(parsed, names[i]);
          if (t == NULL) continue;
          assert_true(t->data >= changed.bytes && t->data + t->bytes <= changed.bytes + changed.size);
          assert_true(t->rank <= HB_TENSOR_MAX_RANK);
        }
        hb_safetensors_free(parsed);
      }
      blob_free(&changed);
    }
  blob_free(&file);
}

static void without_memory_it_fails_cleanly(void **state) {
  (void)state;
  blob file = file_of(sample, 40);
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_safetensors *parsed = NULL;
    allocations_fail_from(n);
    hb_status status = hb_safetensors_parse(file.bytes, file.size, &parsed, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    hb_safetensors_free(parsed);
  }
  blob_free(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_are_found_by_name),
      cmocka_unit_test(metadata_is_read),
      cmocka_unit_test(a_file_without_metadata_or_tensors_is_fine),
      cmocka_unit_test(tensors_may_lie_at_any_address),
      cmocka_unit_test(a_header_length_that_lies_is_refused),
      cmocka_unit_test(a_header_that_swallows_the_data_is_refused),
      cmocka_unit_test(what_is_no_header_is_refused),
      cmocka_unit_test(offsets_out_of_range_are_refused),
      cmocka_unit_test(shapes_that_do_not_fit_their_bytes_are_refused),
      cmocka_unit_test(a_shape_whose_product_overflows_is_refused),
      cmocka_unit_test(incomplete_entries_are_refused),
      cmocka_unit_test(colons_in_a_shape_are_refused),
      cmocka_unit_test(cut_anywhere_it_is_refused),
      cmocka_unit_test(a_changed_byte_is_refused_or_harmless),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
