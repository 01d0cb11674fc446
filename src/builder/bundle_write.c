#include "builder/bundle_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "builder/build_options.h"
#include "builder/manifest_write.h"
#include "bundle/bundle.h"

/* The content of a file while it is put together. */
typedef struct {
  uint8_t *bytes;
  size_t size, capacity;
} content;

typedef struct {
  const hb_bundle_parts *parts;
  const char *directory;
  content content;
  hb_written_files written;
  uint32_t first_row; /* the first row of the lists whose codes are in memory */
  uint8_t *codes;     /* these codes, list by list */
  uint32_t *cursors;  /* [nlist]: where the next row of a list goes */
} job;

static void append(content *c, const void *bytes, size_t size) {
  memcpy(c->bytes + c->size, bytes, size);
  c->size += size;
}

static void append_u32(content *c, uint32_t value) { append(c, &value, sizeof value); }

static void align(content *c) {
  static const uint8_t zeros[HB_BUNDLE_ALIGNMENT];
  append(c, zeros, (HB_BUNDLE_ALIGNMENT - c->size % HB_BUNDLE_ALIGNMENT) % HB_BUNDLE_ALIGNMENT);
}

/* Begins a file of at most `capacity` bytes. */
static hb_status begin(job *j, size_t capacity, const char *magic, uint32_t first, uint32_t second, hb_error *error) {
  if (j->content.bytes == NULL || capacity > j->content.capacity) {
    uint8_t *grown = realloc(j->content.bytes, capacity);
    if (grown == NULL) return hb_fail_memory(error);
    j->content.bytes = grown;
    j->content.capacity = capacity;
  }
  hb_file_header header = {.version = HB_BUNDLE_VERSION, .first = first, .second = second};
  memcpy(header.magic, magic, sizeof header.magic);
  j->content.size = 0;
  append(&j->content, &header, sizeof header);
  return HB_OK;
}

static hb_status write_file(job *j, const char *name, const void *bytes, size_t size, hb_error *error) {
  char *path = hb_path_join(j->directory, name);
  if (path == NULL) return hb_fail_memory(error);
  hb_writer *writer;
  hb_status status = hb_writer_open(path, &writer, error);
  free(path);
  if (status != HB_OK) return status;
  hb_writer_add(writer, bytes, size);
  return hb_writer_close(writer, error);
}

static bool base_has(const hb_index *base, const char *name) {
  for (uint32_t f = 0; base != NULL && f < base->file_count; f++)
    if (strcmp(base->files[f].name, name) == 0) return true;
  return false;
}

/* Writes the content to "role-hash.bin". The number of the file is file_count before the call. */
static hb_status end(job *j, const char *role, hb_build_report *report, hb_error *error) {
  hb_bundle_file *file = &j->written.files[j->written.file_count++];
  hb_sha256_hex_of(j->content.bytes, j->content.size, file->sha256);
  snprintf(file->name, sizeof file->name, "%s-%.16s.bin", role, file->sha256);
  file->expected = j->content.size;
  report->bytes += j->content.size;
  report->files++;
  report->files_new += !base_has(j->parts->base, file->name);
  return write_file(j, file->name, j->content.bytes, j->content.size, error);
}

static hb_status write_rows(job *j, const hb_rows *rows, const char *magic, const char *role, hb_build_report *report,
                            hb_error *error) {
  size_t codes = rows->count * hb_row_bytes(rows->encoding, rows->dim);
  hb_status status = begin(j, codes + rows->count * sizeof(float) + 64, magic, rows->count, rows->dim, error);
  if (status != HB_OK) return status;
  append(&j->content, rows->codes, codes);
  align(&j->content);
  if (rows->scales != NULL) append(&j->content, rows->scales, rows->count * sizeof(float));
  return end(j, role, report, error);
}

static hb_status write_head(job *j, hb_build_report *report, hb_error *error) {
  void *codes = NULL;
  float *scales = NULL;
  hb_rows rows;
  hb_status status = hb_head_encode(j->parts->head, j->parts->rows->encoding, &rows, &codes, &scales, error);
  if (status == HB_OK) status = write_rows(j, &rows, HB_MAGIC_HEAD, "head", report, error);
  free(codes);
  free(scales);
  return status;
}

/* ---- Lists ---- */

static uint32_t list_count(const job *j, uint32_t l) {
  return j->parts->clusters->ends[l] - hb_clusters_begin(j->parts->clusters, l);
}

static const char *path_of(const hb_row_store *rows, uint32_t row) { return rows->paths + rows->info[row].path; }

