#include "thumbnail_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void thumbnail_url(uint32_t pixels, char *out, size_t capacity) {
  snprintf(out, capacity, "thumb-%" PRIu32 "-{content}.jpg", pixels);
}

static char *thumb_path(const char *folder, uint32_t pixels, uint64_t content) {
  char name[64];
  snprintf(name, sizeof name, "thumb-%" PRIu32 "-%016" PRIx64 ".jpg", pixels, content);
  return hb_path_join(folder, name);
}

static hb_status copy(const char *from, const char *to, hb_error *error) {
  hb_mapping file;
  hb_writer *writer;
  hb_status status = hb_file_map(from, &file, error);
  if (status != HB_OK) return status;
  status = hb_writer_open(to, &writer, error);
  if (status == HB_OK) {
    hb_writer_add(writer, file.bytes, file.size);
    status = hb_writer_close(writer, error);
  }
  hb_file_unmap(file);
  return status;
}

/* Links the file, which costs nothing; copies it where the file system has no links. */
static hb_status take_over(const char *from, const char *to, hb_error *error) {
  return link(from, to) == 0 ? HB_OK : copy(from, to, error);
}

hb_status thumbnail_provide(const thumbnail_store *store, decoder_process *decoder, uint64_t content,
                            const hb_mapping *file, hb_error *error) {
  char *path = thumb_path(store->folder, store->pixels, content);
  char *old = store->old_folder != NULL ? thumb_path(store->old_folder, store->pixels, content) : NULL;
  hb_status status = HB_OK;
  if (path == NULL || (store->old_folder != NULL && old == NULL))
    status = hb_fail_memory(error);
  else if (hb_path_exists(path))
    ; /* another picture with this content has made it */
  else if (old != NULL && hb_path_exists(old))
    status = take_over(old, path, error);
  else
    status = decoder_process_thumbnail(decoder, file->bytes, file->size, store->pixels, path, error);
  free(path);
  free(old);
  return status;
}
