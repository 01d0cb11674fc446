/* weights.h: files in f16 and i8, written, read back, and damaged. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "base/file.h"
#include "base/half.h"
#include "model/weights_write.h"
#include "synthetic.h"
#include "vector/row_encoding.h"
#include "weight_files.h"

#define FC_SIZE ((size_t)HB_LOGITS_DIM * HB_POOLED_DIM)

/* Files in memory, read once: changed by tests, and changed back. */
static blob f32, f16, i8;

static blob f16_file(void) {
  void *folder;
  hb_model *model = open_model(), *halves;
  make_folder(&folder);
  assert_ok(hb_model_to_f16(model, &halves, &failure));
  assert_ok(hb_model_write(halves, path_in(folder, "f16"), &failure));
  blob file = file_read(path_in(folder, "f16"));
  hb_model_free(halves);
  hb_model_free(model);
  remove_folder(&folder);
  return file;
}

static int load_files(void **state) {
  (void)state;
  f32 = file_read(model_path());
  f16 = f16_file();
  i8 = file_read(model_i8_path());
  return 0;
}

static int free_files(void **state) {
  (void)state;
  blob_free(&f32);
  blob_free(&f16);
  blob_free(&i8);
  return 0;
}

/* The bytes of a tensor in a file. */
static uint8_t *bytes_of(const blob *file, const char *name) {
  hb_safetensors *parsed;
  assert_ok(hb_safetensors_parse(file->bytes, file->size, &parsed, &failure));
  const hb_tensor *tensor = hb_safetensors_find(parsed, name);
  if (tensor == NULL) fail_msg("there is no tensor '%s'", name);
  uint8_t *bytes = (uint8_t *)tensor->data;
  hb_safetensors_free(parsed);
  return bytes;
}

static void writes_the_same(const blob *file, void **state) {
  hb_weights weights = read_fine(file);
  make_folder(state);
  assert_ok(hb_weights_write(&weights, path_in(*state, "again"), &failure));
  blob again = file_read(path_in(*state, "again"));
  assert_int_equal(again.size, file->size);
  assert_memory_equal(again.bytes, file->bytes, file->size);
  blob_free(&again);
  remove_folder(state);
  hb_weights_free(&weights);
}

/* ---- What is in them ---- */

static void assert_rounded(const float *got, const float *from, size_t count) {
  uint16_t *codes = must_allocate(count * sizeof *codes);
  float *expected = must_allocate(count * sizeof *expected);
  hb_half_from_float(from, codes, count);
  hb_half_to_float(codes, expected, count);
  assert_same_bits(got, expected, count);
  free(codes);
  free(expected);
}

static void f16_is_f32_rounded(void **state) {
  (void)state;
  hb_weights from = read_fine(&f32), got = read_fine(&f16);
  assert_int_equal(got.precision, HB_PRECISION_F16);
  assert_string_not_equal(got.id, from.id);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    assert_rounded(got.kernel[c], from.kernel[c], hb_kernel_size(&hb_conv_specs[c]));
    assert_same_bits(got.bias[c], from.bias[c], hb_conv_specs[c].out);
  }
  assert_rounded(got.fc_kernel, from.fc_kernel, FC_SIZE);
  assert_same_bits(got.fc_bias, from.fc_bias, HB_LOGITS_DIM);
  char id[HB_SHA256_HEX];
  strcpy(id, got.id);
  hb_weights_identify(&got);
  assert_string_equal(got.id, id);
  hb_weights_free(&from);
  hb_weights_free(&got);
}

