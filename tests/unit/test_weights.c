/* weights.h: reading torchvision's file with its batch norms folded, and the project's own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/sha256.h"
#include "model/weights_write.h"
#include "synthetic.h"
#include "weight_files.h"

/* The two files of make_weights in memory, read once: changed by tests, and changed back. */
static blob torchvision, own;

static int load_files(void **state) {
  (void)state;
  torchvision = file_read(weights_path());
  own = file_read(model_path());
  return 0;
}

static int free_files(void **state) {
  (void)state;
  blob_free(&torchvision);
  blob_free(&own);
  return 0;
}

static size_t kernel_floats(int c) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  return (size_t)s->out * s->kernel * s->kernel * s->in;
}

static void assert_same_weights(const hb_weights *a, const hb_weights *b) {
  assert_string_equal(a->id, b->id);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    assert_same_bits(a->kernel[c], b->kernel[c], kernel_floats(c));
    assert_same_bits(a->bias[c], b->bias[c], hb_conv_specs[c].out);
  }
  assert_same_bits(a->fc_kernel, b->fc_kernel, (size_t)HB_LOGITS_DIM * HB_POOLED_DIM);
  assert_same_bits(a->fc_bias, b->fc_bias, HB_LOGITS_DIM);
}

/* Element i of a tensor of the torchvision file. */
static double value(const hb_safetensors *file, const char *prefix, const char *suffix, size_t i) {
  char name[80];
  float x;
  snprintf(name, sizeof name, "%s.%s", prefix, suffix);
  const hb_tensor *t = hb_safetensors_find(file, name);
  assert_non_null(t);
  assert_true(i < t->bytes / sizeof x);
  memcpy(&x, t->data + i * sizeof x, sizeof x);
  return x;
}

/* ---- Folding ---- */

/* The network's convolution gives what torchvision's convolution and batch norm give, channel `o`. */
static void check_channel(const hb_safetensors *file, const hb_weights *weights, int c, uint32_t o) {
  const hb_conv_spec *s = &hb_conv_specs[c];
  double gamma = value(file, s->norm, "weight", o), beta = value(file, s->norm, "bias", o);
  double mean = value(file, s->norm, "running_mean", o), variance = value(file, s->norm, "running_var", o);
  double scale = gamma / sqrt(variance + 1e-5);
  assert_true(fabs(weights->bias[c][o] - (beta - mean * scale)) < 1e-6);
  for (uint32_t i = 0; i < s->in; i++)
    for (uint32_t y = 0; y < s->kernel; y++)
      for (uint32_t x = 0; x < s->kernel; x++) {
        double from = value(file, s->name, "weight", (((size_t)o * s->in + i) * s->kernel + y) * s->kernel + x);
        float got = weights->kernel[c][(((size_t)o * s->kernel + y) * s->kernel + x) * s->in + i];
        assert_true(fabs(got - from * scale) < 1e-6);
      }
}

static void batch_norm_is_folded_and_kernels_are_transposed(void **state) {
  (void)state;
  hb_safetensors *file;
  assert_ok(hb_safetensors_parse(torchvision.bytes, torchvision.size, &file, &failure));
  hb_weights weights = read_fine(&torchvision);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    uint32_t last = hb_conv_specs[c].out - 1;
    check_channel(file, &weights, c, 0);
    check_channel(file, &weights, c, last / 2);
    check_channel(file, &weights, c, last);
  }
  for (size_t i = 0; i < (size_t)HB_LOGITS_DIM * HB_POOLED_DIM; i += 997)
    assert_true(weights.fc_kernel[i] == (float)value(file, "fc", "weight", i));
  for (size_t i = 0; i < HB_LOGITS_DIM; i++) assert_true(weights.fc_bias[i] == (float)value(file, "fc", "bias", i));
  hb_safetensors_free(file);
  hb_weights_free(&weights);
}

