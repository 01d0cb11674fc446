/* Reads and checks index.json. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bundle/bundle.h"
#include "bundle/index.h"

static hb_status fail_manifest(hb_error *error, const char *what) {
  return hb_fail(error, HB_BAD_INDEX,
                 "%s is damaged or was not made by index-builder: %s; fetch it again or rebuild the bundle",
                 HB_MANIFEST_NAME, what);
}

/* Copies a text; `what` says what is wrong if the value is not text. */
static hb_status get_text(const hb_json *json, int value, const char *what, char **out, hb_error *error) {
  hb_status status = hb_json_string_copy(json, value, out);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  return status == HB_OK ? HB_OK : fail_manifest(error, what);
}

static hb_status empty_text(char **out, hb_error *error) {
  *out = calloc(1, 1);
  return *out != NULL ? HB_OK : hb_fail_memory(error);
}

static bool get_u32(const hb_json *json, int object, const char *key, uint64_t minimum, uint64_t maximum,
                    uint32_t *out) {
  uint64_t value;
  if (!hb_json_integer(json, hb_json_get(json, object, key), maximum, &value) || value < minimum) return false;
  *out = (uint32_t)value;
  return true;
}

/* Returns true for a plain name, which can neither leave the folder nor hide a scheme. */
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
    hb_bundle_file *file = &index->files[index->file_count++];
    if (!hb_json_string(json, hb_json_get(json, item, "name"), file->name, sizeof file->name) ||
        !is_plain_name(file->name) ||
        !hb_json_string(json, hb_json_get(json, item, "sha256"), file->sha256, sizeof file->sha256) ||
        !hb_json_integer(json, hb_json_get(json, item, "bytes"), UINT32_MAX, &file->expected))
      return fail_manifest(error, "the name, size or hash of a file is wrong");
  }
  return HB_OK;
}

static hb_status read_labels(hb_index *index, const hb_json *json, hb_error *error) {
  int array = hb_json_get(json, 0, "labels");
  int size = hb_json_size(json, array);
  if (!hb_json_is_array(json, array) || size < 1) return fail_manifest(error, "it has no labels");
  index->labels = calloc((size_t)size, sizeof *index->labels);
  if (index->labels == NULL) return hb_fail_memory(error);
  hb_status status = HB_OK;
  for (int item = hb_json_first(json, array); item >= 0 && status == HB_OK; item = hb_json_next(json, array, item))
    status = get_text(json, item, "a label is not text", &index->labels[index->label_count++], error);
  return status;
}

static hb_status read_list(hb_index *index, const hb_json *json, int item, hb_bundle_list *list, hb_error *error) {
  uint64_t least;
  if (!get_u32(json, item, "file", 0, index->file_count - 1, &list->file) ||
      !get_u32(json, item, "count", 0, index->count, &list->count) ||
      !hb_json_integer(json, hb_json_get(json, item, "offset"), UINT32_MAX, &list->offset) ||
      !hb_json_integer(json, hb_json_get(json, item, "bytes"), UINT32_MAX, &list->bytes) ||
      !hb_bundle_list_bytes(index->encoding, index->dim, list->count, 0, &least) || list->bytes < least ||
      list->offset < sizeof(hb_file_header) || list->offset % HB_BUNDLE_ALIGNMENT != 0 ||
      list->offset + list->bytes > index->files[list->file].expected)
    return fail_manifest(error, "a list does not fit into its file");
  return HB_OK;
}

static hb_status read_lists(hb_index *index, const hb_json *json, hb_error *error) {
  int array = hb_json_get(json, 0, "lists"), table = hb_json_get(json, 0, "table");
  index->table_file = HB_NO_FILE;
  if (array < 0 && table >= 0)
    return get_u32(json, table, "file", 0, index->file_count - 1, &index->table_file)
               ? HB_OK
               : fail_manifest(error, "the table of lists has no file");
  if (!hb_json_is_array(json, array) || (uint32_t)hb_json_size(json, array) != index->nlist)
    return fail_manifest(error, "the number of lists is not nlist");
  index->lists = calloc(index->nlist, sizeof *index->lists);
  if (index->lists == NULL) return hb_fail_memory(error);
  hb_status status = HB_OK;
  hb_bundle_list *list = index->lists;
  for (int item = hb_json_first(json, array); item >= 0 && status == HB_OK; item = hb_json_next(json, array, item))
    status = read_list(index, json, item, list++, error);
  return status;
}

static hb_status read_view(hb_index *index, const hb_json *json, int model, hb_error *error) {
  char name[16];
  const int view = hb_json_get(json, model, "view");
  if (view < 0 || (hb_json_string(json, view, name, sizeof name) && hb_view_parse(name, &index->view))) return HB_OK;
  return fail_manifest(error, "this version does not know its model's view");
}

/* Reads which features the head takes. Bundles of heads that take those of layer4 need not say so. */
static bool read_features(hb_index *index, const hb_json *json, int head) {
  char name[32];
  const int features = hb_json_get(json, head, "features");
  index->head_features = HB_FEATURES_LAYER4;
  if (features < 0) return true;
  return hb_json_string(json, features, name, sizeof name) && hb_head_features_parse(name, &index->head_features);
}

