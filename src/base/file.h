/* file.h: files and folders on disk. Only the builder uses them; the browser's engine does not have them. */
#ifndef HB_BASE_FILE_H
#define HB_BASE_FILE_H

#include "base/error.h"
#include "base/sha256.h"

/* A whole file, mapped read-only. An empty file has bytes == NULL and size 0. */
typedef struct {
  const void *bytes;
  size_t size;
} hb_mapping;

hb_status hb_file_map(const char *path, hb_mapping *out, hb_error *error);
void hb_file_unmap(hb_mapping mapping);
/* Reads the whole file for its hash, then maps it like hb_file_map. A disk that fails is reported as an error here;
 * when a mapping is read, it kills the process. */
hb_status hb_file_map_hashed(const char *path, hb_mapping *out, char sha256[HB_SHA256_HEX], hb_error *error);

/* Writes a file under a temporary name beside `path`. hb_writer_close renames it, so that `path` is either whole or
 * not there, reports the first write error, and frees the writer. */
typedef struct hb_writer hb_writer;
hb_status hb_writer_open(const char *path, hb_writer **out, hb_error *error);
void hb_writer_add(hb_writer *writer, const void *bytes, size_t size);
hb_status hb_writer_close(hb_writer *writer, hb_error *error);

/* Returns "directory/name", which the caller frees; NULL if memory runs out. */
char *hb_path_join(const char *directory, const char *name);
/* Returns "directory.suffix", which the caller frees; NULL if memory runs out. Slashes at the directory's end are left
 * out. */
char *hb_path_beside(const char *directory, const char *suffix);

/* Returns true if `path` is an empty folder or does not exist; false if that cannot be found out. */
bool hb_path_is_vacant(const char *path);
bool hb_path_exists(const char *path);
/* Returns true if there is a folder in the folder `path`. */
bool hb_directory_has_folder(const char *path);
hb_status hb_directory_create(const char *path, hb_error *error);
/* Removes a folder and the files in it. Fails if it contains folders. */
hb_status hb_directory_remove(const char *path, hb_error *error);
hb_status hb_path_rename(const char *from, const char *to, hb_error *error);
/* Exchanges the names of two folders atomically. Returns false and changes nothing if that fails; some file systems
 * cannot do it. */
bool hb_path_exchange(const char *a, const char *b);
/* Follows links: *out is where `path` leads, or `path` itself if nothing exists there. A link that leads nowhere is an
 * error. The caller frees *out, which is NULL on failure. */
hb_status hb_path_resolve(const char *path, char **out, hb_error *error);

#endif
