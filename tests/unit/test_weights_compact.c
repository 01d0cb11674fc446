/* weights.h: compact files, written, read back, without fc, and damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "model/model.h"
#include "model/weights_write.h"
#include "synthetic.h"
#include "vector/row_encoding.h"
#include "weight_files.h"

#define FC_SIZE ((size_t)HB_LOGITS_DIM * HB_POOLED_DIM)

static hb_weights original;
static blob whole, without_fc; /* its files */

/* Sound weights of few codes, as hb_quantize_weights leaves them. */
static hb_weights few_codes(void) {
  hb_weights weights = synthetic_quantized(9);
  weights.compact = true;
  for (int c = 1; c < HB_CONV_COUNT; c++) /* the first has many, as in a real one */
    for (size_t i = 0; i < hb_kernel_size(&hb_conv_specs[c]); i++) ((int8_t *)weights.quantized.kernel[c])[i] /= 24;
  for (size_t row = 0; row < HB_LOGITS_DIM; row++) {
    int8_t codes[HB_POOLED_DIM];
    float scale, *numbers = (float *)weights.fc_kernel + row * HB_POOLED_DIM;
    const hb_rows rows = {HB_ENCODING_I8, HB_POOLED_DIM, 1, codes, &scale};
    hb_row_encode(HB_ENCODING_I8, HB_POOLED_DIM, numbers, false, codes, &scale);
    hb_row_decode(&rows, 0, numbers);
  }
  hb_weights_identify(&weights);
  return weights;
}

static blob file_of(const hb_weights *weights) {
  void *folder;
  make_folder(&folder);
  assert_ok(hb_weights_write(weights, path_in(folder, "compact"), &failure));
  blob file = file_read(path_in(folder, "compact"));
  remove_folder(&folder);
  return file;
}

static int make_files(void **state) {
  (void)state;
  original = few_codes();
  whole = file_of(&original);
  hb_weights weights = original;
  weights.fc_kernel = weights.fc_bias = NULL;
  without_fc = file_of(&weights);
  return 0;
}

static int free_files(void **state) {
  (void)state;
  hb_weights_free(&original);
  blob_free(&whole);
  blob_free(&without_fc);
  return 0;
}

static void check_network(const hb_weights *got) {
  const hb_quantized *a = &original.quantized, *b = &got->quantized;
  assert_true(got->compact);
  assert_int_equal(got->precision, HB_PRECISION_I8);
  assert_string_equal(got->id, original.id);
  assert_memory_equal(a->map, b->map, sizeof a->map);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    assert_memory_equal(a->kernel[c], b->kernel[c], hb_kernel_size(&hb_conv_specs[c]));
    assert_same_bits(a->kernel_scale[c], b->kernel_scale[c], hb_conv_specs[c].out);
    assert_memory_equal(a->bias[c], b->bias[c], hb_conv_specs[c].out * sizeof(int32_t));
  }
}

/* The id that all numbers give is the file's. */
static void check_id(const hb_weights *got) {
  hb_weights again = *got;
  hb_weights_identify(&again);
  assert_string_equal(again.id, original.id);
  assert_string_equal(again.fc_id, original.fc_id);
}

static void a_file_is_what_was_written(void **state) {
  (void)state;
  hb_weights got = read_fine(&whole);
  check_network(&got);
  assert_same_bits(got.fc_kernel, original.fc_kernel, FC_SIZE);
  assert_same_bits(got.fc_bias, original.fc_bias, HB_LOGITS_DIM);
  check_id(&got);
  blob again = file_of(&got);
  assert_int_equal(again.size, whole.size);
  assert_memory_equal(again.bytes, whole.bytes, whole.size);
  blob_free(&again);
  hb_weights_free(&got);
}

static void without_fc_the_network_and_its_id_are_the_same(void **state) {
  (void)state;
  hb_weights got = read_fine(&without_fc);
  check_network(&got);
  assert_null(got.fc_kernel);
  assert_null(got.fc_bias);
  check_id(&got);
  assert_true(without_fc.size < whole.size - 400000);
  blob again = file_of(&got);
  assert_memory_equal(again.bytes, without_fc.bytes, without_fc.size);
  blob_free(&again);
  hb_weights_free(&got);
}