static void i8_is_what_was_written(void **state) {
  make_folder(state);
  hb_weights from = synthetic_quantized(9), got;
  const hb_quantized *a = &from.quantized, *b = &got.quantized;
  for (size_t row = 0; row < HB_LOGITS_DIM; row++) { /* as hb_quantize_weights leaves them */
    int8_t codes[HB_POOLED_DIM];
    float scale, *numbers = (float *)from.fc_kernel + row * HB_POOLED_DIM;
    const hb_rows rows = {HB_ENCODING_I8, HB_POOLED_DIM, 1, codes, &scale};
    hb_row_encode(HB_ENCODING_I8, HB_POOLED_DIM, numbers, false, codes, &scale);
    hb_row_decode(&rows, 0, numbers);
  }
  hb_weights_identify(&from);
  assert_ok(hb_weights_write(&from, path_in(*state, "i8"), &failure));
  blob file = file_read(path_in(*state, "i8"));
  assert_ok(read_at(file.bytes, file.size, &got));
  assert_string_equal(got.id, from.id);
  assert_memory_equal(a->map, b->map, sizeof a->map);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    assert_memory_equal(a->kernel[c], b->kernel[c], hb_kernel_size(&hb_conv_specs[c]));
    assert_same_bits(a->kernel_scale[c], b->kernel_scale[c], hb_conv_specs[c].out);
    assert_memory_equal(a->bias[c], b->bias[c], hb_conv_specs[c].out * sizeof(int32_t));
    assert_true((const uint8_t *)b->kernel[c] > file.bytes && (const uint8_t *)b->kernel[c] < file.bytes + file.size);
    assert_null(got.kernel[c]);
  }
  assert_same_bits(got.fc_kernel, from.fc_kernel, FC_SIZE);
  assert_same_bits(got.fc_bias, from.fc_bias, HB_LOGITS_DIM);
  hb_weights_identify(&got);
  assert_string_equal(got.id, from.id);
  hb_weights_free(&from);
  hb_weights_free(&got);
  blob_free(&file);
  remove_folder(state);
}

static void writing_again_gives_the_same_files(void **state) {
  writes_the_same(&f16, state);
  writes_the_same(&i8, state);
}

static void files_are_a_half_and_a_quarter(void **state) {
  (void)state;
  assert_true(f16.size < f32.size / 2 + 20000);
  assert_true(i8.size < f32.size / 4 + 60000);
}

static void tensors_are_aligned(void **state) {
  (void)state;
  const blob *const files[] = {&f16, &i8};
  for (size_t f = 0; f < 2; f++)
    for (int c = 0; c < HB_CONV_COUNT; c++) {
      char name[HB_TENSOR_NAME];
      snprintf(name, sizeof name, "%s.weight", hb_conv_specs[c].name);
      assert_int_equal((bytes_of(files[f], name) - files[f]->bytes) % 64, 0);
    }
  assert_int_equal((bytes_of(&i8, "maps.zero") - i8.bytes) % 4, 0);
}

/* ---- Changed files ---- */

static void refuse(const blob *file, const char *words) {
  hb_weights weights = {.id = "untouched"};
  assert_fails(read_at(file->bytes, file->size, &weights), HB_BAD_MODEL, words);
  assert_string_equal(weights.id, "untouched");
}

static void a_missing_tensor_is_named(void **state) {
  (void)state;
  static const char *const names[] = {"conv1.weight", "layer2.0.downsample.0.bias", "fc.weight", "fc.bias"};
  static const char *const more[] = {"layer4.1.conv2.scale", "conv1.scale", "fc.scale", "maps.scale", "maps.zero"};
  for (size_t i = 0; i < 9; i++) {
    char from[80], to[80], words[100];
    snprintf(from, sizeof from, "\"%s\"", i < 4 ? names[i] : more[i - 4]);
    snprintf(to, sizeof to, "%s", from);
    to[1] = 'X';
    snprintf(words, sizeof words, "tensor '%.*s' is missing", (int)strlen(from) - 2, from + 1);
    if (i < 4) assert_refused_with(&f16, from, to, words);
    assert_refused_with(&i8, from, to, words);
  }
}

