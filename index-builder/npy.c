#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/half.h"

#define HEADER_MAX 65535 /* NumPy writes some hundred bytes, and reads no more than 10,000 */
#define WORD_MAX 32
#define AXES_MAX 32 /* as in NumPy before 2.0 */
#define HOW_TO_CONVERT "save it again with np.save(name, np.ascontiguousarray(x, dtype='<f4'))"

struct npy_file {
  int descriptor;
  char *path;
  uint64_t size, start; /* bytes of the file, and those before the numbers */
  uint32_t count, dim;
  uint16_t *halves; /* [dim], for rows in f2; else NULL */
};

/* What a header says. */
typedef struct {
  char type[WORD_MAX];
  bool has_type, has_order, has_shape;
  bool fortran;
  uint64_t shape[AXES_MAX];
  size_t axes;
} description;

/* ---- The header is a Python dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (60, 512), } ---- */

static void skip_space(const char **at) { *at += strspn(*at, " \t\r\n"); }

/* Moves past `word` if it is next, perhaps after white space. */
static bool take(const char **at, const char *word) {
  skip_space(at);
  size_t length = strlen(word);
  bool is_next = strncmp(*at, word, length) == 0;
  if (is_next) *at += length;
  return is_next;
}

static bool take_string(const char **at, char out[WORD_MAX]) {
  char quote = take(at, "'") ? '\'' : '"';
  if (quote == '"' && !take(at, "\"")) return false;
  const char *end = strchr(*at, quote);
  if (end == NULL || end - *at >= WORD_MAX) return false;
  size_t length = (size_t)(end - *at);
  memcpy(out, *at, length);
  out[length] = '\0';
  *at = end + 1;
  return true;
}

static bool take_number(const char **at, uint64_t *out) {
  skip_space(at);
  size_t digits = strspn(*at, "0123456789");
  if (digits == 0 || digits > 18) return false; /* 18 fit into 64 bits */
  *out = strtoull(*at, NULL, 10);
  *at += digits;
  return true;
}

static bool take_shape(const char **at, description *d) {
  if (!take(at, "(")) return false;
  for (d->axes = 0; !take(at, ")");) {
    if (d->axes == AXES_MAX || !take_number(at, &d->shape[d->axes++])) return false;
    if (!take(at, ",")) return take(at, ")");
  }
  return true;
}

static bool take_entry(const char **at, description *d) {
  char key[WORD_MAX];
  if (!take_string(at, key) || !take(at, ":")) return false;
  if (strcmp(key, "descr") == 0) return d->has_type = take_string(at, d->type);
  if (strcmp(key, "shape") == 0) return d->has_shape = take_shape(at, d);
  if (strcmp(key, "fortran_order") != 0) return false;
  d->fortran = take(at, "True");
  return d->has_order = d->fortran || take(at, "False");
}

static bool parse(const char *header, size_t length, description *d) {
  const char *at = header;
  if (!take(&at, "{")) return false;
  while (!take(&at, "}")) {
    if (!take_entry(&at, d)) return false;
    if (take(&at, ",")) continue;
    if (!take(&at, "}")) return false;
    break;
  }
  skip_space(&at);
  return d->has_type && d->has_order && d->has_shape && at == header + length;
}

/* ---- Opening ---- */

