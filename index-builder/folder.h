/* folder.h: what is in a folder, and which folders are the same one. */
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

/* HB_OK also if the folder could not be read to its end, or not at all: then *reason is an errno, else 0. Fails without
 * memory only. Free with folder_names_free, also after a failure. */
hb_status folder_read(const char *path, folder_names *out, int *reason, hb_error *error);
bool folder_has(const folder_names *names, const char *name);
void folder_names_free(folder_names *names);

/* A folder, by whatever path it is reached. */
typedef struct {
  dev_t device;
  ino_t inode;
} folder_id;

static inline folder_id folder_id_of(const struct stat *info) { return (folder_id){info->st_dev, info->st_ino}; }
static inline bool folder_is(folder_id a, folder_id b) { return a.device == b.device && a.inode == b.inode; }

/* A set of folders. */
typedef struct {
  folder_id *slots; /* [capacity], with device and inode 0 where there is none */
  uint32_t count, capacity;
} folder_set;

bool folder_set_has(const folder_set *set, folder_id id);
/* Adds a folder, which may be there already; false without memory. */
bool folder_set_add(folder_set *set, folder_id id);
void folder_set_free(folder_set *set);

#endif
