/* file.h: files of the machine that the builder runs on; not part of the browser's engine. */
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
/* The same, after all of it was read for its hash: where the disk fails, that is an error, as it is not when a mapping
 * is read. */
hb_status hb_file_map_hashed(const char *path, hb_mapping *out, char sha256[HB_SHA256_HEX], hb_error *error);

/* Writes a file under a temporary name beside `path`; hb_writer_close renames it, so that `path` is either whole or
 * not there. Write errors are kept and reported by hb_writer_close, which also frees the writer. */
typedef struct hb_writer hb_writer;
hb_status hb_writer_open(const char *path, hb_writer **out, hb_error *error);
void hb_writer_add(hb_writer *writer, const void *bytes, size_t size);
hb_status hb_writer_close(hb_writer *writer, hb_error *error);

/* "directory/name" in fresh memory; NULL if there is none. */
char *hb_path_join(const char *directory, const char *name);
/* "DIRECTORY.SUFFIX" in fresh memory, a slash at the end of the directory's name left out; NULL without memory. */
char *hb_path_beside(const char *directory, const char *suffix);

/* True if `path` is a folder with nothing in it, or nothing at all; false if that cannot be known. */
bool hb_path_is_vacant(const char *path);
bool hb_path_exists(const char *path);
/* True if there is a folder in the folder `path`. */
bool hb_directory_has_folder(const char *path);
hb_status hb_directory_create(const char *path, hb_error *error);
/* Removes a folder and the plain files in it. */
hb_status hb_directory_remove(const char *path, hb_error *error);
/* Gives `from` the name `to`. */
hb_status hb_path_rename(const char *from, const char *to, hb_error *error);
/* Exchanges the names of two folders, at one moment for all who look; false, and nothing is changed, if that fails, as
 * on a file system that cannot. */
bool hb_path_exchange(const char *a, const char *b);
/* Where `path` leads, links followed, if there is something; else `path` itself. *out is fresh memory, or NULL on
 * failure: a link must not lead nowhere. */
hb_status hb_path_resolve(const char *path, char **out, hb_error *error);

#endif
