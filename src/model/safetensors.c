#include "model/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define HEADER_MAX (100u << 20) /* the reference implementation's own limit */

struct hb_safetensors {
  hb_json *json;
  size_t count;
  hb_tensor tensors[];
};

static hb_dtype dtype_of(const hb_json *json, int value) {
  if (hb_json_equals(json, value, "F32")) return HB_F32;
  if (hb_json_equals(json, value, "F16")) return HB_F16;
  if (hb_json_equals(json, value, "I8")) return HB_I8;
  if (hb_json_equals(json, value, "U8")) return HB_U8;
  if (hb_json_equals(json, value, "I32")) return HB_I32;
  if (hb_json_equals(json, value, "I64")) return HB_I64;
  return HB_OTHER_DTYPE;
}

size_t hb_dtype_bytes(hb_dtype dtype) {
  static const uint8_t bytes[] = {
      [HB_F32] = 4, [HB_F16] = 2, [HB_I8] = 1, [HB_U8] = 1, [HB_I32] = 4, [HB_I64] = 8, [HB_OTHER_DTYPE] = 0};
  return bytes[dtype];
}

/* Returns whether the tensor has the bytes that its shape needs. Types that are never read are not checked. */
static bool right_length(const hb_tensor *tensor) {
  if (tensor->dtype == HB_OTHER_DTYPE) return true;
  size_t expected = hb_dtype_bytes(tensor->dtype);
  for (uint32_t i = 0; i < tensor->rank; i++)
    if (tensor->shape[i] > SIZE_MAX || !hb_size_mul(expected, (size_t)tensor->shape[i], &expected)) return false;
  return expected == tensor->bytes;
}

static bool read_shape(const hb_json *json, int shape, hb_tensor *tensor) {
  int rank = hb_json_size(json, shape);
  if (!hb_json_is_array(json, shape) || rank > HB_TENSOR_MAX_RANK) return false;
  tensor->rank = 0;
  for (int i = hb_json_first(json, shape); i >= 0; i = hb_json_next(json, shape, i))
    if (!hb_json_integer(json, i, UINT32_MAX, &tensor->shape[tensor->rank++])) return false;
  return true;
}

static bool read_offsets(const hb_json *json, int offsets, const uint8_t *data, size_t size, hb_tensor *tensor) {
  int first = hb_json_first(json, offsets);
  int second = first < 0 ? -1 : hb_json_next(json, offsets, first);
  uint64_t begin, end;
  if (!hb_json_is_array(json, offsets) || hb_json_size(json, offsets) != 2 ||
      !hb_json_integer(json, first, size, &begin) || !hb_json_integer(json, second, size, &end) || begin > end)
    return false;
  tensor->data = data + begin;
  tensor->bytes = (size_t)(end - begin);
  return true;
}

/* Reads the tensor under `key`. Reads its name first, so that errors can say it. */
static hb_status read_tensor(const hb_json *json, int key, const uint8_t *data, size_t size, hb_tensor *tensor,
                             hb_error *error) {
  hb_status status = hb_json_string_copy(json, key, &tensor->name);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  if (status != HB_OK) return hb_fail(error, HB_BAD_MODEL, "the weight file has an unreadable tensor name");
  int value = key + 1;
  tensor->dtype = dtype_of(json, hb_json_get(json, value, "dtype"));
  if (!read_shape(json, hb_json_get(json, value, "shape"), tensor) ||
      !read_offsets(json, hb_json_get(json, value, "data_offsets"), data, size, tensor) || !right_length(tensor))
    return hb_fail(error, HB_BAD_MODEL,
                   "the weight file is damaged: tensor '%.80s' does not fit its shape or the file's %zu bytes; "
                   "download the file again",
                   tensor->name, size);
  return HB_OK;
}

static hb_status read_tensors(hb_safetensors *file, const uint8_t *data, size_t size, hb_error *error) {
  for (int key = hb_json_first(file->json, 0); key >= 0; key = hb_json_next(file->json, 0, key)) {
    if (hb_json_equals(file->json, key, "__metadata__")) continue;
    hb_status status = read_tensor(file->json, key, data, size, &file->tensors[file->count++], error);
    if (status != HB_OK) return status;
  }
  return HB_OK;
}

hb_status hb_safetensors_parse(const void *bytes, size_t size, hb_safetensors **out, hb_error *error) {
  uint64_t header = 0;
  if (size >= sizeof header) memcpy(&header, bytes, sizeof header);
  if (size < sizeof header || header > size - sizeof header || header > HEADER_MAX)
    return hb_fail(error, HB_BAD_MODEL, "this is not a safetensors file, or it is cut short");
  const char *text = (const char *)bytes + sizeof header;
  hb_json *json;
  hb_status status = hb_json_parse(text, (size_t)header, &json);
  if (status == HB_OUT_OF_MEMORY) return hb_fail_memory(error);
  if (status != HB_OK || !hb_json_is_object(json, 0)) {
    hb_json_free(json);
    return hb_fail(error, HB_BAD_MODEL, "this is not a safetensors file: its header is not JSON");
  }
  hb_safetensors *file = calloc(1, sizeof *file + (size_t)hb_json_size(json, 0) * sizeof *file->tensors);
  if (file == NULL) return hb_json_free(json), hb_fail_memory(error);
  file->json = json;
  const uint8_t *data = (const uint8_t *)text + header;
  status = read_tensors(file, data, size - sizeof header - (size_t)header, error);
  if (status != HB_OK) return hb_safetensors_free(file), status;
  *out = file;
  return HB_OK;
}

void hb_safetensors_free(hb_safetensors *file) {
  if (file == NULL) return;
  for (size_t i = 0; i < file->count; i++) free(file->tensors[i].name);
  hb_json_free(file->json);
  free(file);
}

const hb_tensor *hb_safetensors_find(const hb_safetensors *file, const char *name) {
  for (size_t i = 0; i < file->count; i++)
    if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
  return NULL;
}

bool hb_safetensors_metadata(const hb_safetensors *file, const char *key, char *out, size_t capacity) {
  int metadata = hb_json_get(file->json, 0, "__metadata__");
  return hb_json_string(file->json, hb_json_get(file->json, metadata, key), out, capacity);
}
