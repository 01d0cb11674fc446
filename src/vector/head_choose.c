/* The heads by name. The browser does not have it. */
#include <stdlib.h>
#include <string.h>

#include "vector/head.h"

/* The heads that are made of a collection. */
static const struct {
  hb_head_kind kind;
  uint32_t most, usual; /* dimensions; `usual` is 0 if a number must follow */
  bool needs_number;
} made[] = {
    {HB_HEAD_SVD, HB_EXACT_DIM, 0, true},
    {HB_HEAD_PCA, HB_FEATURES_DIM, HB_LEARNED_DIM, false},
    {HB_HEAD_LDA, HB_FEATURES_DIM, 0, false},
    {HB_HEAD_DISCRIMINANT, HB_FEATURES_DIM, HB_LEARNED_DIM, false},
};

/* Reads a number from 1 to `most`, of at most four digits; false if the text is anything else. */
static bool read_dim(const char *digits, uint32_t most, uint32_t *dim) {
  const size_t length = strspn(digits, "0123456789");
  if (length == 0 || length > 4 || digits[length] != '\0') return false;
  *dim = (uint32_t)strtoul(digits, NULL, 10);
  return *dim >= 1 && *dim <= most;
}

bool hb_head_choose(const char *name, hb_head_kind *kind, uint32_t *dim) {
  *dim = 0;
  if (strcmp(name, "logits") == 0) return *kind = HB_HEAD_LOGITS, *dim = HB_LOGITS_DIM, true;
  if (strcmp(name, "exact") == 0) return *kind = HB_HEAD_EXACT, *dim = HB_EXACT_DIM, true;
  for (size_t m = 0; m < sizeof made / sizeof *made; m++) {
    const size_t length = strlen(hb_head_name(made[m].kind));
    if (strncmp(name, hb_head_name(made[m].kind), length) != 0) continue;
    if (name[length] != ':' && name[length] != '\0') continue;
    *kind = made[m].kind;
    *dim = made[m].usual;
    return name[length] == '\0' ? !made[m].needs_number : read_dim(name + length + 1, made[m].most, dim);
  }
  *kind = HB_HEAD_FILE;
  return true;
}