static hb_status read_at(const npy_file *file, uint64_t offset, void *out, size_t size, hb_error *error) {
  for (char *next = out; size > 0;) {
    ssize_t n = pread(file->descriptor, next, size, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return hb_fail(error, HB_IO, "cannot read '%.200s': %s", file->path, n < 0 ? strerror(errno) : "it got shorter");
    next += n;
    size -= (size_t)n;
    offset += (uint64_t)n;
  }
  return HB_OK;
}

static hb_status open_file(npy_file *file, hb_error *error) {
  struct stat info;
  file->descriptor = open(file->path, O_RDONLY | O_CLOEXEC);
  if (file->descriptor < 0 || fstat(file->descriptor, &info) != 0)
    return hb_fail(error, HB_IO, "cannot open '%.200s': %s", file->path, strerror(errno));
  if (!S_ISREG(info.st_mode)) return hb_fail(error, HB_IO, "cannot read '%.200s': it is not a file", file->path);
  file->size = (uint64_t)info.st_size;
  return HB_OK;
}

static hb_status fail_header(const npy_file *file, hb_error *error) {
  return hb_fail(error, HB_INVALID_ARGUMENT, "the header of '%.200s' is damaged, or of a structured type; %s",
                 file->path, HOW_TO_CONVERT);
}

/* Reads magic, version and length of the header. The length has 2 bytes in version 1, and 4 in versions 2 and 3. */
static hb_status find_header(npy_file *file, size_t *at, size_t *length, hb_error *error) {
  uint8_t lead[12] = {0};
  hb_status status = file->size < sizeof lead ? HB_OK : read_at(file, 0, lead, sizeof lead, error);
  if (status != HB_OK) return status;
  if (memcmp(lead, "\x93NUMPY", 6) != 0)
    return hb_fail(error, HB_INVALID_ARGUMENT, "'%.200s' is not a NumPy file; write it with np.save", file->path);
  if (lead[6] < 1 || lead[6] > 3)
    return hb_fail(error, HB_INVALID_ARGUMENT, "'%.200s' has version %d of NumPy's format, and only 1 to 3 can be read",
                   file->path, lead[6]);
  *at = lead[6] == 1 ? 10 : 12;
  *length = (size_t)lead[8] | (size_t)lead[9] << 8;
  if (lead[6] > 1) *length |= (size_t)lead[10] << 16 | (size_t)lead[11] << 24;
  file->start = *at + *length;
  return *length <= HEADER_MAX && file->start <= file->size ? HB_OK : fail_header(file, error);
}

static hb_status read_header(npy_file *file, description *out, hb_error *error) {
  size_t at, length;
  hb_status status = find_header(file, &at, &length, error);
  if (status != HB_OK) return status;
  char *header = calloc(length + 1, 1);
  if (header == NULL) return hb_fail_memory(error);
  status = read_at(file, at, header, length, error);
  if (status == HB_OK && !parse(header, length, out)) status = fail_header(file, error);
  free(header);
  return status;
}

static hb_status check_shape(npy_file *file, const description *d, size_t number_bytes, hb_error *error) {
  if (d->axes != 2)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "'%.200s' is an array with %zu axes, and must be a matrix with one row a vector", file->path,
                   d->axes);
  if (d->shape[0] < 1 || d->shape[0] >= UINT32_MAX || d->shape[1] < 1 || d->shape[1] > HB_DIM_MAX)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "'%.200s' holds %llu vectors of %llu numbers, and must have 1 to %u vectors of 1 to %d numbers",
                   file->path, (unsigned long long)d->shape[0], (unsigned long long)d->shape[1], UINT32_MAX - 1,
                   HB_DIM_MAX);
  /* below 2^32 * 2^15 * 4 */
  uint64_t expected = file->start + d->shape[0] * d->shape[1] * number_bytes;
  if (file->size != expected)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "'%.200s' has %llu bytes, but should have %llu by its header; copy or save it again", file->path,
                   (unsigned long long)file->size, (unsigned long long)expected);
  file->count = (uint32_t)d->shape[0];
  file->dim = (uint32_t)d->shape[1];
  return HB_OK;
}

static hb_status take_description(npy_file *file, const description *d, hb_error *error) {
  bool half = strcmp(d->type, "<f2") == 0;
  if (!half && strcmp(d->type, "<f4") != 0)
    return hb_fail(error, HB_INVALID_ARGUMENT,
                   "'%.200s' holds numbers of type '%s', and only '<f4' and '<f2' can be read; %s", file->path, d->type,
                   HOW_TO_CONVERT);
  if (d->fortran)
    return hb_fail(error, HB_INVALID_ARGUMENT, "'%.200s' is stored column by column (Fortran order); %s", file->path,
                   HOW_TO_CONVERT);
  hb_status status = check_shape(file, d, half ? sizeof(uint16_t) : sizeof(float), error);
  if (status != HB_OK || !half) return status;
  file->halves = malloc(file->dim * sizeof *file->halves);
  return file->halves != NULL ? HB_OK : hb_fail_memory(error);
}

hb_status npy_open(const char *path, npy_file **out, hb_error *error) {
  npy_file *file = calloc(1, sizeof *file);
  if (file == NULL) return hb_fail_memory(error);
  file->descriptor = -1;
  file->path = strdup(path);
  description d = {0};
  hb_status status = file->path != NULL ? open_file(file, error) : hb_fail_memory(error);
  if (status == HB_OK) status = read_header(file, &d, error);
  if (status == HB_OK) status = take_description(file, &d, error);
  if (status != HB_OK) return npy_close(file), status;
  *out = file;
  return HB_OK;
}

uint32_t npy_count(const npy_file *file) { return file->count; }
uint32_t npy_dim(const npy_file *file) { return file->dim; }

/* ---- Rows ---- */

hb_status npy_row(npy_file *file, uint32_t number, float *row, hb_error *error) {
  size_t bytes = file->dim * (file->halves != NULL ? sizeof *file->halves : sizeof *row);
  void *target = file->halves != NULL ? (void *)file->halves : row;
  hb_status status = read_at(file, file->start + (uint64_t)number * bytes, target, bytes, error);
  if (status != HB_OK) return status;
  if (file->halves != NULL) hb_half_to_float(file->halves, row, file->dim);
  for (uint32_t i = 0; i < file->dim; i++)
    if (!isfinite(row[i]))
      return hb_fail(error, HB_INVALID_ARGUMENT,
                     "number %u in row %u of '%.200s' (both from 0) is infinite or not a number; remove such rows", i,
                     number, file->path);
  return HB_OK;
}

void npy_close(npy_file *file) {
  if (file == NULL) return;
  if (file->descriptor >= 0) close(file->descriptor);
  free(file->halves);
  free(file->path);
  free(file);
}