/* As weights.h says. */
static void the_id_is_the_hash_of_all_numbers(void **state) {
  (void)state;
  const hb_quantized *q = &original.quantized;
  hb_sha256 hash, fc;
  char id[HB_SHA256_HEX], fc_id[HB_SHA256_HEX];
  hb_sha256_start(&fc);
  hb_sha256_add(&fc, original.fc_kernel, FC_SIZE * sizeof(float));
  hb_sha256_add(&fc, original.fc_bias, HB_LOGITS_DIM * sizeof(float));
  hb_sha256_hex(&fc, fc_id);
  hb_sha256_start(&hash);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    hb_sha256_add(&hash, c == 0 ? "8" : "4", 1);
    for (size_t i = 0; i < hb_kernel_size(&hb_conv_specs[c]); i += c == 0 ? 1 : 2) {
      const uint8_t *codes = (const uint8_t *)q->kernel[c] + i;
      const uint8_t byte = (uint8_t)(c == 0 ? codes[0] : (codes[0] & 15u) + 16u * (codes[1] & 15u));
      hb_sha256_add(&hash, &byte, 1);
    }
    hb_sha256_add(&hash, q->kernel_scale[c], hb_conv_specs[c].out * sizeof(float));
    hb_sha256_add(&hash, q->bias[c], hb_conv_specs[c].out * sizeof(int32_t));
  }
  for (int m = 0; m < HB_MAP_COUNT; m++) hb_sha256_add(&hash, &q->map[m].scale, 4);
  for (int m = 0; m < HB_MAP_COUNT; m++) hb_sha256_add(&hash, &q->map[m].zero, 4);
  hb_sha256_add(&hash, fc_id, 64);
  hb_sha256_hex(&hash, id);
  assert_string_equal(original.id, id);
  assert_string_equal(original.fc_id, fc_id);
}

static void every_number_counts_in_the_id(void **state) {
  (void)state;
  hb_weights changed = original;
  uint8_t *places[] = {(uint8_t *)(original.quantized.kernel[0] + 9),
                       (uint8_t *)(original.quantized.bias[19] + 511),
                       (uint8_t *)(original.fc_kernel + 99),
                       (uint8_t *)(original.fc_bias + 999),
                       (uint8_t *)(original.quantized.kernel_scale[7] + 1),
                       (uint8_t *)&changed.quantized.map[28].zero};
  for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
    *places[p] ^= 1;
    hb_weights_identify(&changed);
    assert_string_not_equal(changed.id, original.id);
    *places[p] ^= 1;
  }
  hb_weights_identify(&changed);
  assert_string_equal(changed.id, original.id);
}

/* Nothing points into the file, which may go. */
static void a_model_does_without_the_file(void **state) {
  (void)state;
  blob *const files[] = {&whole, &without_fc};
  for (int f = 0; f < 2; f++) {
    hb_model *model;
    blob copy = blob_of(files[f]->bytes, files[f]->size);
    assert_ok(hb_model_from_memory(copy.bytes, copy.size, &model, &failure));
    assert_ok(hb_model_verify(model, original.id, &failure));
    const hb_weights *weights;
    assert_ok(hb_model_weights(model, &weights, &failure));
    check_network(weights);
    hb_model_free(model);
  }
}

static void heads_that_need_fc_are_refused_without(void **state) {
  (void)state;
  hb_model *model;
  blob copy = blob_of(without_fc.bytes, without_fc.size);
  assert_ok(hb_model_from_memory(copy.bytes, copy.size, &model, &failure));
  assert_null(hb_model_logits(model));
  static const char *const names[] = {"logits", "exact"};
  for (int n = 0; n < 2; n++) {
    hb_head *head;
    char words[80];
    snprintf(words, sizeof words, "the head '%s' needs fc, which this model was made without", names[n]);
    assert_fails(hb_head_open(model, names[n], &head, &failure), HB_INVALID_ARGUMENT, words);
  }
  hb_engine *engine;
  assert_ok(hb_engine_create(model, NULL, &engine, &failure));
  assert_int_equal(hb_engine_dim(engine), HB_POOLED_DIM);
  hb_engine_free(engine);
  hb_model_free(model);
}

static void fc_is_left_out_of_compact_models_only(void **state) {
  make_folder(state);
  hb_model *model = open_model(), *compact;
  const char *path = path_in(*state, "out");
  assert_fails(hb_model_write_without_fc(model, path, &failure), HB_INVALID_ARGUMENT, "fewer than 255 levels");
  hb_model_free(model);
  blob copy = blob_of(whole.bytes, whole.size);
  assert_ok(hb_model_from_memory(copy.bytes, copy.size, &compact, &failure));
  assert_ok(hb_model_write_without_fc(compact, path, &failure));
  assert_non_null(hb_model_logits(compact)); /* the model itself is as before */
  blob file = file_read(path);
  assert_int_equal(file.size, without_fc.size);
  assert_memory_equal(file.bytes, without_fc.bytes, file.size);
  hb_model_drop_source(compact);
  assert_fails(hb_model_write_without_fc(compact, path, &failure), HB_INVALID_ARGUMENT, "already freed");
  blob_free(&file);
  hb_model_free(compact);
  remove_folder(state);
}

/* ---- Damage ---- */

static void refuse(const blob *file, const char *words) {
  hb_weights weights = {.id = "untouched"};
  assert_fails(read_at(file->bytes, file->size, &weights), HB_BAD_MODEL, words);
  assert_string_equal(weights.id, "untouched");
}

