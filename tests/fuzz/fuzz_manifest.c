/* Aims at index.json, which is the one file of a bundle that no hash protects: JSON of any shape, numbers that overflow
 * when they are multiplied, roles and lists that contradict each other. */
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "bundle/index.h"
#include "input.h"

static void ask(hb_index *index) {
  uint32_t files = hb_index_file_count(index);
  for (uint32_t f = 0; f < files; f++) {
    require(strlen(hb_index_file_name(index, f)) < HB_FILE_NAME_MAX);
    require(strchr(hb_index_file_name(index, f), '/') == NULL && hb_index_file_bytes(index, f) <= UINT32_MAX);
    require(!hb_index_file_is_there(index, f));
    hb_index_release(index, f);
  }
  require(hb_index_dim(index) > 0 && hb_index_dim(index) <= HB_DIM_MAX);
  require(hb_index_nprobe(index) >= 1 && hb_index_nprobe(index) <= hb_index_nlist(index));
  for (uint32_t l = 0; l < hb_index_label_count(index); l++)
    require(hb_index_find_label(index, hb_index_label(index, l)) <= l);
  require(strchr(hb_index_model_url(index), '\0') && strchr(hb_index_image_url(index), '\0'));
  require(strlen(hb_index_model_id(index)) < HB_SHA256_HEX && strchr(hb_index_thumb_url(index), '\0'));
}

/* Nothing is there yet: a search is refused, and so is a file of a few bytes, whichever it is given for. */
static void use(hb_index *index) {
  hb_search *search;
  hb_status status = hb_search_create(index, &search, &failure);
  require(status != HB_OK);
  require_sentence(status);
  for (uint32_t f = 0; f <= hb_index_file_count(index) && f < 8; f++) {
    status = hb_index_provide(index, f, calloc(1, 40), 40, &failure);
    require(status != HB_OK);
    require_sentence(status);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  hb_index *index;
  hb_status status = hb_index_parse((const char *)bytes, size, &index, &failure);
  if (status != HB_OK) return require_sentence(status), 0;
  ask(index);
  use(index);
  hb_index_free(index);
  return 0;
}
