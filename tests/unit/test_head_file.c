/* head.h: heads from the user's own files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/head_file.h"
#include "support.h"

/* A safetensors file: this header, then `count` floats, all different and at an address of `shift` modulo 4. A
 * `stranger` that is not 0 is written over the number at `place`. */
static blob file_with(const char *header, size_t count, size_t shift, size_t place, float stranger) {
  blob file = {0};
  size_t length = strlen(header), padding = (4 - length % 4) % 4 + shift;
  blob_add_little(&file, length + padding, 8);
  blob_add(&file, header, length);
  blob_add(&file, "       ", padding);
  float *numbers = must_allocate(count * sizeof *numbers);
  for (size_t i = 0; i < count; i++) numbers[i] = (float)i - 700;
  if (stranger != 0) numbers[place] = stranger;
  blob_add(&file, numbers, count * sizeof *numbers);
  free(numbers);
  return file;
}

static const char *const weight_3 = "{\"weight\":{\"dtype\":\"F32\",\"shape\":[3,512],\"data_offsets\":[0,6144]}}";
static const char *const weight_and_bias_3 =
    "{\"weight\":{\"dtype\":\"F32\",\"shape\":[3,512],\"data_offsets\":[0,6144]},"
    "\"bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[6144,6156]}}";

static hb_status read_blob(const blob *b, hb_head **out) {
  hb_safetensors *file = NULL;
  assert_ok(hb_safetensors_parse(b->bytes, b->size, &file, &failure));
  hb_status status = hb_head_from_file(file, out, &failure);
  hb_safetensors_free(file);
  return status;
}

static void assert_refused(blob b, const char *words) {
  hb_head *head = (hb_head *)&head;
  assert_fails(read_blob(&b, &head), HB_BAD_MODEL, words);
  assert_ptr_equal(head, &head);
  blob_free(&b);
}

static void a_head_has_the_numbers_of_its_file_at_any_address(void **state) {
  (void)state;
  for (size_t shift = 0; shift < 4; shift++) {
    blob b = file_with(weight_and_bias_3, 3 * 513, shift, 0, 0);
    hb_head *head;
    assert_ok(read_blob(&b, &head));
    blob_free(&b); /* the head has its own copy */
    assert_int_equal(head->kind, HB_HEAD_FILE);
    assert_int_equal(hb_head_dim(head), 3);
    for (int i = 0; i < 3 * 512; i++) assert_true(head->matrix[i] == (float)i - 700);
    for (int i = 0; i < 3; i++) assert_true(head->bias[i] == (float)(3 * 512 + i) - 700);
    hb_head_free(head);
  }
}

static void without_a_bias_it_is_zero(void **state) {
  (void)state;
  blob b = file_with(weight_3, 3 * 512, 0, 0, 0);
  hb_head *head;
  assert_ok(read_blob(&b, &head));
  assert_true(head->matrix[3 * 512 - 1] == 3 * 512 - 701);
  for (int i = 0; i < 3; i++) assert_true(head->bias[i] == 0);
  hb_head_free(head);
  blob_free(&b);
}

static void the_largest_head_is_read_and_a_larger_one_refused(void **state) {
  (void)state;
  for (size_t d = HB_DIM_MAX; d <= HB_DIM_MAX + 1; d++) {
    char header[120];
    snprintf(header, sizeof header, "{\"weight\":{\"dtype\":\"F32\",\"shape\":[%zu,512],\"data_offsets\":[0,%zu]}}", d,
             d * 2048);
    blob b = file_with(header, d * 512, 0, 0, 0);
    if (d > HB_DIM_MAX) {
      assert_refused(b, "from 1 to 32768");
      continue;
    }
    hb_head *head;
    assert_ok(read_blob(&b, &head));
    assert_int_equal(hb_head_dim(head), HB_DIM_MAX);
    hb_head_free(head);
    blob_free(&b);
  }
}