/* Reads model and head. A bundle has both or neither. */
static hb_status read_model(hb_index *index, const hb_json *json, hb_error *error) {
  int model = hb_json_get(json, 0, "model"), head = hb_json_get(json, 0, "head");
  char kind[16];
  if (!hb_json_string(json, hb_json_get(json, head, "kind"), kind, sizeof kind) ||
      !hb_head_parse(kind, &index->head_kind))
    return fail_manifest(error, "this version does not know its head");
  if (!read_features(index, json, head))
    return fail_manifest(error, "this version does not know the features that its head takes");
  index->head_file = HB_NO_FILE;
  if (index->head_kind == HB_HEAD_NONE) return empty_text(&index->model_url, error);
  uint64_t bytes;
  static const char unnamed[] = "it does not name its model";
  hb_status status = get_text(json, hb_json_get(json, model, "url"), unnamed, &index->model_url, error);
  if (status != HB_OK) return status;
  if (!hb_json_integer(json, hb_json_get(json, model, "bytes"), UINT64_MAX, &bytes) ||
      !hb_json_string(json, hb_json_get(json, model, "id"), index->model_id, sizeof index->model_id) ||
      strspn(index->model_id, "0123456789abcdef") != HB_SHA256_HEX - 1)
    return fail_manifest(error, unnamed);
  status = read_view(index, json, model, error);
  if (status != HB_OK) return status;
  if (index->head_kind == HB_HEAD_LOGITS)
    return index->dim == HB_LOGITS_DIM ? HB_OK : fail_manifest(error, "head and dim do not fit each other");
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
        "the index has format %u, but this program reads format %u; use matching versions or rebuild the bundle",
        version, HB_BUNDLE_VERSION);
  return HB_OK;
}

static hb_status read_numbers(hb_index *index, const hb_json *json, hb_error *error) {
  char encoding[8];
  if (!hb_json_equals(json, hb_json_get(json, 0, "metric"), "COSINE") ||
      !hb_json_string(json, hb_json_get(json, 0, "storage"), encoding, sizeof encoding) ||
      !hb_encoding_parse(encoding, &index->encoding))
    return fail_manifest(error, "this version reads metric COSINE and storage f32, f16 or i8");
  if (!get_u32(json, 0, "count", 1, UINT32_MAX - 1, &index->count) ||
      !get_u32(json, 0, "dim", 1, HB_DIM_MAX, &index->dim) ||
      !get_u32(json, 0, "nlist", 1, HB_NLIST_MAX, &index->nlist) ||
      !get_u32(json, 0, "nprobe", 1, index->nlist, &index->nprobe) ||
      !hb_json_integer(json, hb_json_get(json, 0, "seed"), UINT64_MAX, &index->seed) ||
      !hb_json_integer(json, hb_json_get(json, 0, "shard_bytes"), UINT32_MAX, &index->shard_bytes))
    return fail_manifest(error, "count, dim, nlist, nprobe, seed or shard_bytes is out of range");
  int trained = hb_json_get(json, 0, "trained");
  if (!get_u32(json, trained, "count", 1, UINT32_MAX - 1, &index->trained_count) ||
      !get_u32(json, trained, "imbalance_thousandths", 1, UINT32_MAX, &index->trained_imbalance))
    return fail_manifest(error, "the numbers of its training are wrong");
  return HB_OK;
}

static hb_status read_urls(hb_index *index, const hb_json *json, hb_error *error) {
  int image = hb_json_get(json, 0, "image_url"), thumb = hb_json_get(json, 0, "thumb_url");
  hb_status status = get_text(json, image, "it does not say where images are", &index->image_url, error);
  if (status != HB_OK) return status;
  return thumb >= 0 ? get_text(json, thumb, "thumb_url is not text", &index->thumb_url, error)
                    : empty_text(&index->thumb_url, error);
}

static hb_status read_manifest(hb_index *index, const hb_json *json, hb_error *error) {
  hb_status status = read_version(json, error);
  if (status == HB_OK) status = read_numbers(index, json, error);
  if (status == HB_OK) status = read_urls(index, json, error);
  if (status == HB_OK) status = read_files(index, json, error);
  if (status == HB_OK) status = read_labels(index, json, error);
  if (status == HB_OK) status = read_model(index, json, error);
  if (status == HB_OK) status = read_lists(index, json, error);
  if (status == HB_OK &&
      !get_u32(json, hb_json_get(json, 0, "centroids"), "file", 0, index->file_count - 1, &index->centroid_file))
    status = fail_manifest(error, "it has no centroids");
  if (status == HB_OK && (index->centroid_file == index->head_file || index->centroid_file == index->table_file ||
                          (index->table_file != HB_NO_FILE && index->table_file == index->head_file)))
    status = fail_manifest(error, "a file has two roles");
  if (status == HB_OK && index->lists != NULL && !hb_index_place_lists(index))
    status = fail_manifest(error, "the lists do not add up to the number of images, or a file has two roles");
  return status;
}

hb_status hb_index_parse(const char *manifest, size_t size, hb_index **out, hb_error *error) {
  hb_json *json;
  hb_status status = hb_json_parse(manifest, size, &json);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  if (status != HB_OK || !hb_json_is_object(json, 0)) return hb_json_free(json), fail_manifest(error, "it is not JSON");
  hb_index *index = calloc(1, sizeof *index);
  if (index == NULL) return hb_json_free(json), hb_fail_memory(error);
  status = read_manifest(index, json, error);
  hb_json_free(json);
  if (status != HB_OK) return hb_index_free(index), status;
  *out = index;
  return HB_OK;
}
