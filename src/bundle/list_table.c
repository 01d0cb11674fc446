#include "bundle/list_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"

#define TABLE_FILE 32 /* bytes that a file has in the table: its SHA-256 */

static uint64_t aligned(uint64_t at) {
  return (at + HB_BUNDLE_ALIGNMENT - 1) / HB_BUNDLE_ALIGNMENT * HB_BUNDLE_ALIGNMENT;
}

static void name_file(hb_bundle_file *file, const uint8_t *sha256) {
  for (int i = 0; i < TABLE_FILE; i++) snprintf(file->sha256 + 2 * i, 3, "%02x", sha256[i]);
  snprintf(file->name, sizeof file->name, HB_LISTS_ROLE "-%.16s.bin", file->sha256);
  file->expected = sizeof(hb_file_header);
}

/* Puts the list behind those that its file has already. */
static bool read_list(hb_index *index, uint32_t first_file, uint32_t file_count, const uint8_t *at,
                      hb_bundle_list *list) {
  hb_table_list entry;
  uint64_t least;
  memcpy(&entry, at, sizeof entry);
  if (entry.file >= file_count || entry.count > index->count ||
      !hb_bundle_list_bytes(index->encoding, index->dim, entry.count, 0, &least) || entry.bytes < least)
    return false;
  hb_bundle_file *file = &index->files[first_file + entry.file];
  list->file = first_file + entry.file;
  list->count = entry.count;
  list->bytes = entry.bytes;
  list->offset = aligned(file->expected);
  file->expected = list->offset + list->bytes;
  return file->expected <= UINT32_MAX;
}

/* Returns true if the table is valid. If it is not, some of it may be filled in. */
static bool read_table(hb_index *index, uint32_t first_file, uint32_t file_count, const uint8_t *bytes) {
  for (uint32_t f = 0; f < file_count; f++) name_file(&index->files[first_file + f], bytes + (size_t)f * TABLE_FILE);
  const uint8_t *lists = bytes + (size_t)file_count * TABLE_FILE;
  for (uint32_t l = 0; l < index->nlist; l++)
    if (!read_list(index, first_file, file_count, lists + l * sizeof(hb_table_list), &index->lists[l])) return false;
  if (!hb_index_place_lists(index)) return false;
  for (uint32_t f = 0; f < file_count; f++)
    if (index->files[first_file + f].list_count == 0) return false;
  return true;
}

hb_status hb_list_table_read(hb_index *index, const uint8_t *bytes, size_t size, bool *right, hb_error *error) {
  hb_file_header header;
  memcpy(&header, bytes, sizeof header);
  uint32_t file_count = header.first, first_file = index->file_count;
  *right = memcmp(header.magic, HB_MAGIC_TABLE, sizeof header.magic) == 0 && header.version == HB_BUNDLE_VERSION &&
           header.second == index->nlist && file_count <= index->nlist &&
           size == sizeof header + (uint64_t)file_count * TABLE_FILE + (uint64_t)index->nlist * sizeof(hb_table_list);
  if (!*right) return HB_OK;
  hb_bundle_file *files = realloc(index->files, ((size_t)first_file + file_count) * sizeof *files);
  if (files == NULL) return hb_fail_memory(error);
  index->files = files;
  memset(files + first_file, 0, file_count * sizeof *files);
  index->lists = calloc(index->nlist, sizeof *index->lists);
  if (index->lists == NULL) return hb_fail_memory(error);
  *right = read_table(index, first_file, file_count, bytes + sizeof header);
  if (*right) {
    index->file_count += file_count;
  } else {
    free(index->lists);
    index->lists = NULL;
    index->longest = 0;
  }
  return HB_OK;
}
