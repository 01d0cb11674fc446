/* Aims at the exports that the page calls (src/wasm_api.c, compiled natively): in any order, with any numbers, before
 * and after a model, an index, its files and the start are there or were refused. What no order of calls can be blamed
 * for is kept right: handles are those that were given, and memory is as long as it is said to be. Texts must be JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle_parts.h"
#include "json.h"
#include "synthetic.h"

/* wasm_api.c has no header: JavaScript is its caller. */
typedef struct context context;
typedef struct search search;
context *hb_wasm_new(uint32_t members);
void hb_wasm_free(context *c);
const char *hb_wasm_status_text(hb_status status);
const char *hb_wasm_error(const context *c);
hb_status hb_wasm_model(context *c, void *bytes, size_t size, bool verify);
hb_status hb_wasm_manifest(context *c, const char *bytes, size_t size);
uint32_t hb_wasm_file_count(const context *c);
const char *hb_wasm_file_name(const context *c, uint32_t file);
uint32_t hb_wasm_file_bytes(const context *c, uint32_t file);
hb_status hb_wasm_file(context *c, uint32_t file, void *bytes, size_t size);
bool hb_wasm_file_is_needed(const context *c, uint32_t file);
void hb_wasm_release(context *c, uint32_t file);
hb_status hb_wasm_start(context *c);
uint32_t hb_wasm_threads(const context *c);
uint32_t hb_wasm_dim(const context *c);
const float *hb_wasm_vector(const context *c);
hb_status hb_wasm_crop_file(context *c, const void *bytes, size_t size, double x, double y, double w, double h);
hb_status hb_wasm_crop_rgba(context *c, const uint8_t *pixels, uint32_t width, uint32_t height, double x, double y,
                            double w, double h);
uint8_t *hb_wasm_crop(context *c);
uint32_t hb_wasm_crop_bytes(void);
hb_status hb_wasm_embed(context *c);
const char *hb_wasm_timings(context *c);
const char *hb_wasm_info(context *c);
search *hb_wasm_search_new(context *c);
void hb_wasm_search_free(search *s);
hb_status hb_wasm_search_start(context *c, search *s, const float *query, uint32_t k, uint32_t nprobe, bool exact,
                               const char *labels, size_t labels_size, bool has_min_score, float min_score);
hb_status hb_wasm_search_run(context *c, search *s);
uint32_t hb_wasm_search_missing_count(const search *s);
const uint32_t *hb_wasm_search_missing(const search *s);
uint32_t hb_wasm_search_file(const search *s, uint32_t place);
const char *hb_wasm_search_answer(context *c, search *s);

#define SEARCHES 3

static blob model;         /* of random weights, in 8 bits */
static bundle *bundles[2]; /* of ready-made vectors, and of that model */

