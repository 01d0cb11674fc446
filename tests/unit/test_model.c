/* The model of heybagh.h, and model.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocations.h"
#include "model/model.h"
#include "synthetic.h"
#include "vector/head_make.h"
#include "weight_files.h"

/* A copy of a file in memory from malloc, for hb_model_from_memory to take. */
static void *copy_of(const char *path, size_t *size) {
  blob file = file_read(path);
  *size = file.size;
  return file.bytes;
}

static void both_kinds_of_file_are_the_same_model(void **state) {
  (void)state;
  hb_model *imported, *own = open_model();
  assert_ok(hb_model_open(weights_path(), &imported, &failure));
  const char *id = hb_model_id(own);
  assert_string_equal(hb_model_id(imported), id);
  assert_int_equal(strlen(id), 64);
  assert_int_equal(strspn(id, "0123456789abcdef"), 64);
  hb_model_free(imported);
  hb_model_free(own);
}

static void a_model_from_memory_is_the_same(void **state) {
  (void)state;
  size_t size;
  void *bytes = copy_of(model_path(), &size);
  hb_model *own = open_model(), *model;
  assert_ok(hb_model_from_memory(bytes, size, &model, &failure));
  assert_string_equal(hb_model_id(model), hb_model_id(own));
  hb_model_free(model);
  hb_model_free(own);
}

static void writing_gives_the_project_s_own_file(void **state) {
  hb_model *model;
  assert_ok(hb_model_open(weights_path(), &model, &failure));
  assert_ok(hb_model_write(model, path_in(*state, "model"), &failure));
  assert_true(files_equal(path_in(*state, "model"), model_path()));
  assert_fails(hb_model_write(model, path_in(*state, "no/folder"), &failure), HB_IO, "no/folder");
  hb_model_free(model);
}

static void assert_not_opened(const char *path, hb_status status, const char *words) {
  hb_model *model = (hb_model *)&model;
  assert_fails(hb_model_open(path, &model, &failure), status, words);
  assert_ptr_equal(model, &model);
}

static void what_is_no_model_is_refused(void **state) {
  static const char text[] = "these are not the weights you are looking for";
  const char *path = path_in(*state, "file");
  assert_not_opened(path, HB_IO, "No such file");
  assert_not_opened(*state, HB_IO, "not a file");
  file_write(path, "", 0);
  assert_not_opened(path, HB_BAD_MODEL, "not a safetensors file");
  file_write(path, text, sizeof text);
  assert_not_opened(path, HB_BAD_MODEL, "not a safetensors file");
  file_write(path, "\x02\0\0\0\0\0\0\0{}", 10);
  assert_not_opened(path, HB_BAD_MODEL, "'fc.weight' is missing");
}

static void a_model_that_is_cut_short_is_refused(void **state) {
  const char *path = path_in(*state, "file");
  blob file = file_read(model_path());
  file_write(path, file.bytes, file.size);
  static const size_t missing[] = {1, 4, 4000, 4001, 1000000, 40000000};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) { /* always shorter */
    assert_int_equal(truncate(path, (off_t)(file.size - missing[i])), 0);
    assert_not_opened(path, HB_BAD_MODEL, "damaged");
  }
  for (int size = 20; size >= 0; size -= 4) {
    assert_int_equal(truncate(path, size), 0);
    assert_not_opened(path, HB_BAD_MODEL, "cut short");
  }
  blob_free(&file);
}

/* The sanitizer would report a leak or a second free. */
static void bytes_are_taken_also_on_failure(void **state) {
  (void)state;
  hb_model *model;
  char *bytes = strdup("nothing that could be weights");
  assert_fails(hb_model_from_memory(bytes, 29, &model, &failure), HB_BAD_MODEL, "not a safetensors file");
  assert_fails(hb_model_from_memory(NULL, 0, &model, &failure), HB_BAD_MODEL, "not a safetensors file");
  bytes = strdup("again");
  allocations_fail_from(0);
  hb_status status = hb_model_from_memory(bytes, 5, &model, &failure);
  allocations_work();
  assert_int_equal(status, HB_OUT_OF_MEMORY);
}

