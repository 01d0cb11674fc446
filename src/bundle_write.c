#include "bundle_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define SHARD_BYTES (256u << 10)

/* A file's content while it is being put together. A failed allocation is remembered. */
typedef struct {
  uint8_t *bytes;
  size_t size, capacity;
  bool failed;
} content;

static void append(content *c, const void *bytes, size_t size) {
  if (c->failed || size == 0) return;
  if (c->size + size > c->capacity) {
    size_t capacity = (c->size + size) * 3 / 2;
    uint8_t *grown = realloc(c->bytes, capacity);
    if (grown == NULL) {
      c->failed = true;
      return;
    }
    c->bytes = grown;
    c->capacity = capacity;
  }
  memcpy(c->bytes + c->size, bytes, size);
  c->size += size;
}

static void append_u32(content *c, uint32_t value) { append(c, &value, sizeof value); }

static void append_header(content *c, const char *magic, uint32_t first, uint32_t second) {
  hb_file_header header = {.version = HB_BUNDLE_VERSION, .first = first, .second = second};
  memcpy(header.magic, magic, sizeof header.magic);
  c->size = 0;
  append(c, &header, sizeof header);
}

typedef struct {
  const hb_bundle_parts *parts;
  const char *directory;
  content content;
  const char **label_table; /* the different labels, in byte order */
  uint32_t label_count;
  hb_text lists, files; /* elements of these arrays of index.json */
  uint32_t file_count;
  uint64_t bytes;
} job;

static hb_status write_file(job *j, const char *name, const void *bytes, size_t size, hb_error *error) {
  char *path = hb_path_join(j->directory, name);
  if (path == NULL) return hb_fail_memory(error);
  hb_writer *writer;
  hb_status status = hb_writer_open(path, &writer, error);
  free(path);
  if (status != HB_OK) return status;
  hb_writer_add(writer, bytes, size);
  j->bytes += size;
  return hb_writer_close(writer, error);
}

/* Writes the content under "role-hash.bin" and lists it in index.json; its number is j->file_count before the call. */
static hb_status write_content(job *j, const char *role, hb_error *error) {
  if (j->content.failed) return hb_fail_memory(error);
  char hex[HB_SHA256_HEX], name[HB_FILE_NAME_MAX];
  hb_sha256_hex_of(j->content.bytes, j->content.size, hex);
  snprintf(name, sizeof name, "%s-%.16s.bin", role, hex);
  hb_text_add(&j->files, "%s\n  {\"name\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"}", j->file_count > 0 ? "," : "", name,
              j->content.size, hex);
  j->file_count++;
  return write_file(j, name, j->content.bytes, j->content.size, error);
}

