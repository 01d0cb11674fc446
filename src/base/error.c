#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

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

/* A control character could break the line or steer a terminal. */
static void make_plain(char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
}
#undef hb_fail /* error.h defines both for the static analyzer */
#undef hb_fail_memory

hb_status hb_fail(hb_error *error, hb_status status, const char *format, ...) {
  if (error != NULL) {
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    make_plain(error->text);
  }
  return status;
}

hb_status hb_fail_memory(hb_error *error) {
  return hb_fail(error, HB_OUT_OF_MEMORY, "there is not enough memory; close other programs or pages and try again");
}
