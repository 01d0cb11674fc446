/* Aims at weight files: lengths, shapes and offsets of the header that contradict each other or the file, and the three
 * readers of what is inside: a head, published weights, and the project's own models. */
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "model/head_file.h"
#include "model/model.h"
#include "vector/head.h"

/* Every byte that a tensor claims is there. */
static void read_tensor(const hb_safetensors *file, const char *name) {
  const hb_tensor *tensor = hb_safetensors_find(file, name);
  if (tensor == NULL) return;
  require(tensor->rank <= HB_TENSOR_MAX_RANK && strcmp(tensor->name, name) == 0);
  blob copy = blob_of(tensor->data, tensor->bytes);
  blob_free(&copy);
}

static void read_as_file(const uint8_t *bytes, size_t size) {
  hb_safetensors *file;
  hb_status status = hb_safetensors_parse(bytes, size, &file, &failure);
  if (status != HB_OK) return require_sentence(status);
  char text[16];
  if (hb_safetensors_metadata(file, "kind", text, sizeof text)) require(strlen(text) < sizeof text);
  read_tensor(file, "weight");
  read_tensor(file, "bias");
  read_tensor(file, "conv1.weight");
  read_tensor(file, "");
  hb_head *head;
  status = hb_head_from_file(file, &head, &failure);
  if (status != HB_OK)
    require_sentence(status);
  else
    hb_head_free(head);
  hb_safetensors_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  read_as_file(bytes, size);
  blob copy = blob_of(bytes, size);
  hb_model *model;
  hb_status status = hb_model_from_memory(copy.bytes, copy.size, &model, &failure);
  if (status != HB_OK)
    require_sentence(status);
  else
    hb_model_free(model);
  return 0;
}
