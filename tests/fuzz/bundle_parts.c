#include "bundle_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bundle/bundle.h"

#define ANY_ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static uint32_t aligned(uint64_t at) { return (uint32_t)((at + HB_BUNDLE_ALIGNMENT - 1) & ~(HB_BUNDLE_ALIGNMENT - 1)); }

bundle_shape shape_take(input *in) {
  bundle_shape shape = {.encoding = take_u8(in) % 3, .dim = 1 + take_u8(in) % 48};
  for (int l = 0; l < 2; l++) shape.counts[l] = take_u8(in) % 16;
  shape.bytes[0] = take_u16(in);
  return shape;
}

/* ---- Files ---- */

static blob begin(const char *magic, uint32_t first, uint32_t second) {
  hb_file_header header = {.version = HB_BUNDLE_VERSION, .first = first, .second = second};
  memcpy(header.magic, magic, sizeof header.magic);
  return blob_of(&header, sizeof header);
}

static void align(blob *b) {
  static const uint8_t zeros[HB_BUNDLE_ALIGNMENT];
  blob_add(b, zeros, aligned(b->size) - b->size);
}

/* Waves of codes, then zeros up to the alignment. */
static void add_codes(blob *b, hb_encoding encoding, uint32_t dim, uint32_t count) {
  uint8_t *codes = must_allocate(count * dim * sizeof(float));
  for (uint32_t i = 0; i < count * dim; i++) {
    float value = (float)(i * 7 % 23) / 23 - 0.5f;
    if (encoding == HB_ENCODING_F32) ((float *)(void *)codes)[i] = value;
    if (encoding == HB_ENCODING_F16)
      ((uint16_t *)(void *)codes)[i] = (uint16_t)(0x3000 + i * 37 % 0x400); /* 1/8 .. 1/4 */
    if (encoding == HB_ENCODING_I8) codes[i] = (uint8_t)(i * 11 % 128);
  }
  blob_add(b, codes, count * hb_row_bytes(encoding, dim));
  align(b);
  free(codes);
}

static void add_scales(blob *b, hb_encoding encoding, uint32_t count) {
  static const float scale = 0.004f;
  for (uint32_t i = 0; encoding == HB_ENCODING_I8 && i < count; i++) blob_add(b, &scale, sizeof scale);
}

blob part_centroids(const bundle_shape *shape) {
  blob b = begin(HB_MAGIC_CENTROIDS, 2, shape->dim);
  add_codes(&b, shape->encoding, shape->dim, 2);
  add_scales(&b, shape->encoding, 2);
  return b;
}

/* Paths are "a", "b" ... in the first list, "A", "B" ... in the second. */
static void add_list(blob *b, const bundle_shape *shape, uint32_t l) {
  uint32_t count = shape->counts[l];
  blob_add_little(b, count, 4);
  blob_add_little(b, 2 * count, 4);
  blob_add_little(b, 0, 8);
  add_codes(b, shape->encoding, shape->dim, count);
  for (uint32_t i = 0; i < count; i++) blob_add_little(b, 1000 * l + i, 8);
  add_scales(b, shape->encoding, count);
  for (uint32_t i = 0; i < count; i++) blob_add_little(b, 100 * l + i, 4);
  for (uint32_t i = 0; i < count; i++) blob_add_little(b, i % 2, 4);
  for (uint32_t i = 0; i < count; i++) blob_add_little(b, 2 * i, 4);
  for (uint32_t i = 0; i < count; i++) blob_add_u8(b, (l == 0 ? 'a' : 'A') + i), blob_add_u8(b, 0);
}

blob part_lists(bundle_shape *shape) {
  blob b = begin(HB_MAGIC_LISTS, 2, shape->dim);
  for (uint32_t l = 0; l < 2; l++) {
    align(&b);
    size_t start = b.size;
    add_list(&b, shape, l);
    shape->bytes[l] = (uint32_t)(b.size - start);
  }
  return b;
}

/* ---- index.json ---- */

static void add_file(bundle *b, const char *name, blob file) {
  strcpy(b->names[b->count], name);
  b->files[b->count++] = file;
}

static void describe_files(hb_text *t, const bundle *b) {
  hb_text_add(t, ",\"files\":[");
  for (uint32_t f = 0; f < b->count; f++) {
    char hex[HB_SHA256_HEX];
    hb_sha256_hex_of(b->files[f].bytes, b->files[f].size, hex);
    hb_text_add(t, "%s{\"name\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"}", f > 0 ? "," : "", b->names[f],
                b->files[f].size, hex);
  }
  hb_text_add(t, "]}");
}

static void describe_lists(hb_text *t, const bundle_shape *s) {
  hb_text_add(t, ",\"lists\":[{\"file\":1,\"offset\":16,\"bytes\":%u,\"count\":%u},", s->bytes[0], s->counts[0]);
  hb_text_add(t, "{\"file\":1,\"offset\":%u,\"bytes\":%u,\"count\":%u}]", aligned(16 + (uint64_t)s->bytes[0]),
              s->bytes[1], s->counts[1]);
}

static void describe_model(hb_text *t, const bundle_shape *s, bool has_head) {
  const char *head = has_head ? "\"svd\",\"file\":2" : s->model_id != NULL ? "\"logits\"" : "\"none\"";
  if (s->model_id != NULL || has_head)
    hb_text_add(t, ",\"model\":{\"id\":\"%s\",\"url\":\"m\",\"bytes\":1}", s->model_id ? s->model_id : ANY_ID);
  hb_text_add(t, ",\"head\":{\"kind\":%s}", head);
}

static void describe(hb_text *t, const bundle_shape *s, const bundle *b, bundle_part third) {
  hb_text_add(t, "{\"format\":\"heybagh-index\",\"version\":1,\"metric\":\"COSINE\",\"storage\":\"%s\",\"dim\":%u",
              hb_encoding_name(s->encoding), s->dim);
  hb_text_add(t, ",\"count\":%u,\"nlist\":2,\"nprobe\":1,\"seed\":1,\"shard_bytes\":1", s->counts[0] + s->counts[1]);
  hb_text_add(t, ",\"trained\":{\"count\":%u,\"imbalance_thousandths\":1000}", s->counts[0] + s->counts[1]);
  hb_text_add(t, ",\"image_url\":\"{path}\",\"labels\":[\"first\",\"\\\"second\\\"\"],\"centroids\":{\"file\":0}");
  describe_model(t, s, third == PART_HEAD && b->count > 2);
  if (third == PART_TABLE)
    hb_text_add(t, ",\"table\":{\"file\":2}");
  else
    describe_lists(t, s);
  describe_files(t, b);
}

bundle *bundle_of(const bundle_shape *shape, blob centroids, blob lists, bundle_part third, blob other) {
  bundle *b = calloc(1, sizeof *b);
  require(b != NULL);
  add_file(b, "centroids.bin", centroids);
  add_file(b, "lists.bin", lists);
  if (other.bytes != NULL) add_file(b, "other.bin", other);
  hb_text t = {0};
  describe(&t, shape, b, third);
  require(!t.failed);
  b->manifest = blob_of(t.bytes, t.size);
  hb_text_free(&t);
  return b;
}
