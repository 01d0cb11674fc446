#include "bundle_memory.h"

#include <stdlib.h>
#include <string.h>

bundle *bundle_load(const char *folder) {
  bundle *b = calloc(1, sizeof *b);
  hb_index *index = NULL;
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

/* ---- Reading it ---- */

static hb_status parse(const bundle *b, hb_index **out) {
  blob manifest = blob_of(b->manifest.bytes, b->manifest.size);
  hb_status status = hb_index_parse((const char *)manifest.bytes, manifest.size, out, &failure);
  blob_free(&manifest); /* it is only read during the call */
  return status;
}

hb_index *bundle_parse(const bundle *b) {
  hb_index *index = NULL;
  assert_ok(parse(b, &index));
  return index;
}

hb_status bundle_provide(const bundle *b, hb_index *index, uint32_t f) {
  const blob *file = &b->files[f < b->count ? f : 0];
  blob copy = blob_of(file->bytes, file->size);
  return hb_index_provide(index, f, copy.bytes, copy.size, &failure);
}

void bundle_provide_needed(const bundle *b, hb_index *index) {
  for (uint32_t f = 0; f < b->count; f++)
    if (hb_index_file_is_needed(index, f)) assert_ok(bundle_provide(b, index, f));
}

void bundle_provide_all(const bundle *b, hb_index *index) {
  for (uint32_t f = 0; f < b->count; f++) assert_ok(bundle_provide(b, index, f));
}

/* ---- Changing it ---- */

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

/* ---- Trying it ---- */

/* What a search answers must be in range and in order. */
static void check_results(const hb_index *index, const hb_result *results, const hb_search_report *report) {
  uint32_t labels = hb_index_label_count(index);
  assert_true(report->found <= 5 && report->found <= hb_index_count(index));
  assert_true(report->nprobe <= hb_index_nlist(index) && report->scanned <= hb_index_count(index));
  for (uint32_t i = 0; i < report->found; i++) {
    uint32_t label = hb_index_find_label(index, results[i].label);
    assert_true(label < labels && strlen(results[i].path) < 1 << 20);
    assert_true(i == 0 || results[i - 1].score >= results[i].score);
  }
}

static hb_status use_search(hb_index *index, const float *query) {
  hb_search *search;
  hb_status status = hb_search_create(index, &search, &failure);
  if (status != HB_OK) return status;
  const char *labels[] = {hb_index_label(index, 0)};
  for (int way = 0; way < 4; way++) {
    hb_search_options options = {.k = 5, .nprobe = way == 0 ? 1 : 0, .exact = way == 1};
    if (way == 2) options.labels = labels, options.label_count = 1;
    if (way == 3) options.has_min_score = true, options.min_score = 0.5f;
    hb_search_report report;
    uint32_t missing;
    assert_ok(hb_search_start(search, query, &options, &failure));
    assert_ok(hb_search_run(search, NULL, 0, &missing, &failure));
    assert_int_equal(missing, 0);
    const hb_result *results = hb_search_results(search, &report);
    check_results(index, results, &report);
    for (uint32_t i = 0; way == 2 && i < report.found; i++) assert_string_equal(results[i].label, labels[0]);
  }
  hb_search_free(search);
  return HB_OK;
}

static hb_status use_catalog(hb_index *index, float *vector) {
  hb_catalog *catalog;
  hb_status status = hb_catalog_create(index, &catalog, &failure);
  if (status != HB_OK) return status;
  for (uint32_t n = 0; n < hb_catalog_count(catalog); n++) {
    hb_entry entry = hb_catalog_entry(catalog, n);
    assert_int_equal(hb_catalog_find(catalog, entry.path), n);
    assert_ptr_equal(entry.label_text, hb_index_label(index, entry.label));
    hb_catalog_vector(catalog, n, vector);
  }
  float *scores = must_allocate(hb_catalog_count(catalog) * sizeof *scores);
  status = hb_catalog_scores(catalog, vector, 1, scores, &failure);
  free(scores);
  hb_catalog_free(catalog);
  return status;
}

static hb_status use(hb_index *index) {
  size_t text = strlen(hb_index_model_url(index)) + strlen(hb_index_image_url(index)) +
                strlen(hb_index_model_id(index)) + strlen(hb_index_thumb_url(index));
  float *query = random_unit_vectors(1, hb_index_dim(index), text);
  hb_status status = use_search(index, query);
  if (status == HB_OK) status = use_catalog(index, query);
  free(query);
  return status;
}

hb_status bundle_check(const bundle *b) {
  hb_index *index;
  hb_status status = parse(b, &index);
  if (status != HB_OK) return status;
  for (uint32_t f = 0; f < hb_index_file_count(index) && status == HB_OK; f++) status = bundle_provide(b, index, f);
  if (status == HB_OK) status = use(index);
  hb_index_free(index);
  return status;
}

void bundle_refuses_edit(bundle *b, const char *from, const char *to, const char *words) {
  blob before = blob_of(b->manifest.bytes, b->manifest.size);
  bundle_edit(b, from, to);
  failure = (hb_error){0};
  hb_status status = bundle_check(b);
  blob_free(&b->manifest);
  b->manifest = before;
  if (status != HB_BAD_INDEX) print_error("'%s' in place of '%s' was not refused\n", to, from);
  check_fails(status, HB_BAD_INDEX, words, __FILE__, __LINE__);
}

void bundle_refuses_patch(bundle *b, uint32_t file, size_t at, uint32_t value, const char *words) {
  uint8_t *place = b->files[file].bytes + at, before[4];
  assert_true(at + 4 <= b->files[file].size);
  memcpy(before, place, 4);
  memcpy(place, &value, 4);
  bundle_sign(b, file);
  failure = (hb_error){0};
  hb_status status = bundle_check(b);
  memcpy(place, before, 4);
  bundle_sign(b, file);
  if (status != HB_BAD_INDEX) print_error("%u at byte %zu of file %u was not refused\n", value, at, file);
  check_fails(status, HB_BAD_INDEX, words, __FILE__, __LINE__);
}
