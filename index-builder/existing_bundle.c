#include "existing_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"

struct known_content {
  uint64_t content;
  uint32_t number;
};

static uint64_t first_bytes(char hex[HB_SHA256_HEX]) {
  hex[16] = '\0';
  return strtoull(hex, NULL, 16);
}

uint64_t content_of(const void *bytes, size_t size) {
  char hex[HB_SHA256_HEX];
  hb_sha256_hex_of(size > 0 ? bytes : "", size, hex);
  return first_bytes(hex);
}

hb_status content_map(const char *path, hb_mapping *out, uint64_t *content, hb_error *error) {
  char hex[HB_SHA256_HEX];
  hb_status status = hb_file_map_hashed(path, out, hex, error);
  if (status == HB_OK) *content = first_bytes(hex);
  return status;
}

/* Says why the index cannot be updated; NULL if it can. */
static const char *misfit(const hb_index *index, const existing_needs *needs) {
  if (strcmp(hb_index_model_id(index), needs->model_id) != 0) return "was built with a different model";
  if (!needs->any_head && !hb_index_has_head(index, needs->head, needs->dim)) return "was built with a different head";
  if (hb_index_encoding(index) != needs->encoding) return "was built with a different storage";
  return NULL;
}

void existing_refuse_because(existing_bundle *base, const char *reason) {
  note("the existing bundle %s; %s", reason,
       base->needs.head != HB_HEAD_NONE ? "embedding all images again" : "adding all vectors again");
  existing_close(base);
}

void existing_refuse(existing_bundle *base, const hb_error *error) {
  char reason[sizeof error->text + 32];
  snprintf(reason, sizeof reason, "cannot be used (%s)", error->text);
  existing_refuse_because(base, reason);
}

static int compare_contents(const void *a, const void *b) {
  const known_content *x = a, *y = b;
  if (x->content != y->content) return x->content < y->content ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

static hb_status collect(existing_bundle *base, hb_error *error) {
  hb_status status = hb_catalog_create(base->index, &base->catalog, error);
  if (status != HB_OK) return status;
  base->count = hb_catalog_count(base->catalog);
  base->by_content = calloc(base->count + (size_t)1, sizeof *base->by_content);
  base->met = calloc(base->count + (size_t)1, sizeof *base->met);
  if (base->by_content == NULL || base->met == NULL) return hb_fail_memory(error);
  for (uint32_t i = 0; i < base->count; i++)
    base->by_content[i] = (known_content){hb_catalog_entry(base->catalog, i).content, i};
  qsort(base->by_content, base->count, sizeof *base->by_content, compare_contents);
  return HB_OK;
}

hb_status existing_open(const char *directory, const existing_needs *needs, existing_bundle *out, hb_error *error) {
  hb_error reason_error;
  existing_bundle base = {.needs = *needs};
  *out = base;
  if (hb_path_is_vacant(directory)) return HB_OK;
  hb_status status = hb_index_open(directory, &base.index, &reason_error);
  const char *reason = status == HB_OK ? misfit(base.index, needs) : NULL;
  if (status == HB_OK && reason == NULL) status = collect(&base, &reason_error);
  if (status == HB_OUT_OF_MEMORY) return existing_close(&base), hb_fail_memory(error);
  if (status != HB_OK)
    existing_refuse(&base, &reason_error);
  else if (reason != NULL)
    existing_refuse_because(&base, reason);
  *out = base;
  return HB_OK;
}

uint64_t existing_seed(const existing_bundle *base) { return hb_index_seed(base->index); }
uint64_t existing_shard_bytes(const existing_bundle *base) { return hb_index_shard_bytes(base->index); }

/* The number of the first image with this content; UINT32_MAX if there is none. */
static uint32_t find_content(const existing_bundle *base, uint64_t content) {
  uint32_t low = 0, high = base->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (base->by_content[middle].content < content)
      low = middle + 1;
    else
      high = middle;
  }
  return low < base->count && base->by_content[low].content == content ? base->by_content[low].number : UINT32_MAX;
}

image_fate existing_find(const existing_bundle *base, const char *path, uint64_t content, uint32_t *number) {
  if (base->catalog == NULL) return IMAGE_ADDED;
  uint32_t same_path = hb_catalog_find(base->catalog, path);
  if (same_path != UINT32_MAX && hb_catalog_entry(base->catalog, same_path).content == content)
    return *number = same_path, IMAGE_KEPT;
  uint32_t same_content = find_content(base, content);
  if (same_content != UINT32_MAX) return *number = same_content, IMAGE_MOVED;
  if (same_path != UINT32_MAX) return *number = same_path, IMAGE_CHANGED;
  return IMAGE_ADDED;
}

void existing_keep(existing_bundle *base, uint32_t number) { base->met[number] = true; }

uint32_t existing_removed(const existing_bundle *base) {
  uint32_t removed = 0;
  for (uint32_t i = 0; i < base->count; i++) removed += !base->met[i];
  return removed;
}

void existing_close(existing_bundle *base) {
  hb_catalog_free(base->catalog);
  hb_index_free(base->index);
  free(base->by_content);
  free(base->met);
  *base = (existing_bundle){0};
}