static void a_weight_of_768_columns_takes_prepared_features(void **state) {
  (void)state;
  static const char *const saying[] = {"", "\"__metadata__\":{\"features\":\"sqrt-layer4-layer3\"},"};
  for (int s = 0; s < 2; s++) {
    char header[160];
    snprintf(header, sizeof header, "{%s\"weight\":{\"dtype\":\"F32\",\"shape\":[2,768],\"data_offsets\":[0,6144]}}",
             saying[s]);
    blob b = file_with(header, 2 * 768, 0, 0, 0);
    hb_head *head;
    assert_ok(read_blob(&b, &head));
    assert_true(head->features == HB_FEATURES_SQRT && head->inputs == 768 && hb_head_dim(head) == 2);
    for (int i = 0; i < 2 * 768; i++) assert_true(head->matrix[i] == (float)i - 700);
    hb_head_free(head);
    blob_free(&b);
  }
}

static void metadata_that_name_other_features_are_refused(void **state) {
  (void)state;
  static const char *const names[] = {"sqrt-layer4-layer3", "layer3", ""};
  for (int n = 0; n < 3; n++) {
    char header[160];
    snprintf(header, sizeof header,
             "{\"__metadata__\":{\"features\":\"%s\"},\"weight\":{\"dtype\":\"F32\",\"shape\":[3,512],"
             "\"data_offsets\":[0,6144]}}",
             names[n]);
    assert_refused(file_with(header, 1536, 0, 0, 0), "'features' must be 'layer4'");
  }
}

static void a_weight_of_another_kind_or_shape_is_refused(void **state) {
  (void)state;
  assert_refused(file_with("{}", 0, 0, 0, 0), "'weight'");
  assert_refused(
      file_with("{\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,512],\"data_offsets\":[0,6144]}}", 1536, 0, 0, 0),
      "missing");
  static const char *const shapes[] = {"[512,3]", "[1536]", "[1,3,512]", "[1,1536]", "[3,256,2]", "[6,256]"};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    char header[120];
    snprintf(header, sizeof header, "{\"weight\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,6144]}}",
             shapes[i]);
    assert_refused(file_with(header, 1536, 0, 0, 0), "f32 of shape d x 512 or d x 768");
  }
  assert_refused(file_with("{\"weight\":{\"dtype\":\"F32\",\"shape\":[0,512],\"data_offsets\":[0,0]}}", 0, 0, 0, 0),
                 "from 1 to");
  assert_refused(
      file_with("{\"weight\":{\"dtype\":\"I64\",\"shape\":[3,512],\"data_offsets\":[0,12288]}}", 3072, 0, 0, 0), "f32");
  assert_refused(
      file_with("{\"weight\":{\"dtype\":\"F16\",\"shape\":[3,512],\"data_offsets\":[0,3072]}}", 768, 0, 0, 0), "f32");
}

static void a_bias_of_another_kind_or_shape_is_refused(void **state) {
  (void)state;
  static const char *const biases[] = {
      "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[6144,6152]}",
      "{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[6144,6160]}",
      "{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[6144,6156]}",
      "{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[6144,6148]}",
      "{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[6144,6168]}",
      "{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[6144,6150]}",
  };
  for (size_t i = 0; i < sizeof biases / sizeof *biases; i++) {
    char header[240];
    snprintf(header, sizeof header,
             "{\"bias\":%s,\"weight\":{\"dtype\":\"F32\",\"shape\":[3,512],\"data_offsets\":[0,6144]}}", biases[i]);
    assert_refused(file_with(header, 1550, 0, 0, 0), "'bias' should be f32 of shape 3");
  }
}

static void numbers_that_are_not_finite_are_refused(void **state) {
  (void)state;
  static const float strangers[] = {NAN, INFINITY, -INFINITY};
  static const size_t places[] = {0, 1535, 1536, 1538};
  for (int s = 0; s < 3; s++)
    for (int p = 0; p < 4; p++)
      assert_refused(file_with(weight_and_bias_3, 3 * 513, 0, places[p], strangers[s]),
                     p < 2 ? "'weight' has a number that is not finite" : "'bias' has a number that is not finite");
}