static void the_id_is_the_hash_of_the_folded_weights(void **state) {
  (void)state;
  hb_weights weights = read_fine(&torchvision);
  hb_sha256 hash;
  char hex[HB_SHA256_HEX];
  hb_sha256_start(&hash);
  for (int c = 0; c < HB_CONV_COUNT; c++) {
    hb_sha256_add(&hash, weights.kernel[c], kernel_floats(c) * 4);
    hb_sha256_add(&hash, weights.bias[c], (size_t)hb_conv_specs[c].out * 4);
  }
  hb_sha256_add(&hash, weights.fc_kernel, 1000 * 512 * 4);
  hb_sha256_add(&hash, weights.fc_bias, 1000 * 4);
  hb_sha256_hex(&hash, hex);
  assert_string_equal(weights.id, hex);
  hb_weights_free(&weights);
}

/* As in the published file, whose header is not a multiple of four; the sanitizer sees a float read there. */
static void tensors_at_any_address_are_folded_to_the_same_bits(void **state) {
  (void)state;
  hb_safetensors *file;
  assert_ok(hb_safetensors_parse(torchvision.bytes, torchvision.size, &file, &failure));
  assert_int_equal((uintptr_t)hb_safetensors_find(file, "conv1.weight")->data % 4, 2);
  hb_safetensors_free(file);
  hb_weights expected = read_fine(&torchvision), got;
  uint8_t *memory = must_allocate(torchvision.size + 2);
  memcpy(memory + 2, torchvision.bytes, torchvision.size); /* now the tensors are aligned */
  assert_ok(read_at(memory + 2, torchvision.size, &got));
  assert_same_weights(&expected, &got);
  hb_weights_free(&expected);
  hb_weights_free(&got);
  free(memory);
}

/* ---- Changed files ---- */

static void a_missing_tensor_is_named(void **state) {
  (void)state;
  static const char *const names[] = {"conv1.weight",
                                      "bn1.running_var",
                                      "layer1.0.bn1.weight",
                                      "layer1.1.bn2.bias",
                                      "layer2.0.downsample.0.weight",
                                      "fc.weight",
                                      "layer4.1.bn2.running_mean",
                                      "fc.bias"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char from[80], to[80], words[100];
    snprintf(from, sizeof from, "\"%s\"", names[i]);
    snprintf(to, sizeof to, "%s", from);
    to[1] = 'X';
    snprintf(words, sizeof words, "tensor '%s' is missing", names[i]);
    assert_refused_with(&torchvision, from, to, words);
  }
}

static void a_wrong_shape_is_named(void **state) {
  (void)state;
  assert_refused_with(&torchvision, "[64,3,7,7]", "[64,7,7,3]", "'conv1.weight' should be f32 of shape 64 x 3 x 7 x 7");
  assert_refused_with(&torchvision, "[128,64,1,1]", "[64,128,1,1]", "'layer2.0.downsample.0.weight' should be");
  assert_refused_with(&torchvision, "[1000,512]", "[512,1000]", "'fc.weight' should be f32 of shape 1000 x 512");
  assert_refused_with(&torchvision, "[1000],", "[10,1],", "'fc.bias'"); /* not as long as its bytes, either */
}

static void a_wrong_type_is_named(void **state) {
  (void)state;
  assert_refused_with(&torchvision, "\"conv1.weight\":{\"dtype\":\"F32\"", "\"conv1.weight\":{\"dtype\":\"I32\"",
                      "'conv1.weight' should be f32");
  assert_refused_with(&torchvision, "\"fc.bias\":{\"dtype\":\"F32\"", "\"fc.bias\":{\"dtype\":\"U32\"",
                      "'fc.bias' should be");
}

static void the_number_of_batches_has_no_influence(void **state) {
  (void)state;
  hb_weights before = read_fine(&torchvision);
  hb_safetensors *file;
  assert_ok(hb_safetensors_parse(torchvision.bytes, torchvision.size, &file, &failure));
  uint8_t *number = (uint8_t *)hb_safetensors_find(file, "bn1.num_batches_tracked")->data;
  hb_safetensors_free(file);
  memset(number, 0x7f, 8);
  hb_weights after = read_fine(&torchvision);
  memset(number, 0, 8);
  assert_string_equal(before.id, after.id);
  hb_weights_free(&before);
  hb_weights_free(&after);
}

