#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "HeyBagh's files are read in place and little-endian; this machine is not"
#endif

const char *hb_status_text(hb_status status) {
  switch (status) {
    case HB_OK: return "ok";
    case HB_INVALID_ARGUMENT: return "invalid-argument";
    case HB_OUT_OF_MEMORY: return "out-of-memory";
    case HB_IO: return "io";
    case HB_UNSUPPORTED_IMAGE: return "unsupported-image";
    case HB_CORRUPT_IMAGE: return "corrupt-image";
    case HB_IMAGE_TOO_LARGE: return "image-too-large";
    case HB_BAD_MODEL: return "bad-model";
    case HB_BAD_INDEX: return "bad-index";
    case HB_MODEL_MISMATCH: return "model-mismatch";
    case HB_INTERNAL: return "internal";
  }
  return "unknown";
}

/* Copies a sentence in the form that hb_utf8_show gives it, because it may quote names from a file, which could break
 * the line or steer a terminal. Characters that do not fit are left out. */
static void copy_shown(const char *sentence, char *text, size_t capacity) {
  char shown[HB_UTF8_SHOWN];
  *text = '\0';
  for (size_t n, length; (n = hb_utf8_show(sentence, shown)) > 0; sentence += n) {
    length = strlen(shown);
    if (length >= capacity) return;
    memcpy(text, shown, length + 1);
    text += length, capacity -= length;
  }
}

#undef hb_fail /* error.h defines both for the static analyzer */
#undef hb_fail_memory

hb_status hb_fail(hb_error *error, hb_status status, const char *format, ...) {
  if (error != NULL) {
    char sentence[2 * sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    error->is_incomplete = false;
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    copy_shown(sentence, error->text, sizeof error->text);
  }
  return status;
}

hb_status hb_fail_memory(hb_error *error) {
  return hb_fail(error, HB_OUT_OF_MEMORY, "there is not enough memory; close other programs or pages and try again");
}
