#include "model/safetensors_write.h"

#include "base/file.h"
#include "base/text.h"

#define ALIGNMENT 64

static const char *const dtype_names[] = {
    [HB_F32] = "F32", [HB_F16] = "F16", [HB_I8] = "I8", [HB_U8] = "U8", [HB_I32] = "I32", [HB_I64] = "I64"};

static size_t tensor_bytes(const hb_tensor_source *tensor) {
  size_t bytes = hb_dtype_bytes(tensor->dtype);
  for (uint32_t i = 0; i < tensor->rank; i++) bytes *= tensor->shape[i];
  return bytes;
}

static void add_metadata(hb_text *header, const char *const (*metadata)[2], size_t count) {
  hb_text_add(header, "{\"__metadata__\":{");
  for (size_t i = 0; i < count; i++) {
    hb_text_add(header, i > 0 ? "," : "");
    hb_text_add_json(header, metadata[i][0]);
    hb_text_add(header, ":");
    hb_text_add_json(header, metadata[i][1]);
  }
  hb_text_add(header, "}");
}

/* Tensors follow each other without holes, as the format demands. The sizes of this network's tensors are multiples of
 * 64 bytes, or at least keep the next ones aligned to their numbers, so that only the header is padded. */
static void add_tensors(hb_text *header, const hb_tensor_source *tensors, size_t count) {
  size_t offset = 0;
  for (size_t i = 0; i < count; i++) {
    hb_text_add(header, ",");
    hb_text_add_json(header, tensors[i].name);
    hb_text_add(header, ":{\"dtype\":\"%s\",\"shape\":[", dtype_names[tensors[i].dtype]);
    for (uint32_t d = 0; d < tensors[i].rank; d++) hb_text_add(header, "%s%u", d > 0 ? "," : "", tensors[i].shape[d]);
    size_t end = offset + tensor_bytes(&tensors[i]);
    hb_text_add(header, "],\"data_offsets\":[%zu,%zu]}", offset, end);
    offset = end;
  }
  hb_text_add(header, "}");
}

hb_status hb_safetensors_write(const char *path, const char *const (*metadata)[2], size_t metadata_count,
                               const hb_tensor_source *tensors, size_t tensor_count, hb_error *error) {
  hb_text header = {0};
  add_metadata(&header, metadata, metadata_count);
  add_tensors(&header, tensors, tensor_count);
  while ((header.size + sizeof(uint64_t)) % ALIGNMENT != 0 && !header.failed) hb_text_add(&header, " ");
  if (header.failed) return hb_text_free(&header), hb_fail_memory(error);

  hb_writer *writer;
  hb_status status = hb_writer_open(path, &writer, error);
  if (status != HB_OK) return hb_text_free(&header), status;
  uint64_t length = header.size;
  hb_writer_add(writer, &length, sizeof length);
  hb_writer_add(writer, header.bytes, header.size);
  for (size_t i = 0; i < tensor_count; i++) hb_writer_add(writer, tensors[i].data, tensor_bytes(&tensors[i]));
  hb_text_free(&header);
  return hb_writer_close(writer, error);
}