static uint64_t list_bytes(const job *j, uint32_t l) {
  const hb_row_store *rows = j->parts->rows;
  const uint32_t *members = j->parts->clusters->members + hb_clusters_begin(j->parts->clusters, l);
  uint64_t text = 0, all = 0;
  for (uint32_t i = 0; i < list_count(j, l); i++) text += strlen(path_of(rows, members[i])) + 1;
  hb_bundle_list_bytes(rows->encoding, rows->dim, list_count(j, l), text, &all);
  return all;
}

/* Returns the list behind the file that begins with list `first`. With a base, files are divided as they were; else
 * lists are added as long as that brings the file nearer to the wanted size. */
static uint32_t file_end(const job *j, uint32_t first) {
  const hb_index *base = j->parts->clusters->trained ? NULL : j->parts->base;
  uint64_t wanted = hb_build_shard_bytes(j->parts->options), size = 0;
  uint32_t l = first;
  for (; l < j->parts->clusters->nlist; l++) {
    if (base != NULL && base->lists[l].file != base->lists[first].file) break;
    uint64_t more = list_bytes(j, l);
    if (base == NULL && l > first && size + more / 2 > wanted) break;
    size += more;
  }
  return l;
}

/* Adds one list, in the columns that bundle.h describes. */
static void append_list(job *j, uint32_t l) {
  const hb_row_store *rows = j->parts->rows;
  uint32_t from = hb_clusters_begin(j->parts->clusters, l), count = list_count(j, l);
  const uint32_t *members = j->parts->clusters->members + from;
  uint32_t text = 0;
  for (uint32_t i = 0; i < count; i++) text += (uint32_t)strlen(path_of(rows, members[i])) + 1;
  content *c = &j->content;
  const uint32_t header[HB_LIST_HEADER / 4] = {count, text, 0, 0};
  append(c, header, sizeof header);
  size_t bytes = hb_row_bytes(rows->encoding, rows->dim);
  append(c, j->codes + (from - j->first_row) * bytes, count * bytes);
  align(c);
  for (uint32_t i = 0; i < count; i++) append(c, &rows->info[members[i]].content, sizeof(uint64_t));
  for (uint32_t i = 0; i < count && rows->encoding == HB_ENCODING_I8; i++)
    append(c, &rows->scales[members[i]], sizeof(float));
  for (uint32_t i = 0; i < count; i++) append_u32(c, rows->info[members[i]].id);
  for (uint32_t i = 0; i < count; i++) append_u32(c, rows->info[members[i]].label);
  for (uint32_t i = 0, at = 0; i < count; i++) {
    append_u32(c, at);
    at += (uint32_t)strlen(path_of(rows, members[i])) + 1;
  }
  for (uint32_t i = 0; i < count; i++) append(c, path_of(rows, members[i]), strlen(path_of(rows, members[i])) + 1);
}

/* Writes the file of lists first .. last-1. */
static hb_status write_lists(job *j, uint32_t first, uint32_t last, hb_build_report *report, hb_error *error) {
  uint64_t capacity = 64;
  for (uint32_t l = first; l < last; l++) capacity += list_bytes(j, l) + HB_BUNDLE_ALIGNMENT;
  if (capacity > UINT32_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT, "a list has more than 4 GB; use more lists (--nlist)");
  hb_status status = begin(j, (size_t)capacity, HB_MAGIC_LISTS, last - first, j->parts->rows->dim, error);
  if (status != HB_OK) return status;
  for (uint32_t l = first; l < last; l++) {
    align(&j->content);
    size_t offset = j->content.size;
    append_list(j, l);
    j->written.lists[l] = (hb_bundle_list){
        .file = j->written.file_count, .offset = offset, .bytes = j->content.size - offset, .count = list_count(j, l)};
  }
  return end(j, HB_LISTS_ROLE, report, error);
}

/* Reads the codes of lists first .. last-1 into memory, in one pass over all rows. */
static hb_status gather(job *j, uint32_t first, uint32_t last, hb_error *error) {
  const hb_row_store *rows = j->parts->rows;
  const hb_clusters *clusters = j->parts->clusters;
  size_t bytes = hb_row_bytes(rows->encoding, rows->dim);
  uint32_t block = hb_row_store_block(rows);
  j->first_row = hb_clusters_begin(clusters, first);
  free(j->codes);
  j->codes = malloc((clusters->ends[last - 1] - j->first_row) * bytes + 1);
  uint8_t *codes = malloc(block * bytes);
  hb_status status = j->codes != NULL && codes != NULL ? HB_OK : hb_fail_memory(error);
  for (uint32_t l = first; l < last; l++) j->cursors[l] = hb_clusters_begin(clusters, l) - j->first_row;
  for (uint32_t at = 0; at < rows->count && status == HB_OK; at += block) {
    hb_rows some;
    uint32_t count = rows->count - at < block ? rows->count - at : block;
    status = hb_row_store_read(rows, at, count, codes, &some, error);
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
      uint32_t l = clusters->list_of[at + i];
      if (l >= first && l < last) memcpy(j->codes + j->cursors[l]++ * bytes, codes + i * bytes, bytes);
    }
  }
  free(codes);
  return status;
}

