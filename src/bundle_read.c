#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "json.h"
#ifndef __wasm__
#include "file.h"
#endif

typedef struct {
  char name[HB_FILE_NAME_MAX];
  char sha256[HB_SHA256_HEX];
  uint64_t expected;
  const uint8_t *bytes; /* NULL until provided */
  bool mapped;          /* else from malloc */
} bundle_file;

/* A list as index.json describes it, and once its file is there, its columns. */
typedef struct {
  uint32_t file, count;
  uint64_t offset, bytes;
  const uint32_t *labels, *paths;
  const char *text;
} bundle_list;

/* Where an image's row is; `list` counts from 1, so that zeroed memory means "not there". */
typedef struct {
  uint32_t list, row;
} place;

#define NOWHERE UINT32_MAX

struct hb_index {
  uint32_t count, dim, nlist, nprobe;
  hb_head_kind head;
  uint32_t head_file, centroid_file; /* head_file is NOWHERE if the bundle carries none */
  char model_id[HB_SHA256_HEX];
  char *model_url, *image_url;
  char **labels;
  uint32_t label_count;
  bundle_file *files;
  uint32_t file_count;
  bundle_list *lists;
  hb_ivf_list *ivf_lists;
  place *places; /* by id */
  hb_ivf ivf;
};

static hb_status fail_manifest(hb_error *error, const char *what) {
  return hb_fail(error, HB_BAD_INDEX, "%s is damaged or not made by index-builder: %s; build or fetch the index again",
                 HB_MANIFEST_NAME, what);
}

static hb_status fail_file(hb_error *error, const bundle_file *file, const char *what) {
  return hb_fail(error, HB_BAD_INDEX, "the index file '%s' %s; fetch it again", file->name, what);
}

static bool get_u32(const hb_json *json, int object, const char *key, uint64_t minimum, uint64_t maximum,
                    uint32_t *out) {
  uint64_t value;
  if (!hb_json_integer(json, hb_json_get(json, object, key), maximum, &value) || value < minimum) return false;
  *out = (uint32_t)value;
  return true;
}

/* A name is plain, so that it can neither leave the folder nor hide a scheme. */
static bool is_plain_name(const char *name) {
  if (name[0] == '\0' || name[0] == '.') return false;
  return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(name);
}

static hb_status read_files(hb_index *index, const hb_json *json, hb_error *error) {
  int array = hb_json_get(json, 0, "files");
  int size = hb_json_size(json, array);
  if (!hb_json_is_array(json, array) || size < 1) return fail_manifest(error, "it names no files");
  index->files = calloc((size_t)size, sizeof *index->files);
  if (index->files == NULL) return hb_fail_memory(error);
  for (int item = hb_json_first(json, array); item >= 0; item = hb_json_next(json, array, item)) {
    bundle_file *file = &index->files[index->file_count++];
    if (!hb_json_string(json, hb_json_get(json, item, "name"), file->name, sizeof file->name) ||
        !is_plain_name(file->name) ||
        !hb_json_string(json, hb_json_get(json, item, "sha256"), file->sha256, sizeof file->sha256) ||
        !hb_json_integer(json, hb_json_get(json, item, "bytes"), UINT32_MAX, &file->expected))
      return fail_manifest(error, "a file's name, size or hash is not right");
  }
  return HB_OK;
}

static hb_status read_labels(hb_index *index, const hb_json *json, hb_error *error) {
  int array = hb_json_get(json, 0, "labels");
  int size = hb_json_size(json, array);
  if (!hb_json_is_array(json, array) || size < 1) return fail_manifest(error, "it has no labels");
  index->labels = calloc((size_t)size, sizeof *index->labels);
  if (index->labels == NULL) return hb_fail_memory(error);
  for (int item = hb_json_first(json, array); item >= 0; item = hb_json_next(json, array, item)) {
    char *label = hb_json_string_copy(json, item);
    if (label == NULL) return fail_manifest(error, "a label is not text");
    index->labels[index->label_count++] = label;
  }
  return HB_OK;
}

