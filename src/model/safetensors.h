/* safetensors.h: the container of every weight file: 8 bytes header length, JSON header, tensors' bytes.
 * Format: https://github.com/huggingface/safetensors#format */
#ifndef HB_MODEL_SAFETENSORS_H
#define HB_MODEL_SAFETENSORS_H

#include "base/error.h"

#define HB_TENSOR_MAX_RANK 4

typedef enum { HB_F32, HB_F16, HB_I8, HB_I32, HB_I64, HB_OTHER_DTYPE } hb_dtype;

/* Bytes of one element; 0 for HB_OTHER_DTYPE. */
size_t hb_dtype_bytes(hb_dtype dtype);

typedef struct {
  char *name;
  hb_dtype dtype;
  uint32_t rank;
  uint64_t shape[HB_TENSOR_MAX_RANK];
  const uint8_t *data; /* inside the file's bytes, of any alignment */
  size_t bytes;
} hb_tensor;

typedef struct hb_safetensors hb_safetensors;

/* Reads the header; tensors stay in `bytes`, which must outlive the result. Fails with HB_BAD_MODEL unless every
 * tensor lies inside the file and is as long as its shape says. */
hb_status hb_safetensors_parse(const void *bytes, size_t size, hb_safetensors **out, hb_error *error);
void hb_safetensors_free(hb_safetensors *file);

/* NULL if there is none of that name. */
const hb_tensor *hb_safetensors_find(const hb_safetensors *file, const char *name);
/* A string of __metadata__ into `out`; false if it is not there or too long. */
bool hb_safetensors_metadata(const hb_safetensors *file, const char *key, char *out, size_t capacity);

#endif
