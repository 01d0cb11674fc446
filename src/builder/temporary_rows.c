#include "builder/temporary_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (1u << 20)

struct hb_spill {
  char *path;
  int file;
  size_t row_bytes;
  uint8_t *buffer; /* of rows that are not in the file yet */
  size_t buffered, capacity;
};

static hb_status fail_file(const hb_spill *spill, const char *what, hb_error *error) {
  return hb_fail(error, HB_IO, "cannot %s '%.200s': %s", what, spill->path, strerror(errno));
}

hb_status hb_spill_create(const char *path, size_t row_bytes, hb_spill **out, hb_error *error) {
  hb_spill *spill = calloc(1, sizeof *spill);
  if (spill == NULL) return hb_fail_memory(error);
  spill->file = -1;
  spill->row_bytes = row_bytes;
  spill->capacity = BUFFER_BYTES > row_bytes ? BUFFER_BYTES / row_bytes * row_bytes : row_bytes;
  spill->path = strdup(path);
  spill->buffer = malloc(spill->capacity);
  if (spill->path == NULL || spill->buffer == NULL) return hb_spill_free(spill), hb_fail_memory(error);
  spill->file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (spill->file < 0 || unlink(path) != 0) {
    hb_status status = fail_file(spill, "write", error);
    return hb_spill_free(spill), status;
  }
  *out = spill;
  return HB_OK;
}

static hb_status flush(hb_spill *spill, hb_error *error) {
  for (size_t done = 0; done < spill->buffered;) {
    ssize_t n = write(spill->file, spill->buffer + done, spill->buffered - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail_file(spill, "write", error);
    done += (size_t)n;
  }
  spill->buffered = 0;
  return HB_OK;
}

hb_status hb_spill_add(hb_spill *spill, const void *row, hb_error *error) {
  memcpy(spill->buffer + spill->buffered, row, spill->row_bytes);
  spill->buffered += spill->row_bytes;
  return spill->buffered == spill->capacity ? flush(spill, error) : HB_OK;
}

hb_status hb_spill_read(hb_spill *spill, uint32_t first, uint32_t count, void *rows, hb_error *error) {
  hb_status status = flush(spill, error);
  if (status != HB_OK) return status;
  size_t bytes = count * spill->row_bytes;
  off_t from = (off_t)(first * spill->row_bytes);
  for (size_t done = 0; done < bytes;) {
    ssize_t n = pread(spill->file, (uint8_t *)rows + done, bytes - done, from + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return fail_file(spill, "read", error);
    done += (size_t)n;
  }
  return HB_OK;
}

void hb_spill_free(hb_spill *spill) {
  if (spill == NULL) return;
  if (spill->file >= 0) close(spill->file);
  free(spill->path);
  free(spill->buffer);
  free(spill);
}