/* Bytes of a list without its text; false on overflow. */
static bool list_fixed_bytes(uint32_t count, uint32_t dim, uint64_t *out) {
  uint64_t row = (uint64_t)dim * sizeof(float) + 3 * sizeof(uint32_t);
  return !__builtin_mul_overflow(row, (uint64_t)count, out) && !__builtin_add_overflow(*out, HB_LIST_HEADER, out);
}

static hb_status read_lists(hb_index *index, const hb_json *json, hb_error *error) {
  int array = hb_json_get(json, 0, "lists");
  if (!hb_json_is_array(json, array) || (uint32_t)hb_json_size(json, array) != index->nlist)
    return fail_manifest(error, "the number of lists is not nlist");
  index->lists = calloc(index->nlist, sizeof *index->lists);
  index->ivf_lists = calloc(index->nlist, sizeof *index->ivf_lists);
  if (index->lists == NULL || index->ivf_lists == NULL) return hb_fail_memory(error);
  uint64_t total = 0;
  bundle_list *list = index->lists;
  for (int item = hb_json_first(json, array); item >= 0; item = hb_json_next(json, array, item), list++) {
    uint64_t fixed;
    if (!get_u32(json, item, "file", 0, index->file_count - 1, &list->file) ||
        !get_u32(json, item, "count", 0, index->count, &list->count) ||
        !hb_json_integer(json, hb_json_get(json, item, "offset"), UINT32_MAX, &list->offset) ||
        !hb_json_integer(json, hb_json_get(json, item, "bytes"), UINT32_MAX, &list->bytes) ||
        !list_fixed_bytes(list->count, index->dim, &fixed) || list->bytes < fixed ||
        list->offset < sizeof(hb_file_header) || list->offset % HB_BUNDLE_ALIGNMENT != 0 ||
        list->offset + list->bytes > index->files[list->file].expected)
      return fail_manifest(error, "a list does not fit into its file");
    total += list->count;
  }
  return total == index->count ? HB_OK : fail_manifest(error, "the lists do not add up to the number of images");
}

static hb_status read_head(hb_index *index, const hb_json *json, hb_error *error) {
  int head = hb_json_get(json, 0, "head");
  char kind[16];
  if (!hb_json_string(json, hb_json_get(json, head, "kind"), kind, sizeof kind) || !hb_head_parse(kind, &index->head) ||
      hb_head_dim(index->head) != index->dim)
    return fail_manifest(error, "this version does not know its head");
  index->head_file = NOWHERE;
  if (index->head == HB_HEAD_LOGITS) return HB_OK;
  if (!get_u32(json, head, "file", 0, index->file_count - 1, &index->head_file))
    return fail_manifest(error, "the head has no file");
  return HB_OK;
}

static hb_status read_version(const hb_json *json, hb_error *error) {
  uint32_t version;
  if (!hb_json_equals(json, hb_json_get(json, 0, "format"), HB_BUNDLE_FORMAT))
    return fail_manifest(error, "it is not an index");
  if (!get_u32(json, 0, "version", 1, UINT32_MAX, &version)) return fail_manifest(error, "it has no version");
  if (version != HB_BUNDLE_VERSION)
    return hb_fail(
        error, HB_BAD_INDEX,
        "the index has format %u and this program reads format %u; use matching versions or build the index again",
        version, HB_BUNDLE_VERSION);
  return HB_OK;
}

/* A file has one role; else a list in the centroids' file would never be read. */
static bool roles_are_distinct(const hb_index *index) {
  if (index->centroid_file == index->head_file) return false;
  for (uint32_t l = 0; l < index->nlist; l++)
    if (index->lists[l].file == index->centroid_file || index->lists[l].file == index->head_file) return false;
  return true;
}