static void without_memory_opening_fails_cleanly(void **state) {
  (void)state;
  const char *path = model_path();
  bool refused = true;
  for (size_t n = 0; refused; n++) {
    hb_model *model = NULL;
    allocations_fail_from(n);
    hb_status status = hb_model_open(path, &model, &failure);
    allocations_work();
    refused = allocations_were_refused();
    assert_int_equal(status == HB_OK, !refused);
    hb_model_free(model);
  }
}

/* A byte that is another code, which the network can be computed with as well. */
static void weights_are_verified_by_their_id(void **state) {
  (void)state;
  const char *const paths[] = {model_path(), model_i8_path()};
  for (int p = 0; p < 2; p++) {
    for (int damaged = 0; damaged < 2; damaged++) {
      size_t size;
      hb_model *model;
      uint8_t *bytes = copy_of(paths[p], &size);
      if (damaged) bytes[size / 2] ^= 1;
      assert_ok(hb_model_from_memory(bytes, size, &model, &failure));
      char id[65];
      strcpy(id, hb_model_id(model));
      if (damaged)
        assert_fails(hb_model_verify(model, id, &failure), HB_BAD_MODEL, "damaged");
      else
        assert_ok(hb_model_verify(model, id, &failure));
      assert_string_equal(hb_model_id(model), id);
      id[63] = id[63] == '0' ? '1' : '0';
      assert_fails(hb_model_verify(model, id, &failure), HB_MODEL_MISMATCH, "another model");
      hb_model_drop_source(model);
      assert_fails(hb_model_verify(model, id, &failure), HB_INVALID_ARGUMENT, "already freed");
      hb_model_free(model);
    }
  }
}

static void dropping_the_source_ends_what_needs_it_and_nothing_else(void **state) {
  hb_model *model = open_model();
  static const uint8_t crop[HB_CROP_BYTES];
  hb_network *network, *second;
  hb_head *head;
  assert_ok(hb_model_create_network(model, &network, &failure));
  char id[65];
  strcpy(id, hb_model_id(model));
  hb_model_drop_source(model);
  hb_model_drop_source(model); /* twice is once */
  assert_string_equal(hb_model_id(model), id);
  assert_non_null(hb_network_run(network, crop));
  assert_ok(hb_head_open(model, "logits", &head, &failure));
  assert_fails(hb_model_create_network(model, &second, &failure), HB_INVALID_ARGUMENT, "already freed");
  assert_fails(hb_model_write(model, path_in(*state, "model"), &failure), HB_INVALID_ARGUMENT, "already freed");
  hb_engine *engine = NULL;
  assert_fails(hb_engine_create(model, NULL, &engine, &failure), HB_INVALID_ARGUMENT, "already freed");
  assert_null(engine);
  hb_head_free(head);
  hb_network_free(network);
  hb_model_free(model);
}

/* Its id is another's, in every precision; the view is in the file, and found again. A file without one stays as it
 * was. */
static void a_view_makes_another_model(void **state) {
  const char *path = path_in(*state, "viewed"), *paths[] = {model_path(), model_i8_path()};
  for (int p = 0; p < 2; p++) {
    char ids[3][65];
    for (hb_view view = HB_VIEW_CROP; view <= HB_VIEW_BOTH; view++) {
      hb_model *model, *again;
      assert_ok(hb_model_open(paths[p], &model, &failure));
      assert_int_equal(hb_model_view(model), HB_VIEW_CROP);
      strcpy(ids[HB_VIEW_CROP], hb_model_id(model));
      assert_ok(hb_model_set_view(model, view, &failure));
      strcpy(ids[view], hb_model_id(model));
      assert_ok(hb_model_write(model, path, &failure));
      assert_ok(hb_model_open(path, &again, &failure));
      assert_int_equal(hb_model_view(again), view);
      assert_ok(hb_model_verify(again, ids[view], &failure));
      assert_int_equal(files_equal(path, paths[p]), view == HB_VIEW_CROP);
      hb_model_drop_source(model);
      assert_fails(hb_model_set_view(model, HB_VIEW_CROP, &failure), HB_INVALID_ARGUMENT, "already freed");
      hb_model_free(model), hb_model_free(again);
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[0], ids[2]);
    assert_string_not_equal(ids[1], ids[2]);
  }
}

