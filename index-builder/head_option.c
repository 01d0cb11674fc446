#include "head_option.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Returns the D of "svd:D"; 0 if it is not valid. */
static uint32_t parse_svd(const char *name) {
  const char *digits = name + 4;
  if (strncmp(name, "svd:", 4) != 0) return 0;
  size_t length = strspn(digits, "0123456789");
  if (length == 0 || length > 4 || digits[length] != '\0') return 0;
  unsigned long dim = strtoul(digits, NULL, 10);
  return dim <= HB_EXACT_DIM ? (uint32_t)dim : 0;
}

bool head_option_parse(const char *name, hb_head_kind *kind, uint32_t *dim) {
  *dim = 0;
  if (strcmp(name, "logits") == 0) return *kind = HB_HEAD_LOGITS, *dim = HB_LOGITS_DIM, true;
  if (strcmp(name, "exact") == 0) return *kind = HB_HEAD_EXACT, *dim = HB_EXACT_DIM, true;
  if (strncmp(name, "svd:", 4) == 0) return *kind = HB_HEAD_SVD, *dim = parse_svd(name), *dim > 0;
  *kind = HB_HEAD_FILE;
  return hb_path_exists(name);
}