static hb_status read_manifest(hb_index *index, const hb_json *json, hb_error *error) {
  hb_status status = read_version(json, error);
  if (status != HB_OK) return status;
  if (!hb_json_equals(json, hb_json_get(json, 0, "metric"), "COSINE") ||
      !hb_json_equals(json, hb_json_get(json, 0, "storage"), "f32"))
    return fail_manifest(error, "this version reads metric COSINE and storage f32 only");
  if (!get_u32(json, 0, "count", 1, UINT32_MAX - 1, &index->count) ||
      !get_u32(json, 0, "dim", 1, HB_DIM_MAX, &index->dim) ||
      !get_u32(json, 0, "nlist", 1, HB_NLIST_MAX, &index->nlist) ||
      !get_u32(json, 0, "nprobe", 1, index->nlist, &index->nprobe))
    return fail_manifest(error, "count, dim, nlist or nprobe is out of range");
  int model = hb_json_get(json, 0, "model");
  index->model_url = hb_json_string_copy(json, hb_json_get(json, model, "url"));
  index->image_url = hb_json_string_copy(json, hb_json_get(json, 0, "image_url"));
  if (!hb_json_string(json, hb_json_get(json, model, "id"), index->model_id, sizeof index->model_id) ||
      index->model_url == NULL || index->image_url == NULL)
    return fail_manifest(error, "it does not name its model and images");
  status = read_files(index, json, error);
  if (status == HB_OK) status = read_labels(index, json, error);
  if (status == HB_OK) status = read_head(index, json, error);
  if (status == HB_OK) status = read_lists(index, json, error);
  if (status == HB_OK &&
      !get_u32(json, hb_json_get(json, 0, "centroids"), "file", 0, index->file_count - 1, &index->centroid_file))
    status = fail_manifest(error, "it has no centroids");
  if (status == HB_OK && !roles_are_distinct(index)) status = fail_manifest(error, "a file has two roles");
  return status;
}

hb_status hb_index_parse(const char *manifest, size_t size, hb_index **out, hb_error *error) {
  hb_json *json = hb_json_parse(manifest, size);
  if (json == NULL || !hb_json_is_object(json, 0)) return hb_json_free(json), fail_manifest(error, "it is not JSON");
  hb_index *index = calloc(1, sizeof *index);
  if (index == NULL) return hb_json_free(json), hb_fail_memory(error);
  hb_status status = read_manifest(index, json, error);
  hb_json_free(json);
  if (status == HB_OK) {
    /* zeroed by the system as it is touched: a manifest that lies about its count costs nothing */
    index->places = calloc(index->count, sizeof *index->places);
    if (index->places == NULL) status = hb_fail_memory(error);
  }
  if (status != HB_OK) return hb_index_free(index), status;
  index->ivf = (hb_ivf){index->dim, index->nlist, NULL, index->ivf_lists};
  *out = index;
  return HB_OK;
}

/* ---- Files ---- */

static bool has_header(const uint8_t *bytes, const char *magic, uint32_t first, uint32_t second) {
  hb_file_header header;
  memcpy(&header, bytes, sizeof header);
  return memcmp(header.magic, magic, sizeof header.magic) == 0 && header.version == HB_BUNDLE_VERSION &&
         header.first == first && header.second == second;
}

/* The floats behind the header. */
static const float *floats_of(const uint8_t *bytes) {
  return (const float *)(const void *)(bytes + sizeof(hb_file_header));
}

static hb_status attach_centroids(hb_index *index, const bundle_file *file, const uint8_t *bytes, size_t size,
                                  hb_error *error) {
  uint64_t expected = sizeof(hb_file_header) + (uint64_t)index->nlist * index->dim * sizeof(float);
  if (size != expected || !has_header(bytes, HB_MAGIC_CENTROIDS, index->nlist, index->dim))
    return fail_file(error, file, "does not hold the centroids");
  index->ivf.centroids = floats_of(bytes);
  return HB_OK;
}

static hb_status check_head(const hb_index *index, const bundle_file *file, const uint8_t *bytes, size_t size,
                            hb_error *error) {
  uint64_t expected = sizeof(hb_file_header) + (uint64_t)index->dim * (HB_POOLED_DIM + 1) * sizeof(float);
  if (size != expected || !has_header(bytes, HB_MAGIC_HEAD, index->dim, HB_POOLED_DIM))
    return fail_file(error, file, "does not hold the head");
  return HB_OK;
}

/* Every row's id is in range and seen for the first time, its label exists and its path ends inside the text. */
static bool place_rows(hb_index *index, uint32_t l, uint32_t text_bytes) {
  const bundle_list *list = &index->lists[l];
  for (uint32_t r = 0; r < list->count; r++) {
    uint32_t id = index->ivf_lists[l].ids[r];
    if (id >= index->count || index->places[id].list != 0 || list->labels[r] >= index->label_count ||
        list->paths[r] >= text_bytes)
      return false;
    index->places[id] = (place){l + 1, r};
  }
  return true;
}

