/* error.h: reports failures, and computes sizes with a check for overflow. */
#ifndef HB_BASE_ERROR_H
#define HB_BASE_ERROR_H

#include <heybagh.h>

/* Fills `error`, which may be NULL, and returns `status`, so that a failure is one line at its caller. hb_utf8_show
 * makes the sentence safe to show, because it may quote names from a file. */
hb_status hb_fail(hb_error *error, hb_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Fails with HB_OUT_OF_MEMORY and a sentence that fits everywhere. */
hb_status hb_fail_memory(hb_error *error);

/* The static analyzer sees one file at a time. It would think that these functions may return HB_OK. */
#ifdef __clang_analyzer__
#define hb_fail(error, status, ...) (hb_fail(error, status, __VA_ARGS__), (status))
#define hb_fail_memory(error) (hb_fail_memory(error), HB_OUT_OF_MEMORY)
#endif

/* They compute a * b and a + b, and return false if the result does not fit. */
static inline bool hb_size_mul(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool hb_size_add(size_t a, size_t b, size_t *out) { return !__builtin_add_overflow(a, b, out); }

#endif