static void a_wrong_type_is_named(void **state) {
  (void)state;
  assert_refused_with(&f16, "\"conv1.weight\":{\"dtype\":\"F16\"", "\"conv1.weight\":{\"dtype\":\"U16\"",
                      "'conv1.weight' should be f16 of shape 64 x 7 x 7 x 3");
  assert_refused_with(&f16, "\"fc.bias\":{\"dtype\":\"F32\"", "\"fc.bias\":{\"dtype\":\"I32\"",
                      "'fc.bias' should be f32");
  assert_refused_with(&i8, "\"conv1.weight\":{\"dtype\":\"I8\"", "\"conv1.weight\":{\"dtype\":\"U8\"",
                      "'conv1.weight' should be i8");
  assert_refused_with(&i8, "\"conv1.bias\":{\"dtype\":\"I32\"", "\"conv1.bias\":{\"dtype\":\"F32\"",
                      "'conv1.bias' should be i32 of shape 64");
  assert_refused_with(&i8, "\"conv1.scale\":{\"dtype\":\"F32\"", "\"conv1.scale\":{\"dtype\":\"I32\"",
                      "'conv1.scale' should be f32");
  assert_refused_with(&i8, "\"maps.zero\":{\"dtype\":\"I32\"", "\"maps.zero\":{\"dtype\":\"F32\"",
                      "'maps.zero' should be i32 of shape 29");
}

static void a_wrong_shape_is_named(void **state) {
  (void)state;
  assert_refused_with(&f16, "[64,7,7,3]", "[64,3,7,7]", "'conv1.weight' should be f16 of shape 64 x 7 x 7 x 3");
  assert_refused_with(&i8, "[64,7,7,3]", "[64,3,7,7]", "'conv1.weight' should be i8 of shape 64 x 7 x 7 x 3");
  assert_refused_with(&i8, "[1000,512]", "[512,1000]", "'fc.weight' should be i8 of shape 1000 x 512");
  assert_refused_with(&i8, "\"shape\":[29]", "\"shape\":[ 9]", "'maps.scale'");
}

/* The words of one precision over the tensors of another. */
static void a_wrong_kind_is_refused(void **state) {
  (void)state;
  assert_refused_with(&f16, "resnet18-f16", "resnet18-f32", "'conv1.weight' should be f32");
  assert_refused_with(&f32, "resnet18-f32", "resnet18-f16", "'conv1.weight' should be f16");
  assert_refused_with(&i8, "resnet18-i8", "resnet18-i4", "kind 'heybagh-resnet18-i4'");
  assert_refused_with(&i8, "resnet18-i8", "resnet18-  ", "which this version cannot read");
  assert_refused_with(&i8, "\"id\"", "\"ib\"", "no id");
}

static void what_is_not_aligned_is_refused(void **state) {
  (void)state;
  const blob *const files[] = {&f16, &i8};
  for (size_t f = 0; f < 2; f++) {
    uint8_t *memory = must_allocate(files[f]->size + 1);
    memcpy(memory + 1, files[f]->bytes, files[f]->size);
    hb_weights weights;
    assert_fails(read_at(memory + 1, files[f]->size, &weights), HB_BAD_MODEL, "not aligned");
    free(memory);
  }
}

/* Number `i` of a tensor of 4 bytes replaced. */
static void assert_impossible(const char *tensor, size_t i, const void *number, size_t size, const char *words) {
  uint8_t *place = bytes_of(&i8, tensor) + i * size, before[4];
  memcpy(before, place, size);
  memcpy(place, number, size);
  char sentence[120];
  snprintf(sentence, sizeof sentence, "the model is damaged: tensor '%s' has numbers that are out of range", words);
  refuse(&i8, sentence);
  memcpy(place, before, size);
}