static hb_status attach_list(hb_index *index, uint32_t l, const bundle_file *file, const uint8_t *file_bytes,
                             hb_error *error) {
  bundle_list *list = &index->lists[l];
  const uint8_t *bytes = file_bytes + list->offset;
  uint32_t header[2]; /* count, text bytes */
  memcpy(header, bytes, sizeof header);
  uint64_t fixed;
  if (!list_fixed_bytes(list->count, index->dim, &fixed) || header[0] != list->count ||
      list->bytes != fixed + header[1])
    return fail_file(error, file, "holds a list of another size than " HB_MANIFEST_NAME " says");
  const float *vectors = (const float *)(const void *)(bytes + HB_LIST_HEADER);
  const uint32_t *ids = (const uint32_t *)(const void *)(vectors + (size_t)list->count * index->dim);
  list->labels = ids + list->count;
  list->paths = list->labels + list->count;
  list->text = (const char *)(list->paths + list->count);
  index->ivf_lists[l] = (hb_ivf_list){list->count, vectors, ids};
  if (list->count > 0 && (header[1] == 0 || list->text[header[1] - 1] != '\0' || !place_rows(index, l, header[1])))
    return fail_file(error, file, "holds rows that contradict themselves");
  return HB_OK;
}

static hb_status attach_lists(hb_index *index, uint32_t number, const bundle_file *file, const uint8_t *bytes,
                              hb_error *error) {
  uint32_t lists = 0;
  for (uint32_t l = 0; l < index->nlist; l++) lists += index->lists[l].file == number;
  if (!has_header(bytes, HB_MAGIC_LISTS, lists, index->dim)) return fail_file(error, file, "does not hold the lists");
  hb_status status = HB_OK;
  for (uint32_t l = 0; l < index->nlist && status == HB_OK; l++)
    if (index->lists[l].file == number) status = attach_list(index, l, file, bytes, error);
  return status;
}

static hb_status check_bytes(const bundle_file *file, const uint8_t *bytes, size_t size, hb_error *error) {
  if (size != file->expected) return fail_file(error, file, "is cut short or too long");
  if (size < sizeof(hb_file_header)) return fail_file(error, file, "is too short");
  char hex[HB_SHA256_HEX];
  hb_sha256_hex_of(bytes, size, hex);
  return strcmp(hex, file->sha256) == 0 ? HB_OK : fail_file(error, file, "does not have the hash it should have");
}

static hb_status attach(hb_index *index, uint32_t number, const uint8_t *bytes, size_t size, hb_error *error) {
  const bundle_file *file = &index->files[number];
  if (file->bytes != NULL) return hb_fail(error, HB_INVALID_ARGUMENT, "the file '%s' was already given", file->name);
  hb_status status = check_bytes(file, bytes, size, error);
  if (status != HB_OK) return status;
  if (number == index->centroid_file) return attach_centroids(index, file, bytes, size, error);
  if (number == index->head_file) return check_head(index, file, bytes, size, error);
  return attach_lists(index, number, file, bytes, error);
}

hb_status hb_index_provide(hb_index *index, uint32_t file, void *bytes, size_t size, hb_error *error) {
  hb_status status = file < index->file_count ? attach(index, file, bytes, size, error)
                                              : hb_fail(error, HB_INVALID_ARGUMENT, "the index has no file %u", file);
  if (status == HB_OK)
    index->files[file].bytes = bytes;
  else
    free(bytes);
  return status;
}

hb_status hb_index_check_complete(const hb_index *index, hb_error *error) {
  for (uint32_t f = 0; f < index->file_count; f++)
    if (index->files[f].bytes == NULL) return fail_file(error, &index->files[f], "is missing");
  return HB_OK;
}