static int compare_strings(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static hb_status collect_labels(job *j, hb_error *error) {
  uint32_t count = j->parts->count;
  j->label_table = malloc(count * sizeof *j->label_table);
  if (j->label_table == NULL) return hb_fail_memory(error);
  memcpy(j->label_table, j->parts->labels, count * sizeof *j->label_table);
  qsort(j->label_table, count, sizeof *j->label_table, compare_strings);
  for (uint32_t i = 0; i < count; i++)
    if (i == 0 || strcmp(j->label_table[i], j->label_table[j->label_count - 1]) != 0)
      j->label_table[j->label_count++] = j->label_table[i];
  return HB_OK;
}

static uint32_t label_number(const job *j, uint32_t id) {
  const char **found = bsearch(&j->parts->labels[id], j->label_table, j->label_count, sizeof *found, compare_strings);
  return (uint32_t)(found - j->label_table);
}

static hb_status write_head(job *j, hb_error *error) {
  const hb_head *head = j->parts->head;
  append_header(&j->content, HB_MAGIC_HEAD, head->dim, HB_POOLED_DIM);
  append(&j->content, head->matrix, (size_t)head->dim * HB_POOLED_DIM * sizeof(float));
  append(&j->content, head->bias, head->dim * sizeof(float));
  return write_content(j, "head", error);
}

static hb_status write_centroids(job *j, hb_error *error) {
  append_header(&j->content, HB_MAGIC_CENTROIDS, j->parts->nlist, j->parts->dim);
  append(&j->content, j->parts->centroids, (size_t)j->parts->nlist * j->parts->dim * sizeof(float));
  return write_content(j, "centroids", error);
}

/* One list, in the columns that bundle.h describes. */
static void append_list(job *j, const uint32_t *ids, uint32_t count) {
  const hb_bundle_parts *p = j->parts;
  uint32_t text_bytes = 0;
  for (uint32_t i = 0; i < count; i++) text_bytes += (uint32_t)strlen(p->paths[ids[i]]) + 1;
  const uint32_t header[HB_LIST_HEADER / 4] = {count, text_bytes, 0, 0};
  append(&j->content, header, sizeof header);
  for (uint32_t i = 0; i < count; i++)
    append(&j->content, p->vectors + (size_t)ids[i] * p->dim, p->dim * sizeof(float));
  append(&j->content, ids, count * sizeof *ids);
  for (uint32_t i = 0; i < count; i++) append_u32(&j->content, label_number(j, ids[i]));
  for (uint32_t i = 0, at = 0; i < count; i++) {
    append_u32(&j->content, at);
    at += (uint32_t)strlen(p->paths[ids[i]]) + 1;
  }
  for (uint32_t i = 0; i < count; i++) append(&j->content, p->paths[ids[i]], strlen(p->paths[ids[i]]) + 1);
}

static void align(content *c) {
  static const uint8_t zeros[HB_BUNDLE_ALIGNMENT];
  append(c, zeros, (HB_BUNDLE_ALIGNMENT - c->size % HB_BUNDLE_ALIGNMENT) % HB_BUNDLE_ALIGNMENT);
}

/* Packs whole lists into files of about the wanted size. */
static hb_status write_lists(job *j, hb_error *error) {
  const hb_bundle_parts *p = j->parts;
  size_t wanted = p->options->shard_bytes > 0 ? p->options->shard_bytes : SHARD_BYTES;
  uint32_t in_file = 0;
  append_header(&j->content, HB_MAGIC_LISTS, 0, p->dim);
  for (uint32_t l = 0; l < p->nlist; l++) {
    uint32_t begin = l > 0 ? p->list_ends[l - 1] : 0, count = p->list_ends[l] - begin;
    align(&j->content);
    size_t offset = j->content.size;
    append_list(j, p->list_ids + begin, count);
    hb_text_add(&j->lists, "%s\n  {\"file\":%u,\"offset\":%zu,\"bytes\":%zu,\"count\":%u}", l > 0 ? "," : "",
                j->file_count, offset, j->content.size - offset, count);
    in_file++;
    if (j->content.size < wanted && l + 1 < p->nlist) continue;
    if (!j->content.failed) memcpy(j->content.bytes + offsetof(hb_file_header, first), &in_file, sizeof in_file);
    hb_status status = write_content(j, "lists", error);
    if (status != HB_OK) return status;
    in_file = 0;
    append_header(&j->content, HB_MAGIC_LISTS, 0, p->dim);
  }
  return HB_OK;
}

static void add_member(hb_text *text, const char *key, const char *value) {
  hb_text_add(text, ",\"%s\":", key);
  hb_text_add_json(text, value);
}

static void add_labels(const job *j, hb_text *text) {
  hb_text_add(text, ",\n\"labels\":[");
  for (uint32_t l = 0; l < j->label_count; l++) {
    hb_text_add(text, l > 0 ? "," : "");
    hb_text_add_json(text, j->label_table[l]);
  }
  hb_text_add(text, "]");
}

static hb_status write_manifest(job *j, uint32_t head_file, uint32_t centroid_file, hb_error *error) {
  const hb_bundle_parts *p = j->parts;
  hb_text m = {0};
  hb_text_add(&m, "{\"format\":\"%s\",\"version\":%u", HB_BUNDLE_FORMAT, HB_BUNDLE_VERSION);
  add_member(&m, "generator", "heybagh " HB_VERSION);
  hb_text_add(&m, ",\n\"model\":{\"bytes\":%" PRIu64, p->options->model_bytes);
  add_member(&m, "id", hb_model_id(p->options->model));
  add_member(&m, "url", p->options->model_url);
  hb_text_add(&m, "},\n\"head\":{\"kind\":\"%s\"", hb_head_name(p->head->kind));
  if (p->head->kind != HB_HEAD_LOGITS) hb_text_add(&m, ",\"file\":%u", head_file);
  hb_text_add(&m, "},\n\"metric\":\"COSINE\",\"storage\":\"f32\",\"dim\":%u,\"count\":%u", p->dim, p->count);
  hb_text_add(&m, ",\"nlist\":%u,\"nprobe\":%u,\"seed\":%" PRIu64, p->nlist, p->nprobe, p->options->seed);
  add_member(&m, "image_url", p->options->image_url);
  add_labels(j, &m);
  hb_text_add(&m, ",\n\"centroids\":{\"file\":%u}", centroid_file);
  hb_text_add(&m, ",\n\"lists\":[%s]", j->lists.bytes);
  hb_text_add(&m, ",\n\"files\":[%s]}\n", j->files.bytes);
  bool failed = m.failed || j->lists.failed || j->files.failed;
  hb_status status = failed ? hb_fail_memory(error) : write_file(j, HB_MANIFEST_NAME, m.bytes, m.size, error);
  hb_text_free(&m);
  return status;
}

hb_status hb_bundle_write(const char *directory, const hb_bundle_parts *parts, hb_build_report *report,
                          hb_error *error) {
  job j = {.parts = parts, .directory = directory};
  uint32_t head_file = 0, centroid_file = 0;
  hb_status status = collect_labels(&j, error);
  if (status == HB_OK && parts->head->kind != HB_HEAD_LOGITS) status = write_head(&j, error);
  if (status == HB_OK) centroid_file = j.file_count, status = write_centroids(&j, error);
  if (status == HB_OK) status = write_lists(&j, error);
  if (status == HB_OK) status = write_manifest(&j, head_file, centroid_file, error);
  if (status == HB_OK) report->bytes = j.bytes, report->files = j.file_count + 1;
  free(j.content.bytes);
  free(j.label_table);
  hb_text_free(&j.lists);
  hb_text_free(&j.files);
  return status;
}