static void every_weight_counts_in_the_id(void **state) {
  (void)state;
  hb_weights before = read_fine(&torchvision);
  torchvision.bytes[torchvision.size - 1] ^= 1; /* of fc.bias */
  hb_weights after = read_fine(&torchvision);
  torchvision.bytes[torchvision.size - 1] ^= 1;
  assert_string_not_equal(before.id, after.id);
  hb_weights_free(&before);
  hb_weights_free(&after);
}

/* ---- The project's own files ---- */

static void own_files_hold_the_same_weights_and_are_used_in_place(void **state) {
  (void)state;
  hb_weights imported = read_fine(&torchvision), read = read_fine(&own);
  assert_same_weights(&imported, &read);
  assert_null(read.owned);
  assert_true((const uint8_t *)read.kernel[0] > own.bytes && (const uint8_t *)read.kernel[0] < own.bytes + own.size);
  hb_weights_free(&imported);
  hb_weights_free(&read);
}

static void writing_again_gives_the_same_file(void **state) {
  make_folder(state);
  hb_weights weights = read_fine(&own);
  const char *path = path_in(*state, "again");
  assert_ok(hb_weights_write(&weights, path, &failure));
  assert_true(files_equal(path, model_path()));
  hb_weights_free(&weights);
  remove_folder(state);
}

static void an_unknown_kind_is_refused(void **state) {
  (void)state;
  assert_refused_with(&own, "heybagh-resnet18-f32", "heybagh-resnet18-f99", "kind 'heybagh-resnet18-f99'");
  assert_refused_with(&own, "\"kind\"", "\"mind\"", "64 x 3 x 7 x 7"); /* then torchvision's are looked for */
}

static void an_own_file_without_id_is_refused(void **state) {
  (void)state;
  assert_refused_with(&own, "\"id\"", "\"ib\"", "no id");
  char id[65];
  memcpy(id, find_in_header(&own, "\"id\":\"") + 6, 64);
  id[64] = '\0';
  char shorter[65];
  memcpy(shorter, id, 65);
  memcpy(shorter + 62, "\\u", 2); /* an escape that is cut short */
  assert_refused_with(&own, id, shorter, "");
}

static void an_own_file_with_a_wrong_tensor_is_refused(void **state) {
  (void)state;
  assert_refused_with(&own, "[64,7,7,3]", "[64,3,7,7]", "'conv1.weight' should be f32 of shape 64 x 7 x 7 x 3");
  assert_refused_with(&own, "\"layer3.1.conv2.bias\"", "\"layer3.1.conv2.bia_\"", "'layer3.1.conv2.bias' is missing");
}

static void an_own_file_that_is_not_aligned_is_refused(void **state) {
  (void)state;
  uint8_t *memory = must_allocate(own.size + 2);
  memcpy(memory + 2, own.bytes, own.size);
  hb_weights weights;
  assert_fails(read_at(memory + 2, own.size, &weights), HB_BAD_MODEL, "not aligned");
  free(memory);
}

static void the_specs_are_resnet18(void **state) {
  (void)state;
  size_t floats = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) floats += kernel_floats(c) + 2 * hb_conv_specs[c].out;
  assert_int_equal(floats + 1000 * 513, 11689512); /* torchvision's num_params of ResNet18_Weights */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_specs_are_resnet18),
      cmocka_unit_test(batch_norm_is_folded_and_kernels_are_transposed),
      cmocka_unit_test(the_id_is_the_hash_of_the_folded_weights),
      cmocka_unit_test(tensors_at_any_address_are_folded_to_the_same_bits),
      cmocka_unit_test(a_missing_tensor_is_named),
      cmocka_unit_test(a_wrong_shape_is_named),
      cmocka_unit_test(a_wrong_type_is_named),
      cmocka_unit_test(the_number_of_batches_has_no_influence),
      cmocka_unit_test(every_weight_counts_in_the_id),
      cmocka_unit_test(own_files_hold_the_same_weights_and_are_used_in_place),
      cmocka_unit_test(writing_again_gives_the_same_file),
      cmocka_unit_test(an_unknown_kind_is_refused),
      cmocka_unit_test(an_own_file_without_id_is_refused),
      cmocka_unit_test(an_own_file_with_a_wrong_tensor_is_refused),
      cmocka_unit_test(an_own_file_that_is_not_aligned_is_refused),
  };
  return cmocka_run_group_tests(tests, load_files, free_files);
}