static void cut_files_are_refused(void **state) {
  (void)state;
  hb_random random = {3};
  for (int i = 0; i < 60; i++) {
    blob part = blob_of(whole.bytes, i < 20 ? (size_t)i : hb_random_below(&random, (uint32_t)whole.size));
    refuse(&part, "");
    blob_free(&part);
  }
}

/* A change is refused, or the id tells. */
static void changed_bytes_do_not_pass(void **state) {
  (void)state;
  hb_random random = {4};
  uint64_t header;
  memcpy(&header, without_fc.bytes, sizeof header);
  const size_t first = sizeof header + (size_t)header;
  int refused = 0;
  for (int i = 0; i < 40; i++) {
    uint8_t *byte = without_fc.bytes + first + hb_random_below(&random, (uint32_t)(without_fc.size - first));
    const uint8_t before = *byte;
    *byte ^= (uint8_t)(1 + hb_random_below(&random, 255));
    hb_weights got;
    failure = (hb_error){0};
    if (read_at(without_fc.bytes, without_fc.size, &got) == HB_OK) {
      hb_weights_identify(&got);
      assert_string_not_equal(got.id, original.id);
      hb_weights_free(&got);
    } else {
      assert_int_equal(failure.status, HB_BAD_MODEL);
      refused++;
    }
    *byte = before;
  }
  assert_true(refused >= 30); /* nearly all of a file is streams */
}

static void what_is_missing_or_of_another_kind_is_named(void **state) {
  (void)state;
  assert_refused_with(&whole, "\"conv1.codes\"", "\"Xonv1.codes\"", "tensor 'conv1.codes' is missing");
  assert_refused_with(&whole, "\"layer4.1.conv2.codes\"", "\"Xayer4.1.conv2.codes\"", "'layer4.1.conv2.codes'");
  assert_refused_with(&whole, "\"fc.scale\"", "\"Xc.scale\"", "tensor 'fc.scale' is missing");
  assert_refused_with(&whole, "\"fc.bias\"", "\"Xc.bias\"", "tensor 'fc.bias' is missing");
  assert_refused_with(&whole, "\"maps.zero\"", "\"Xaps.zero\"", "tensor 'maps.zero' is missing");
  assert_refused_with(&whole, "\"conv1.codes\":{\"dtype\":\"U8\"", "\"conv1.codes\":{\"dtype\":\"I8\"",
                      "'conv1.codes' is missing, or is not of u8");
  assert_refused_with(&whole, "\"fc\":\"", "\"fC\":\"", "does not tell the id of its fc");
  assert_refused_with(&whole, "\"id\"", "\"iD\"", "no id");
  assert_refused_with(&whole, "i8-rans", "i8-rant", "which this version cannot read");
}

/* The stream of another layer, whose codes are of another number. */
static void a_stream_of_another_layer_is_refused(void **state) {
  (void)state;
  assert_refused_with(&whole, "\"layer1.0.conv1.codes\"", "\"layer2.0.conv1.codex\"", "'layer1.0.conv1.codes'");
  char *from = (char *)find_in_header(&whole, "\"layer1.0.conv1.codes\""),
       *to = (char *)find_in_header(&whole, "\"layer2.0.conv1.codes\"");
  from[6] = '2', to[6] = '1';
  refuse(&whole, "tensor 'layer1.0.conv1.codes' cannot be decoded");
  from[6] = '1', to[6] = '2';
}

static void without_memory_it_fails_cleanly(void **state) {
  make_folder(state);
  const char *path = path_in(*state, "out");
  for (int f = 0; f < 2; f++) {
    bool refused = true;
    for (size_t n = 0; refused; n++) {
      hb_weights got = {0};
      allocations_fail_from(n);
      hb_status status = f == 0 ? read_at(whole.bytes, whole.size, &got) : hb_weights_write(&original, path, &failure);
      allocations_work();
      refused = allocations_were_refused();
      assert_int_equal(status == HB_OK, !refused);
      hb_weights_free(&got);
    }
  }
  remove_folder(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_is_what_was_written),
      cmocka_unit_test(without_fc_the_network_and_its_id_are_the_same),
      cmocka_unit_test(the_id_is_the_hash_of_all_numbers),
      cmocka_unit_test(every_number_counts_in_the_id),
      cmocka_unit_test(a_model_does_without_the_file),
      cmocka_unit_test(heads_that_need_fc_are_refused_without),
      cmocka_unit_test(fc_is_left_out_of_compact_models_only),
      cmocka_unit_test(cut_files_are_refused),
      cmocka_unit_test(changed_bytes_do_not_pass),
      cmocka_unit_test(what_is_missing_or_of_another_kind_is_named),
      cmocka_unit_test(a_stream_of_another_layer_is_refused),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, make_files, free_files);
}