static void damaged_numbers_are_refused_with_their_tensor(void **state) {
  (void)state;
  static const float scales[] = {0, -1, NAN, INFINITY, 1e-40f, 1e20f};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
    assert_impossible("conv1.scale", 63, &scales[i], 4, "conv1.scale");
    assert_impossible("layer3.0.downsample.0.scale", 0, &scales[i], 4, "layer3.0.downsample.0.scale");
    assert_impossible("maps.scale", i, &scales[i], 4, "maps.scale");
    if (i > 0 && i < 4) assert_impossible("fc.scale", 999, &scales[i], 4, "fc.scale"); /* a dead row has 0 */
  }
  static const float far = 1e5f;
  assert_impossible("maps.scale", HB_MAP_BLOCK(3), &far, 4, "maps.scale"); /* its terms are less than 2^-10 of it */
  assert_impossible("maps.scale", HB_MAP_CONV(4), &far, 4, "maps.scale");  /* more than 2^8 times its sum */
  assert_impossible("maps.scale", HB_MAP_INPUT, &far, 4, "conv1.scale");   /* the factor is */
  assert_impossible("layer1.0.conv1.scale", 1, &far, 4, "layer1.0.conv1.scale"); /* likewise */
  static const int32_t zeros[] = {-129, 128, INT32_MIN, INT32_MAX}, biases[] = {INT32_MIN, INT32_MAX, (1 << 30) + 1};
  for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
    assert_impossible("maps.zero", 7 * i, &zeros[i], 4, "maps.zero");
  for (size_t i = 0; i < sizeof biases / sizeof *biases; i++)
    assert_impossible("layer4.1.conv2.bias", 100 * i, &biases[i], 4, "layer4.1.conv2.bias");
  static const int8_t lowest = -128;
  assert_impossible("conv1.weight", 9407, &lowest, 1, "conv1.weight");
  assert_impossible("layer4.0.conv1.weight", 0, &lowest, 1, "layer4.0.conv1.weight");
  assert_impossible("fc.weight", 511999, &lowest, 1, "fc.weight");
  hb_weights weights = read_fine(&i8); /* all is as it was */
  hb_weights_free(&weights);
}

static void truncated_files_are_refused(void **state) {
  (void)state;
  const blob *const files[] = {&f16, &i8};
  static const size_t missing[] = {1, 4, 116, 117, 4000, 1000000};
  for (size_t f = 0; f < 2; f++) {
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
      blob shorter = blob_of(files[f]->bytes, files[f]->size - missing[i]);
      refuse(&shorter, "damaged");
      blob_free(&shorter);
    }
    for (size_t size = 0; size < 3000; size += 499) { /* within the header */
      blob shorter = blob_of(files[f]->bytes, size);
      refuse(&shorter, "cut short");
      blob_free(&shorter);
    }
  }
}

/* ---- Memory ---- */

static void without_memory_it_fails_cleanly(void **state) {
  make_folder(state);
  const blob *const files[] = {&f16, &i8};
  const char *path = path_in(*state, "file");
  for (size_t f = 0; f < 4; f++) {
    hb_weights weights = read_fine(files[f % 2]);
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      hb_weights got = {0};
      allocations_fail_from(n);
      hb_status status =
          f < 2 ? read_at(files[f]->bytes, files[f]->size, &got) : hb_weights_write(&weights, path, &failure);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status == HB_OK, !refused);
      hb_weights_free(&got);
    }
    hb_weights_free(&weights);
  }
  remove_folder(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(f16_is_f32_rounded),
      cmocka_unit_test(i8_is_what_was_written),
      cmocka_unit_test(writing_again_gives_the_same_files),
      cmocka_unit_test(files_are_a_half_and_a_quarter),
      cmocka_unit_test(tensors_are_aligned),
      cmocka_unit_test(a_missing_tensor_is_named),
      cmocka_unit_test(a_wrong_type_is_named),
      cmocka_unit_test(a_wrong_shape_is_named),
      cmocka_unit_test(a_wrong_kind_is_refused),
      cmocka_unit_test(what_is_not_aligned_is_refused),
      cmocka_unit_test(damaged_numbers_are_refused_with_their_tensor),
      cmocka_unit_test(truncated_files_are_refused),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, load_files, free_files);
}