static void a_head_opens_by_its_file_name(void **state) {
  const char *path = path_in(*state, "mine.safetensors");
  blob b = file_with(weight_and_bias_3, 3 * 513, 1, 0, 0);
  file_write(path, b.bytes, b.size);
  hb_head *head, *same;
  assert_ok(hb_head_open(NULL, path, &head, &failure));
  assert_ok(read_blob(&b, &same));
  assert_int_equal(head->kind, HB_HEAD_FILE);
  assert_int_equal(hb_head_dim(head), 3);
  assert_same_bits(head->matrix, same->matrix, 3 * 513);
  hb_head_free(head);
  hb_head_free(same);
  blob_free(&b);
}

static void assert_not_opened(const char *name, hb_status status, const char *words) {
  hb_head *head = (hb_head *)&head;
  assert_fails(hb_head_open(NULL, name, &head, &failure), status, words);
  assert_ptr_equal(head, &head);
  assert_int_equal(hb_head_open(NULL, name, &head, NULL), status);
}

static void what_is_no_head_is_refused_by_name(void **state) {
  const char *path = path_in(*state, "mine");
  assert_not_opened(path, HB_IO, "No such file");
  assert_not_opened("Exact", HB_IO, "'Exact' is neither logits nor exact nor a usable");
  assert_not_opened("", HB_IO, "No such file");
  assert_not_opened(*state, HB_IO, "not a file");
  file_write(path, "", 0);
  assert_not_opened(path, HB_BAD_MODEL, "not a safetensors file");
  file_write(path, "\x02\0\0\0\0\0\0\0{}", 10);
  assert_not_opened(path, HB_BAD_MODEL, "'weight'");
  assert_not_opened(path, HB_BAD_MODEL, path);
  file_write(path, weight_3, strlen(weight_3));
  assert_not_opened(path, HB_BAD_MODEL, path);
}

static void a_collections_head_is_refused_with_the_way_to_get_it(void **state) {
  (void)state;
  assert_not_opened("svd", HB_INVALID_ARGUMENT, "use the bundle");
  assert_not_opened("svd:256", HB_INVALID_ARGUMENT, "'svd:256' is made by 'build'");
  assert_not_opened("lda", HB_INVALID_ARGUMENT, "'lda' is made by 'build'");
  assert_not_opened("discriminant:256", HB_INVALID_ARGUMENT, "'discriminant:256' is made by 'build'");
  assert_not_opened("svdfile", HB_IO, "No such file");
}

static void without_memory_reading_fails_cleanly(void **state) {
  const char *path = path_in(*state, "mine");
  blob b = file_with(weight_and_bias_3, 3 * 513, 0, 0, 0);
  file_write(path, b.bytes, b.size);
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_head *head = NULL;
    allocations_fail_from(n);
    hb_status status = hb_head_open(NULL, path, &head, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    assert_int_equal(head == NULL, refused);
    hb_head_free(head);
  }
  blob_free(&b);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_head_has_the_numbers_of_its_file_at_any_address),
      cmocka_unit_test(without_a_bias_it_is_zero),
      cmocka_unit_test(the_largest_head_is_read_and_a_larger_one_refused),
      cmocka_unit_test(a_weight_of_768_columns_takes_prepared_features),
      cmocka_unit_test(metadata_that_name_other_features_are_refused),
      cmocka_unit_test(a_weight_of_another_kind_or_shape_is_refused),
      cmocka_unit_test(a_bias_of_another_kind_or_shape_is_refused),
      cmocka_unit_test(numbers_that_are_not_finite_are_refused),
      test(a_head_opens_by_its_file_name),
      test(what_is_no_head_is_refused_by_name),
      cmocka_unit_test(a_collections_head_is_refused_with_the_way_to_get_it),
      test(without_memory_reading_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
