#include "builder/temporary_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 20)

struct hb_temporary_rows {
  char *path;
  int file;
  size_t row_bytes;
  uint8_t *buffer; /* rows that are not in the file yet */
  size_t buffered, capacity;
};

static hb_status fail_file(const hb_temporary_rows *temporary, const char *what, hb_error *error) {
  return hb_fail(error, HB_IO, "cannot %s '%.200s': %s", what, temporary->path, strerror(errno));
}

hb_status hb_temporary_rows_create(const char *path, size_t row_bytes, hb_temporary_rows **out, hb_error *error) {
  hb_temporary_rows *temporary = calloc(1, sizeof *temporary);
  if (temporary == NULL) return hb_fail_memory(error);
  temporary->file = -1;
  temporary->row_bytes = row_bytes;
  temporary->capacity = BUFFER_BYTES > row_bytes ? BUFFER_BYTES / row_bytes * row_bytes : row_bytes;
  temporary->path = strdup(path);
  temporary->buffer = malloc(temporary->capacity);
  if (temporary->path == NULL || temporary->buffer == NULL)
    return hb_temporary_rows_free(temporary), hb_fail_memory(error);
  temporary->file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (temporary->file < 0 || unlink(path) != 0) {
    hb_status status = fail_file(temporary, "write", error);
    return hb_temporary_rows_free(temporary), status;
  }
  *out = temporary;
  return HB_OK;
}

static hb_status flush(hb_temporary_rows *temporary, hb_error *error) {
  for (size_t done = 0; done < temporary->buffered;) {
    ssize_t n = write(temporary->file, temporary->buffer + done, temporary->buffered - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_file(temporary, "write", error);
    done += (size_t)n;
  }
  temporary->buffered = 0;
  return HB_OK;
}

hb_status hb_temporary_rows_add(hb_temporary_rows *temporary, const void *row, hb_error *error) {
  memcpy(temporary->buffer + temporary->buffered, row, temporary->row_bytes);
  temporary->buffered += temporary->row_bytes;
  return temporary->buffered == temporary->capacity ? flush(temporary, error) : HB_OK;
}

hb_status hb_temporary_rows_read(hb_temporary_rows *temporary, uint32_t first, uint32_t count, void *rows,
                                 hb_error *error) {
  hb_status status = flush(temporary, error);
  if (status != HB_OK) return status;
  size_t bytes = count * temporary->row_bytes;
  off_t from = (off_t)(first * temporary->row_bytes);
  for (size_t done = 0; done < bytes;) {
    ssize_t n = pread(temporary->file, (uint8_t *)rows + done, bytes - done, from + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return fail_file(temporary, "read", error);
    done += (size_t)n;
  }
  return HB_OK;
}

void hb_temporary_rows_free(hb_temporary_rows *temporary) {
  if (temporary == NULL) return;
  if (temporary->file >= 0) close(temporary->file);
  free(temporary->path);
  free(temporary->buffer);
  free(temporary);
}
