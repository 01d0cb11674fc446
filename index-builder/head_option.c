#include "head_option.h"

#include <stdio.h>

#include "base/file.h"

bool head_option_parse(const char *name, hb_head_kind *kind, uint32_t *dim) {
  return hb_head_choose(name, kind, dim) && (*kind != HB_HEAD_FILE || hb_path_exists(name));
}

bool head_option_is_learned(hb_head_kind kind) {
  return kind == HB_HEAD_PCA || kind == HB_HEAD_LDA || kind == HB_HEAD_DISCRIMINANT;
}

bool head_option_is_of_collection(hb_head_kind kind) { return kind == HB_HEAD_SVD || head_option_is_learned(kind); }

void head_option_again(const hb_index *index, char *name, size_t capacity) {
  const hb_head_kind kind = hb_index_head(index);
  uint32_t dim = hb_index_dim(index);
  if (kind == HB_HEAD_DISCRIMINANT && dim < HB_LEARNED_DIM) dim = HB_LEARNED_DIM; /* there were not more directions */
  if (kind == HB_HEAD_LDA && dim + 1 == hb_index_label_count(index))
    snprintf(name, capacity, "lda");
  else
    snprintf(name, capacity, "%s:%u", hb_head_name(kind), dim);
}