#ifndef __wasm__
static hb_status map_file(hb_index *index, uint32_t number, const char *directory, hb_error *error) {
  bundle_file *file = &index->files[number];
  char *path = hb_path_join(directory, file->name);
  if (path == NULL) return hb_fail_memory(error);
  hb_mapping mapping;
  hb_status status = hb_file_map(path, &mapping, error);
  free(path);
  if (status != HB_OK) return status;
  status = attach(index, number, mapping.bytes, mapping.size, error);
  if (status != HB_OK) return hb_file_unmap(mapping), status;
  file->bytes = mapping.bytes;
  file->mapped = true;
  return HB_OK;
}

hb_status hb_index_open(const char *directory, hb_index **out, hb_error *error) {
  char *path = hb_path_join(directory, HB_MANIFEST_NAME);
  if (path == NULL) return hb_fail_memory(error);
  hb_mapping manifest;
  hb_status status = hb_file_map(path, &manifest, error);
  free(path);
  if (status != HB_OK) return status;
  hb_index *index;
  status = hb_index_parse(manifest.bytes, manifest.size, &index, error);
  hb_file_unmap(manifest);
  if (status != HB_OK) return status;
  for (uint32_t f = 0; f < index->file_count && status == HB_OK; f++) status = map_file(index, f, directory, error);
  if (status != HB_OK) return hb_index_free(index), status;
  *out = index;
  return HB_OK;
}
#endif

static void release_bytes(const bundle_file *file) {
#ifndef __wasm__
  if (file->mapped) {
    hb_file_unmap((hb_mapping){file->bytes, (size_t)file->expected});
    return;
  }
#endif
  free((void *)file->bytes);
}

void hb_index_free(hb_index *index) {
  if (index == NULL) return;
  for (uint32_t f = 0; f < index->file_count; f++) release_bytes(&index->files[f]);
  for (uint32_t l = 0; l < index->label_count; l++) free(index->labels[l]);
  free(index->files);
  free(index->labels);
  free(index->lists);
  free(index->ivf_lists);
  free(index->places);
  free(index->model_url);
  free(index->image_url);
  free(index);
}

/* ---- Questions ---- */

uint32_t hb_index_file_count(const hb_index *index) { return index->file_count; }
const char *hb_index_file_name(const hb_index *index, uint32_t file) { return index->files[file].name; }
uint64_t hb_index_file_bytes(const hb_index *index, uint32_t file) { return index->files[file].expected; }
uint32_t hb_index_count(const hb_index *index) { return index->count; }
uint32_t hb_index_dim(const hb_index *index) { return index->dim; }
uint32_t hb_index_nlist(const hb_index *index) { return index->nlist; }
uint32_t hb_index_nprobe(const hb_index *index) { return index->nprobe; }
hb_head_kind hb_index_head(const hb_index *index) { return index->head; }
const char *hb_index_model_id(const hb_index *index) { return index->model_id; }
const char *hb_index_model_url(const hb_index *index) { return index->model_url; }
const char *hb_index_image_url(const hb_index *index) { return index->image_url; }
const hb_ivf *hb_index_ivf(const hb_index *index) { return &index->ivf; }

bool hb_index_own_head(const hb_index *index, hb_head *out) {
  if (index->head_file == NOWHERE) return false;
  const float *matrix = floats_of(index->files[index->head_file].bytes);
  *out = (hb_head){index->head, index->dim, matrix, matrix + (size_t)index->dim * HB_POOLED_DIM};
  return true;
}

const float *hb_index_vector(const hb_index *index, uint32_t id) {
  place p = index->places[id];
  return index->ivf_lists[p.list - 1].vectors + (size_t)p.row * index->dim;
}

const char *hb_index_path(const hb_index *index, uint32_t id) {
  place p = index->places[id];
  return index->lists[p.list - 1].text + index->lists[p.list - 1].paths[p.row];
}

uint32_t hb_index_label_number(const hb_index *index, uint32_t id) {
  place p = index->places[id];
  return index->lists[p.list - 1].labels[p.row];
}

const char *hb_index_label(const hb_index *index, uint32_t id) {
  return index->labels[hb_index_label_number(index, id)];
}

uint32_t hb_index_find_label(const hb_index *index, const char *label) {
  for (uint32_t l = 0; l < index->label_count; l++)
    if (strcmp(index->labels[l], label) == 0) return l;
  return UINT32_MAX;
}
