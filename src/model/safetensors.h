/* safetensors.h: reads the format of all weight files, https://github.com/huggingface/safetensors#format: 8 bytes with
 * the header's length, a JSON header, then the tensors' bytes. */
#ifndef HB_MODEL_SAFETENSORS_H
#define HB_MODEL_SAFETENSORS_H

#include "base/error.h"

#define HB_TENSOR_MAX_RANK 4

typedef enum { HB_F32, HB_F16, HB_I8, HB_U8, HB_I32, HB_I64, HB_OTHER_DTYPE } hb_dtype;

/* Returns the bytes of one element, or 0 for HB_OTHER_DTYPE. */
size_t hb_dtype_bytes(hb_dtype dtype);

typedef struct {
  char *name;
  hb_dtype dtype;
  uint32_t rank;
  uint64_t shape[HB_TENSOR_MAX_RANK];
  const uint8_t *data; /* inside the file's bytes, with any alignment */
  size_t bytes;
} hb_tensor;

typedef struct hb_safetensors hb_safetensors;

/* Reads the header; tensors stay in `bytes`, which must outlive the result. Fails with HB_BAD_MODEL unless every
 * tensor lies inside the file and is as long as its shape says. */
hb_status hb_safetensors_parse(const void *bytes, size_t size, hb_safetensors **out, hb_error *error);
void hb_safetensors_free(hb_safetensors *file);

/* Returns the tensor of that name, or NULL. */
const hb_tensor *hb_safetensors_find(const hb_safetensors *file, const char *name);
/* Copies a string of __metadata__ to `out`. Returns false if it is missing or too long. */
bool hb_safetensors_metadata(const hb_safetensors *file, const char *key, char *out, size_t capacity);

#endif
