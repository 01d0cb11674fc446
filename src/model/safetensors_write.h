/* safetensors_write.h: writes tensors to a file. The browser does not have it. */
#ifndef HB_MODEL_SAFETENSORS_WRITE_H
#define HB_MODEL_SAFETENSORS_WRITE_H

#include "model/safetensors.h"

/* A tensor to be written. */
typedef struct {
  const char *name;
  hb_dtype dtype;
  uint32_t rank;
  uint32_t shape[HB_TENSOR_MAX_RANK];
  const void *data;
} hb_tensor_source;

/* Writes tensors in this order. A tensor is aligned to 64 bytes in the file if the sizes of all before it are multiples
 * of 64, so that a mapped file can be used in place. `metadata` holds `metadata_count` pairs of key and value. */
hb_status hb_safetensors_write(const char *path, const char *const (*metadata)[2], size_t metadata_count,
                               const hb_tensor_source *tensors, size_t tensor_count, hb_error *error);

#endif
