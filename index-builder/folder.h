/* folder.h: reads the names in a folder, and recognises a folder by whatever path it is reached. */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* The names in a folder, in byte order, without "." and "..". */
typedef struct {
  char **names;
  uint32_t count;
} folder_names;

/* Reads the names in a folder. If it cannot be read, or not to its end, *reason is an errno and the names are those
 * that were read; else it is 0. Fails only without memory. Free with folder_names_free, also after a failure. */
hb_status folder_read(const char *path, folder_names *out, int *reason, hb_error *error);
bool folder_has(const folder_names *names, const char *name);
void folder_names_free(folder_names *names);

/* Identifies a folder or a file, whatever its path is. */
typedef struct {
  dev_t device;
  ino_t inode;
} folder_id;

static inline folder_id folder_id_of(const struct stat *info) { return (folder_id){info->st_dev, info->st_ino}; }
static inline bool folder_is(folder_id a, folder_id b) { return a.device == b.device && a.inode == b.inode; }

/* A set of folders. */
typedef struct {
  folder_id *slots; /* [capacity]; an empty slot has device and inode 0 */
  uint32_t count, capacity;
} folder_set;

bool folder_set_has(const folder_set *set, folder_id id);
/* Adds a folder, unless the set has it; false without memory. */
bool folder_set_add(folder_set *set, folder_id id);
void folder_set_free(folder_set *set);

#endif