/* Writes all lists, as many at a time as fit into half of the memory, but at least those of one file. */
static hb_status write_all_lists(job *j, hb_build_report *report, hb_error *error) {
  uint64_t most =
      hb_build_memory_bytes(j->parts->options) / 2 / hb_row_bytes(j->parts->rows->encoding, j->parts->rows->dim);
  uint32_t nlist = j->parts->clusters->nlist;
  hb_status status = HB_OK;
  for (uint32_t first = 0, last; first < nlist && status == HB_OK; first = last) {
    last = file_end(j, first);
    while (last < nlist) {
      uint32_t next = file_end(j, last);
      if (j->parts->clusters->ends[next - 1] - hb_clusters_begin(j->parts->clusters, first) > most) break;
      last = next;
    }
    status = gather(j, first, last, error);
    for (uint32_t l = first, end; l < last && status == HB_OK; l = end) {
      end = file_end(j, l);
      status = write_lists(j, l, end, report, error);
    }
  }
  return status;
}

/* Writes the table of lists, if there are many lists. In index.json it replaces their files, which begin at `first`. */
static hb_status write_table(job *j, uint32_t first, hb_build_report *report, hb_error *error) {
  hb_written_files *w = &j->written;
  uint32_t nlist = j->parts->clusters->nlist, files = w->file_count - first;
  w->table_file = HB_NO_FILE;
  if (nlist <= HB_INLINE_LISTS) return HB_OK;
  size_t size = sizeof(hb_file_header) + files * (HB_SHA256_HEX / 2) + nlist * sizeof(hb_table_list);
  hb_status status = begin(j, size, HB_MAGIC_TABLE, files, nlist, error);
  if (status != HB_OK) return status;
  for (uint32_t f = first; f < w->file_count; f++)
    for (const char *hex = w->files[f].sha256; *hex != '\0'; hex += 2) {
      unsigned byte;
      sscanf(hex, "%2x", &byte);
      append(&j->content, &(uint8_t){(uint8_t)byte}, 1);
    }
  for (uint32_t l = 0; l < nlist; l++) {
    const hb_table_list list = {w->lists[l].file - first, (uint32_t)w->lists[l].bytes, w->lists[l].count};
    append(&j->content, &list, sizeof list);
  }
  w->table_file = w->file_count = first;
  return end(j, "table", report, error);
}

hb_status hb_bundle_write(const char *directory, const hb_bundle_parts *parts, hb_build_report *report,
                          hb_error *error) {
  job j = {.parts = parts, .directory = directory};
  bool own_head = parts->head != NULL && parts->head->kind != HB_HEAD_LOGITS;
  hb_text manifest = {0};
  uint32_t nlist = parts->clusters->nlist;
  j.cursors = malloc(nlist * sizeof *j.cursors);
  j.written.lists = calloc(nlist, sizeof *j.written.lists);
  j.written.files =
      calloc((size_t)nlist + 2, sizeof *j.written.files); /* head, centroids, and at most a file for each list */
  bool allocated = j.cursors != NULL && j.written.lists != NULL && j.written.files != NULL;
  hb_status status = allocated ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK && own_head) status = write_head(&j, report, error);
  if (status == HB_OK) {
    j.written.centroid_file = j.written.file_count;
    status = write_rows(&j, &parts->clusters->centroids, HB_MAGIC_CENTROIDS, "centroids", report, error);
  }
  if (status == HB_OK) status = write_all_lists(&j, report, error);
  if (status == HB_OK) status = write_table(&j, j.written.centroid_file + 1, report, error);
  if (status == HB_OK) status = hb_manifest_write(parts, &j.written, &manifest, error);
  if (status == HB_OK) status = write_file(&j, HB_MANIFEST_NAME, manifest.bytes, manifest.size, error);
  if (status == HB_OK) report->bytes += manifest.size, report->files++, report->files_new++;
  hb_text_free(&manifest);
  free(j.written.files);
  free(j.written.lists);
  free(j.content.bytes);
  free(j.codes);
  free(j.cursors);
  return status;
}