/* Whoever changes the view of a file must change the id, too: it is found when the weights are verified. */
static void another_view_in_the_file_is_found_out(void **state) {
  const char *path = path_in(*state, "viewed");
  hb_model *model = open_model(), *changed;
  assert_ok(hb_model_set_view(model, HB_VIEW_BOTH, &failure));
  assert_ok(hb_model_write(model, path, &failure));
  blob file = file_read(path);
  char *view = (char *)find_in_header(&file, "\"view\":\"both\"");
  memcpy(view, "\"view\":\"crop\"", 13);
  file_write(path, file.bytes, file.size);
  assert_ok(hb_model_open(path, &changed, &failure));
  assert_fails(hb_model_verify(changed, hb_model_id(model), &failure), HB_BAD_MODEL, "damaged");
  hb_model_free(changed);
  memcpy(view, "\"view\":\"blot\"", 13);
  file_write(path, file.bytes, file.size);
  assert_not_opened(path, HB_BAD_MODEL, "view 'blot'");
  hb_model_free(model);
  blob_free(&file);
}

static void its_logits_are_the_fc_of_the_file(void **state) {
  (void)state;
  hb_model *model = open_model();
  const hb_head *logits = hb_model_logits(model);
  assert_int_equal(logits->kind, HB_HEAD_LOGITS);
  assert_int_equal(logits->dim, 1000);

  size_t size;
  void *bytes = copy_of(model_path(), &size);
  hb_safetensors *file;
  assert_ok(hb_safetensors_parse(bytes, size, &file, &failure));
  assert_memory_equal(logits->matrix, hb_safetensors_find(file, "fc.weight")->data, 1000 * 512 * sizeof(float));
  assert_memory_equal(logits->bias, hb_safetensors_find(file, "fc.bias")->data, 1000 * sizeof(float));
  hb_safetensors_free(file);
  free(bytes);
  hb_model_free(model);
}

static void its_heads_open_by_name_and_outlive_it(void **state) {
  (void)state;
  hb_model *model = open_model();
  hb_head *logits, *exact, *expected;
  assert_ok(hb_head_open(model, "logits", &logits, &failure));
  assert_ok(hb_head_open(model, "exact", &exact, &failure));
  assert_same_bits(logits->matrix, hb_model_logits(model)->matrix, 1000 * 513);
  hb_model_free(model);
  assert_int_equal(logits->kind, HB_HEAD_LOGITS);
  assert_int_equal(hb_head_dim(logits), 1000);
  assert_int_equal(exact->kind, HB_HEAD_EXACT);
  assert_int_equal(hb_head_dim(exact), 513);
  assert_ok(hb_head_make_exact(logits, &expected, &failure));
  assert_same_bits(exact->matrix, expected->matrix, 513 * 513);
  hb_head_free(logits);
  hb_head_free(exact);
  hb_head_free(expected);
}

static void freeing_nothing_is_fine(void **state) {
  (void)state;
  hb_model_free(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_kinds_of_file_are_the_same_model),
      cmocka_unit_test(a_model_from_memory_is_the_same),
      test(writing_gives_the_project_s_own_file),
      test(what_is_no_model_is_refused),
      test(a_model_that_is_cut_short_is_refused),
      cmocka_unit_test(bytes_are_taken_also_on_failure),
      cmocka_unit_test(without_memory_opening_fails_cleanly),
      cmocka_unit_test(weights_are_verified_by_their_id),
      test(dropping_the_source_ends_what_needs_it_and_nothing_else),
      test(a_view_makes_another_model),
      test(another_view_in_the_file_is_found_out),
      cmocka_unit_test(its_logits_are_the_fc_of_the_file),
      cmocka_unit_test(its_heads_open_by_name_and_outlive_it),
      cmocka_unit_test(freeing_nothing_is_fine),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
