/* Aims at the exports that the page calls (src/api/wasm_api.c, compiled natively): in any order, with any numbers,
 * before and after a model, an index, its files and the start are there or were refused. What no order of calls can be
 * blamed for is kept right: handles are those that were given, and memory is as long as it is said to be. Texts must be
 * JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bundle_parts.h"
#include "wasm_api.h"

#define SEARCHES 3

#define ANY_MODEL "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static bundle *bundles[2]; /* of ready-made vectors, and of a model */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  for (int m = 0; m < 2; m++) {
    bundle_shape shape = {.encoding = m == 0 ? HB_ENCODING_F32 : HB_ENCODING_I8, .counts = {3, 2}};
    shape.dim = m == 0 ? 5 : HB_LOGITS_DIM;
    shape.model_id = m == 0 ? NULL : ANY_MODEL;
    blob lists = part_lists(&shape);
    bundles[m] = bundle_of(&shape, part_centroids(&shape), lists, PART_LISTS, (blob){0});
  }
  return 0;
}

typedef struct {
  input in;
  const bundle *bundle;
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
  hb_json *json = NULL;
  require(hb_json_parse(text, strlen(text), &json) == HB_OK && hb_json_is_object(json, 0));
  hb_json_free(json);
}

/* Ours or a few of the fuzzer's own bytes. */
static blob some_bytes(page *p, blob ours) {
  return take_u8(&p->in) % 4 == 0 ? take_blob(&p->in, take_u8(&p->in)) : blob_of(ours.bytes, ours.size);
}

static void give_model(page *p) {
  blob bytes = take_blob(&p->in, take_u8(&p->in));
  check(p, hb_wasm_model(p->context, bytes.bytes, bytes.size));
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
  require(hb_wasm_threads(c) >= 1 && hb_wasm_crop_bytes() == HB_CROP_BYTES);
  require((hb_wasm_crop_count(c) > 0) == (hb_wasm_crops(c) != NULL) && hb_wasm_crop_count(c) <= HB_CROPS_MAX + 1);
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

/* The last crops, or of as many as they are not. */
static void embed(page *p) {
  static uint8_t none[HB_CROP_BYTES];
  context *c = p->context;
  const uint32_t count = hb_wasm_crop_count(c), odd = take_u8(&p->in) % 4;
  uint8_t *crops = must_allocate((size_t)(count + 1) * HB_CROP_BYTES);
  if (count > 0) memcpy(crops, hb_wasm_crops(c), (size_t)count * HB_CROP_BYTES);
  check(p, odd == 0   ? hb_wasm_embed(c, none, 0)
           : odd == 1 ? hb_wasm_embed(c, none, HB_CROPS_MAX + 1)
                      : hb_wasm_embed(c, crops, count));
  free(crops);
}

static void start_search(page *p, search *s) {
  uint32_t dim = hb_wasm_dim(p->context);
  float *query = random_unit_vectors(1, dim, take_u8(&p->in));
  const uint8_t flags = take_u8(&p->in);
  if (flags & 1) query[0] = take_float(&p->in);
  uint32_t k = flags & 2 ? take_u32(&p->in) : take_u8(&p->in), nprobe = flags & 4 ? take_u32(&p->in) : flags % 3;
  blob labels = take_blob(&p->in, flags & 8 ? take_u8(&p->in) % 32 : 0);
  check(p, hb_wasm_search_start(p->context, s, query, k, nprobe, flags & 16, (const char *)labels.bytes, labels.size,
                                flags & 32, (float)take_fraction(&p->in), flags & 64));
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
    default: embed(p); break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  page p = {.in = {bytes, size}};
  p.bundle = bundles[take_u8(&p.in) % 2];
  p.context = hb_wasm_new(take_u8(&p.in) % 8);
  if (p.context == NULL) return 0;
  for (int calls = 0; p.in.size > 0 && calls < 64; calls++) call(&p);
  for (int s = 0; s < SEARCHES; s++) hb_wasm_search_free(p.searches[s]);
  hb_wasm_free(p.context);
  return 0;
}
