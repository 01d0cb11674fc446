#include "bundle_memory.h"

#include <stdlib.h>
#include <string.h>

bundle *bundle_load(const char *folder) {
  bundle *b = calloc(1, sizeof *b);
  hb_index *index;
  assert_ok(hb_index_open(folder, &index, &failure));
  b->manifest = file_read(path_in(folder, "index.json"));
  b->count = hb_index_file_count(index);
  assert_true(b->count <= BUNDLE_FILES_MAX);
  for (uint32_t f = 0; f < b->count; f++) {
    strcpy(b->names[f], hb_index_file_name(index, f));
    b->files[f] = file_read(path_in(folder, b->names[f]));
  }
  hb_index_free(index);
  return b;
}

void bundle_free(bundle *b) {
  for (uint32_t f = 0; f < b->count; f++) blob_free(&b->files[f]);
  blob_free(&b->manifest);
  free(b);
}

static uint8_t *find(const bundle *b, const char *text) {
  uint8_t *found = memmem(b->manifest.bytes, b->manifest.size, text, strlen(text));
  if (found == NULL) print_error("index.json has no '%s'\n", text);
  assert_non_null(found);
  return found;
}

void bundle_sign(bundle *b, uint32_t f) {
  char hex[HB_SHA256_HEX];
  hb_sha256_hex_of(b->files[f].bytes, b->files[f].size, hex);
  uint8_t *entry = find(b, b->names[f]);
  uint8_t *field = memmem(entry, b->manifest.size - (size_t)(entry - b->manifest.bytes), "\"sha256\":\"", 10);
  assert_non_null(field);
  memcpy(field + 10, hex, 64);
}

void bundle_edit(bundle *b, const char *from, const char *to) {
  size_t at = (size_t)(find(b, from) - b->manifest.bytes);
  blob edited = blob_of(b->manifest.bytes, at);
  blob_add(&edited, to, strlen(to));
  blob_add(&edited, b->manifest.bytes + at + strlen(from), b->manifest.size - at - strlen(from));
  blob_free(&b->manifest);
  b->manifest = edited;
}

/* Searches with the engine; what it answers must be in range and in order. */
static void use_search(const hb_index *index, hb_engine *engine) {
  uint32_t count = hb_index_count(index);
  const char *labels[] = {hb_index_label(index, 0)};
  for (int way = 0; way < 4; way++) {
    hb_search_options options = {.k = 5, .nprobe = way == 0 ? 1 : 0, .exact = way == 1};
    if (way == 2) options.labels = labels, options.label_count = 1;
    if (way == 3) options.has_min_score = true, options.min_score = 0.5f;
    hb_result results[5];
    hb_search_report report;
    assert_ok(hb_engine_search(engine, hb_index_vector(index, count - 1), &options, results, &report, &failure));
    assert_true(report.found <= 5 && report.found <= count);
    assert_true(report.nprobe <= hb_index_nlist(index) && report.scanned <= count);
    for (uint32_t i = 0; i < report.found; i++) {
      assert_true(results[i].id < count);
      assert_ptr_equal(results[i].path, hb_index_path(index, results[i].id));
      assert_true(i == 0 || results[i - 1].score >= results[i].score);
      if (way == 2) assert_string_equal(results[i].label, labels[0]);
    }
  }
}

static hb_status use(const hb_index *index) {
  size_t text = 0;
  float sum = 0;
  for (uint32_t id = 0; id < hb_index_count(index); id++) {
    text += strlen(hb_index_path(index, id)) + strlen(hb_index_label(index, id));
    for (uint32_t d = 0; d < hb_index_dim(index); d++) sum += hb_index_vector(index, id)[d];
  }
  text += strlen(hb_index_model_url(index)) + strlen(hb_index_image_url(index)) + strlen(hb_index_model_id(index));
  volatile float used = sum + (float)text;
  (void)used;
  hb_engine *engine;
  hb_status status = hb_engine_create(NULL, index, &engine, &failure);
  if (status != HB_OK) return status;
  use_search(index, engine);
  hb_engine_free(engine);
  return HB_OK;
}

hb_status bundle_check(const bundle *b) {
  hb_index *index;
  blob manifest = blob_of(b->manifest.bytes, b->manifest.size);
  hb_status status = hb_index_parse((const char *)manifest.bytes, manifest.size, &index, &failure);
  blob_free(&manifest); /* it is only read during the call */
  if (status != HB_OK) return status;
  for (uint32_t f = 0; f < hb_index_file_count(index) && status == HB_OK; f++) {
    const blob *file = &b->files[f < b->count ? f : 0];
    blob copy = blob_of(file->bytes, file->size);
    status = hb_index_provide(index, f, copy.bytes, copy.size, &failure);
  }
  if (status == HB_OK) status = use(index);
  hb_index_free(index);
  return status;
}
