#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static hb_status fail_errno(hb_error *error, const char *doing, const char *path) {
  const hb_status status = errno == ENOMEM ? HB_OUT_OF_MEMORY : HB_IO;
  return hb_fail(error, status, "cannot %s '%.200s': %s", doing, path, strerror(errno));
}

static hb_status hash_all(int descriptor, const char *path, char sha256[HB_SHA256_HEX], hb_error *error) {
  uint8_t bytes[1 << 16];
  ssize_t n;
  hb_sha256 hash;
  hb_sha256_start(&hash);
  while ((n = read(descriptor, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0) hb_sha256_add(&hash, bytes, (size_t)n);
  if (n < 0) return fail_errno(error, "read", path);
  hb_sha256_hex(&hash, sha256);
  return HB_OK;
}

static hb_status map_open(int descriptor, const char *path, hb_mapping *out, hb_error *error) {
  struct stat info;
  if (fstat(descriptor, &info) != 0) return fail_errno(error, "read", path);
  if (!S_ISREG(info.st_mode)) return hb_fail(error, HB_IO, "cannot read '%.200s': it is not a file", path);
  *out = (hb_mapping){NULL, (size_t)info.st_size};
  if (info.st_size == 0) return HB_OK;
  void *bytes = mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (bytes == MAP_FAILED) return fail_errno(error, "read", path);
  out->bytes = bytes;
  return HB_OK;
}

/* Reads the file only if `sha256` is not NULL. */
static hb_status map(const char *path, hb_mapping *out, char *sha256, hb_error *error) {
  hb_mapping mapping = {0};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail_errno(error, "open", path);
  hb_status status = map_open(descriptor, path, &mapping, error);
  if (status == HB_OK && sha256 != NULL) status = hash_all(descriptor, path, sha256, error);
  close(descriptor);
  if (status == HB_OK)
    *out = mapping;
  else
    hb_file_unmap(mapping);
  return status;
}

hb_status hb_file_map(const char *path, hb_mapping *out, hb_error *error) { return map(path, out, NULL, error); }

hb_status hb_file_map_hashed(const char *path, hb_mapping *out, char sha256[HB_SHA256_HEX], hb_error *error) {
  return map(path, out, sha256, error);
}

void hb_file_unmap(hb_mapping mapping) {
  if (mapping.bytes != NULL) munmap((void *)mapping.bytes, mapping.size);
}

struct hb_writer {
  FILE *file;
  int error; /* errno of the first failed write, or 0 */
  char *path, *temporary;
};

static void writer_free(hb_writer *writer) {
  free(writer->path);
  free(writer->temporary);
  free(writer);
}

hb_status hb_writer_open(const char *path, hb_writer **out, hb_error *error) {
  hb_writer *writer = calloc(1, sizeof *writer);
  if (writer == NULL) return hb_fail_memory(error);
  writer->path = strdup(path);
  writer->temporary = malloc(strlen(path) + sizeof ".partial");
  if (writer->path == NULL || writer->temporary == NULL) return writer_free(writer), hb_fail_memory(error);
  stpcpy(stpcpy(writer->temporary, path), ".partial");
  writer->file = fopen(writer->temporary, "wb");
  if (writer->file == NULL) {
    hb_status status = fail_errno(error, "write", writer->temporary);
    return writer_free(writer), status;
  }
  *out = writer;
  return HB_OK;
}

void hb_writer_add(hb_writer *writer, const void *bytes, size_t size) {
  if (writer->error == 0 && size > 0 && fwrite(bytes, 1, size, writer->file) != size)
    writer->error = errno != 0 ? errno : EIO;
}

hb_status hb_writer_close(hb_writer *writer, hb_error *error) {
  /* the bytes must be on the disk before the file gets its name: else a crash leaves an empty file under it */
  if (writer->error == 0 && (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0)) writer->error = errno;
  if (fclose(writer->file) != 0 && writer->error == 0) writer->error = errno;
  if (writer->error == 0 && rename(writer->temporary, writer->path) != 0) writer->error = errno;
  hb_status status = HB_OK;
  if (writer->error != 0) {
    errno = writer->error;
    status = fail_errno(error, "write", writer->path);
    unlink(writer->temporary);
  }
  writer_free(writer);
  return status;
}

char *hb_path_join(const char *directory, const char *name) {
  size_t capacity = strlen(directory) + strlen(name) + 2;
  char *path = malloc(capacity);
  if (path != NULL) snprintf(path, capacity, "%s/%s", directory, name);
  return path;
}

char *hb_path_beside(const char *directory, const char *suffix) {
  size_t length = strlen(directory), capacity = length + strlen(suffix) + 2;
  while (length > 1 && directory[length - 1] == '/') length--;
  char *path = malloc(capacity);
  if (path != NULL) snprintf(path, capacity, "%.*s.%s", (int)length, directory, suffix);
  return path;
}

bool hb_path_exists(const char *path) { return access(path, F_OK) == 0; }

bool hb_path_is_vacant(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) return errno == ENOENT;
  int entries = 0;
  errno = 0;
  while (entries <= 2 && readdir(directory) != NULL) entries++; /* two are "." and ".." */
  bool seen_all = errno == 0;
  closedir(directory);
  return seen_all && entries <= 2;
}

bool hb_directory_has_folder(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) return false;
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(directory)) != NULL;) {
    struct stat info;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    found = fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
  }
  closedir(directory);
  return found;
}

hb_status hb_directory_create(const char *path, hb_error *error) {
  return mkdir(path, 0777) == 0 ? HB_OK : fail_errno(error, "create the folder", path);
}

hb_status hb_directory_remove(const char *path, hb_error *error) {
  DIR *directory = opendir(path);
  if (directory == NULL) return errno == ENOENT ? HB_OK : fail_errno(error, "remove", path);
  hb_status status = HB_OK;
  for (struct dirent *entry; status == HB_OK && (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (unlinkat(dirfd(directory), entry->d_name, 0) != 0) status = fail_errno(error, "remove a file in", path);
  }
  closedir(directory);
  if (status == HB_OK && rmdir(path) != 0) status = fail_errno(error, "remove", path);
  return status;
}

hb_status hb_path_rename(const char *from, const char *to, hb_error *error) {
  return rename(from, to) == 0 ? HB_OK : fail_errno(error, "create", to);
}

bool hb_path_exchange(const char *a, const char *b) {
  return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
}

hb_status hb_path_resolve(const char *path, char **out, hb_error *error) {
  struct stat info;
  *out = realpath(path, NULL);
  if (*out == NULL && errno == ENOENT && lstat(path, &info) != 0) *out = strdup(path); /* a link fails here */
  if (*out != NULL) return HB_OK;
  return errno == ENOMEM ? hb_fail_memory(error) : fail_errno(error, "follow", path);
}