static void make_model(char id[HB_SHA256_HEX]) {
  void *folder;
  make_folder(&folder);
  const char *path = path_in(folder, "model");
  hb_weights weights = synthetic_quantized(1);
  require(hb_weights_write(&weights, path, &failure) == HB_OK);
  memcpy(id, weights.id, HB_SHA256_HEX);
  hb_weights_free(&weights);
  model = file_read(path);
  remove_folder(&folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  static char id[HB_SHA256_HEX];
  make_model(id);
  for (int m = 0; m < 2; m++) {
    bundle_shape shape = {.storage = m == 0 ? HB_STORAGE_F32 : HB_STORAGE_I8, .counts = {3, 2}};
    shape.dim = m == 0 ? 5 : HB_LOGITS_DIM;
    shape.model_id = m == 0 ? NULL : id;
    blob lists = part_lists(&shape);
    bundles[m] = bundle_of(&shape, part_centroids(&shape), lists, PART_LISTS, (blob){0});
  }
  return 0;
}

typedef struct {
  input in;
  const bundle *bundle;
  int models; /* right ones that may still be given: each takes a tenth of a second */
  context *context;
  search *searches[SEARCHES];
} page;

static void check(page *p, hb_status status) {
  require(strlen(hb_wasm_status_text(status)) > 0);
  if (status != HB_OK) require(strlen(hb_wasm_error(p->context)) > 10);
}

/* NULL only if something was not ready. */
static void check_json(const char *text) {
  if (text == NULL) return;
  hb_json *json = hb_json_parse(text, strlen(text));
  require(json != NULL && hb_json_is_object(json, 0));
  hb_json_free(json);
}

/* Ours or a few of the fuzzer's own bytes. */
static blob some_bytes(page *p, blob ours) {
  return take_u8(&p->in) % 4 == 0 ? take_blob(&p->in, take_u8(&p->in)) : blob_of(ours.bytes, ours.size);
}

static void give_model(page *p) {
  blob bytes = p->models-- > 0 ? some_bytes(p, model) : take_blob(&p->in, take_u8(&p->in));
  check(p, hb_wasm_model(p->context, bytes.bytes, bytes.size, take_u8(&p->in) % 2));
}

static void give_manifest(page *p) {
  blob bytes = some_bytes(p, p->bundle->manifest);
  check(p, hb_wasm_manifest(p->context, (const char *)bytes.bytes, bytes.size));
  blob_free(&bytes);
}

static void give_file(page *p) {
  uint32_t file = take_u8(&p->in) % 4;
  blob bytes = some_bytes(p, p->bundle->files[file % p->bundle->count]);
  check(p, hb_wasm_file(p->context, file, bytes.bytes, bytes.size));
}

static void ask_about_file(page *p) {
  uint32_t file = take_u8(&p->in) < 200 ? take_u8(&p->in) % 4 : take_u32(&p->in);
  if (file < hb_wasm_file_count(p->context)) require(strlen(hb_wasm_file_name(p->context, file)) > 0);
  hb_wasm_file_name(p->context, file);
  hb_wasm_file_bytes(p->context, file);
  hb_wasm_file_is_needed(p->context, file);
}

static void ask_about_all(page *p) {
  context *c = p->context;
  require((hb_wasm_dim(c) > 0) == (hb_wasm_vector(c) != NULL));
  require(hb_wasm_threads(c) >= 1 && hb_wasm_crop_bytes() == HB_CROP_BYTES && hb_wasm_crop(c) != NULL);
  check_json(hb_wasm_timings(c));
  check_json(hb_wasm_info(c));
}

static void crop(page *p) {
  double r[4];
  for (int i = 0; i < 4; i++) r[i] = take_fraction(&p->in);
  if (take_u8(&p->in) % 2) {
    blob file = take_blob(&p->in, take_u16(&p->in) % 2048);
    check(p, hb_wasm_crop_file(p->context, file.bytes, file.size, r[0], r[1], r[2], r[3]));
    blob_free(&file);
  } else {
    uint32_t width = take_u8(&p->in) % 20, height = take_u8(&p->in) % 20;
    if (take_u8(&p->in) == 0) width = 1u << 31, height = 2; /* too many to be read */
    uint8_t *pixels = must_allocate(4 * 20 * 20);
    memset(pixels, take_u8(&p->in), 4 * 20 * 20);
    check(p, hb_wasm_crop_rgba(p->context, pixels, width, height, r[0], r[1], r[2], r[3]));
    free(pixels);
  }
}

static void start_search(page *p, search *s) {
  uint32_t dim = hb_wasm_dim(p->context);
  float *query = random_unit_vectors(1, dim, take_u8(&p->in));
  const uint8_t flags = take_u8(&p->in);
  if (flags & 1) query[0] = take_float(&p->in);
  uint32_t k = flags & 2 ? take_u32(&p->in) : take_u8(&p->in), nprobe = flags & 4 ? take_u32(&p->in) : flags % 3;
  blob labels = take_blob(&p->in, flags & 8 ? take_u8(&p->in) % 32 : 0);
  check(p, hb_wasm_search_start(p->context, s, query, k, nprobe, flags & 16, (const char *)labels.bytes, labels.size,
                                flags & 32, (float)take_fraction(&p->in)));
  blob_free(&labels);
  free(query);
}

static void check_search(page *p, search *s) {
  uint32_t missing = hb_wasm_search_missing_count(s);
  require(missing <= hb_wasm_file_count(p->context));
  for (uint32_t i = 0; i < missing; i++) require(hb_wasm_search_missing(s)[i] < hb_wasm_file_count(p->context));
  hb_wasm_search_file(s, take_u32(&p->in));
  check_json(hb_wasm_search_answer(p->context, s));
}

static void use_search(page *p) {
  search **s = &p->searches[take_u8(&p->in) % SEARCHES];
  if (*s == NULL) *s = hb_wasm_search_new(p->context);
  if (*s == NULL) return check(p, HB_INVALID_ARGUMENT);
  switch (take_u8(&p->in) % 5) {
    case 0: start_search(p, *s); break;
    case 1: check(p, hb_wasm_search_run(p->context, *s)); break;
    case 2: hb_wasm_search_free(*s), *s = NULL; break;
    default: check_search(p, *s); break;
  }
}

static void call(page *p) {
  switch (take_u8(&p->in) % 10) {
    case 0: give_model(p); break;
    case 1: give_manifest(p); break;
    case 2: give_file(p); break;
    case 3: ask_about_file(p); break;
    case 4: check(p, hb_wasm_start(p->context)); break;
    case 5: ask_about_all(p); break;
    case 6: crop(p); break;
    case 7: hb_wasm_release(p->context, take_u8(&p->in) < 200 ? 1 : take_u32(&p->in)); break;
    case 8: use_search(p); break;
    default: check(p, hb_wasm_embed(p->context)); break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  page p = {.in = {bytes, size}};
  const uint8_t kind = take_u8(&p.in);
  p.bundle = bundles[kind % 2];
  p.models = kind >= 240 ? 2 : 0;
  p.context = hb_wasm_new(take_u8(&p.in) % 8);
  if (p.context == NULL) return 0;
  for (int calls = 0; p.in.size > 0 && calls < 64; calls++) call(&p);
  for (int s = 0; s < SEARCHES; s++) hb_wasm_search_free(p.searches[s]);
  hb_wasm_free(p.context);
  return 0;
}
