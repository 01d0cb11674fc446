#include "weight_files.h"

#include <string.h>

#include "model/weights_read.h"

hb_status read_at(const uint8_t *bytes, size_t size, hb_weights *out) {
  hb_safetensors *file;
  hb_status status = hb_safetensors_parse(bytes, size, &file, &failure);
  if (status != HB_OK) return status;
  status = hb_weights_read(file, out, &failure);
  hb_safetensors_free(file);
  return status;
}

hb_weights read_fine(const blob *file) {
  hb_weights weights;
  assert_ok(read_at(file->bytes, file->size, &weights));
  return weights;
}

uint8_t *find_in_header(const blob *file, const char *text) {
  uint64_t length;
  memcpy(&length, file->bytes, 8);
  uint8_t *found = memmem(file->bytes + 8, length, text, strlen(text));
  if (found == NULL) print_error("'%s' is not in the header\n", text);
  assert_non_null(found);
  return found;
}

void assert_refused_with(blob *file, const char *from, const char *to, const char *words) {
  assert_int_equal(strlen(from), strlen(to));
  uint8_t *place = find_in_header(file, from);
  memcpy(place, to, strlen(to));
  hb_weights weights = {.id = "untouched"};
  failure = (hb_error){0};
  hb_status status = read_at(file->bytes, file->size, &weights);
  memcpy(place, from, strlen(from)); /* before the checks, so that one failure does not bring on the next */
  check_fails(status, HB_BAD_MODEL, words, __FILE__, __LINE__);
  assert_string_equal(weights.id, "untouched");
}
