#include "support.h"

#include <dirent.h>
#include <ftw.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

hb_error failure;

static void stop(const char *what, const char *name) {
  fail_msg("test support: %s '%s'", what, name);
  abort();
}

/* ---- Checks ---- */

void check_ok(hb_status status, const char *file, int line) {
  if (status == HB_OK) return;
  print_error("%s: %s\n", hb_status_text(status), failure.text);
  _fail(file, line);
}

void check_fails(hb_status got, hb_status expected, const char *words, const char *file, int line) {
  bool one_sentence = failure.text[0] != '\0' && strchr(failure.text, '\n') == NULL;
  if (got == expected && failure.status == expected && one_sentence && strstr(failure.text, words) != NULL) return;
  print_error("got %s, expected %s with '%s' in the sentence; it is: %s\n", hb_status_text(got),
              hb_status_text(expected), words, failure.text);
  _fail(file, line);
}

/* ---- Memory ---- */

void *must_allocate(size_t bytes) {
  void *memory = malloc(bytes > 0 ? bytes : 1);
  if (memory == NULL) stop("no memory for", "a buffer");
  return memory;
}

#ifdef HB_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void);
size_t memory_in_use(void) { return __sanitizer_get_current_allocated_bytes(); }
#else
size_t memory_in_use(void) { return mallinfo2().uordblks; }
#endif

/* ---- Bytes ---- */

blob blob_of(const void *bytes, size_t size) {
  /* no rounding up: an empty blob must not be readable either */
  blob b = {malloc(size), size};
  if (b.bytes == NULL && size > 0) stop("no memory for", "a blob");
  if (size > 0) memcpy(b.bytes, bytes, size);
  return b;
}

void blob_add(blob *b, const void *bytes, size_t size) {
  if (size == 0) return;
  b->bytes = realloc(b->bytes, b->size + size);
  if (b->bytes == NULL) stop("no memory for", "a blob");
  memcpy(b->bytes + b->size, bytes, size);
  b->size += size;
}

void blob_add_u8(blob *b, unsigned value) {
  uint8_t byte = (uint8_t)value;
  blob_add(b, &byte, 1);
}

void blob_add_u32_big(blob *b, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) blob_add_u8(b, value >> shift & 255);
}

void blob_add_little(blob *b, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) blob_add_u8(b, (unsigned)(value >> 8 * i & 255));
}

void blob_free(blob *b) {
  free(b->bytes);
  *b = (blob){0};
}

/* ---- Files ---- */

blob file_read(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) stop("cannot open", path);
  const long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  if (size < 0 || fseek(file, 0, SEEK_SET) != 0) stop("cannot read", path);
  blob b = {NULL, (size_t)size};
  b.bytes = must_allocate(b.size);
  if (fread(b.bytes, 1, b.size, file) != b.size) stop("cannot read", path);
  fclose(file);
  return b;
}

void file_write(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) stop("cannot write", path);
}

bool files_equal(const char *a, const char *b) {
  blob x = file_read(a), y = file_read(b);
  bool equal = x.size == y.size && memcmp(x.bytes, y.bytes, x.size) == 0;
  blob_free(&x);
  blob_free(&y);
  return equal;
}

const char *path_in(const char *folder, const char *name) {
  /* kept in a chain until the program ends, so that tests need not free them */
  typedef struct link {
    struct link *next;
    char path[];
  } link;
  static link *all;
  size_t capacity = strlen(folder) + strlen(name) + 2;
  link *fresh = must_allocate(sizeof *fresh + capacity);
  snprintf(fresh->path, capacity, "%s/%s", folder, name);
  fresh->next = all;
  all = fresh;
  return fresh->path;
}

uint32_t folder_count(const char *folder) {
  DIR *directory = opendir(folder);
  if (directory == NULL) stop("cannot list", folder);
  uint32_t count = 0;
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count - 2;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info, (void)kind, (void)place;
  return remove(path);
}

void remove_all(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

int make_folder(void **state) {
  const char *base = getenv("TMPDIR");
  char *path = must_allocate(1024);
  snprintf(path, 1024, "%s/heybagh-test-XXXXXX", base != NULL && base[0] != '\0' ? base : "/tmp");
  if (mkdtemp(path) == NULL) stop("cannot make", path);
  *state = path;
  return 0;
}

int remove_folder(void **state) {
  remove_all(*state);
  free(*state);
  return 0;
}

/* ---- Numbers ---- */

float random_float(hb_random *random) { return (float)(2 * hb_random_unit(random) - 1); }

float *random_unit_vectors(size_t count, size_t dim, uint64_t seed) {
  hb_random random = {seed};
  float *vectors = must_allocate(count * dim * sizeof *vectors);
  for (size_t i = 0; i < count * dim; i++) vectors[i] = random_float(&random);
  for (size_t i = 0; i < count; i++) hb_vector_normalize(vectors + i * dim, dim);
  return vectors;
}

double dot_double(const float *a, const float *b, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; i++) sum += (double)a[i] * b[i];
  return sum;
}

double cosine_double(const float *a, const float *b, size_t dim) {
  return dot_double(a, b, dim) / sqrt(dot_double(a, a, dim) * dot_double(b, b, dim));
}
