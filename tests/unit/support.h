/* support.h: what the unit tests share: checks of a status and its sentence, whole files, temporary folders, random
 * numbers. A mistake in here stops the test, so that tests need no checks of their own. */
#ifndef SUPPORT_H
#define SUPPORT_H

/* cmocka.h wants these three before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/random.h"

/* ---- Checks ---- */

/* The tests pass its address wherever the library asks for an hb_error. */
extern hb_error failure;

/* The call succeeds; if not, the test fails and prints the sentence in `failure`. */
#define assert_ok(call) check_ok((call), __FILE__, __LINE__)

/* The call fails with this status, and `failure` holds one sentence with these words in it. */
#define assert_fails(call, status, words)                       \
  do {                                                          \
    failure = (hb_error){0};                                    \
    check_fails((call), (status), (words), __FILE__, __LINE__); \
  } while (0)

/* Two floats have the same bits. */
#define assert_same_bits(a, b, count) assert_memory_equal((a), (b), (count) * sizeof(float))

void check_ok(hb_status status, const char *file, int line);
void check_fails(hb_status got, hb_status expected, const char *words, const char *file, int line);

/* ---- Bytes ---- */

/* Bytes in memory of exactly their size, so that a sanitizer sees a read past their end. */
typedef struct {
  uint8_t *bytes;
  size_t size;
} blob;

blob blob_of(const void *bytes, size_t size);
void blob_add(blob *b, const void *bytes, size_t size);
void blob_add_u8(blob *b, unsigned value);
void blob_add_u32_big(blob *b, uint32_t value);
void blob_add_little(blob *b, uint64_t value, int bytes);
void blob_free(blob *b);

/* ---- Files ---- */

blob file_read(const char *path);
void file_write(const char *path, const void *bytes, size_t size);
/* The same bytes? */
bool files_equal(const char *a, const char *b);
/* folder/name, in memory that lasts as long as the program. */
const char *path_in(const char *folder, const char *name);
/* Entries of a folder, without "." and "..". */
uint32_t folder_count(const char *folder);
/* Removes whatever is there, folders with all that is in them. */
void remove_all(const char *path);

/* For cmocka's set-up and tear-down: *state is the path of a fresh temporary folder. */
int make_folder(void **state);
int remove_folder(void **state);

/* ---- Numbers ---- */

/* Uniform in [-1, 1). */
float random_float(hb_random *random);
/* Whole vectors of unit length. The caller frees. */
float *random_unit_vectors(size_t count, size_t dim, uint64_t seed);
double dot_double(const float *a, const float *b, size_t dim);
double cosine_double(const float *a, const float *b, size_t dim);

/* ---- Memory ---- */

/* malloc that stops the test instead of returning NULL. */
void *must_allocate(size_t bytes);
/* Bytes that are allocated now. */
size_t memory_in_use(void);

#endif
