/* image_files.h: finds the picture files below a folder, and counts what else is there. */
#ifndef IMAGE_FILES_H
#define IMAGE_FILES_H

#include <heybagh.h>

#include "default_skips.h"
#include "file_kind.h"
#include "options.h"

/* A file or folder that could not be read. */
typedef struct {
  char *path; /* relative to the folder */
  char *reason;
} unread_path;

typedef struct {
  char **paths;        /* relative to the folder, in byte order */
  const char **labels; /* the first folder on the path, "" for a file in the folder itself */
  char *label_text;    /* the memory behind the labels */
  uint32_t count;
  uint32_t linked; /* how many of them come through a link to a folder */
  uint32_t pnm;    /* how many of them are PNM files, which browsers do not show */
  /* What was left out: */
  uint32_t kinds[FILE_KINDS];        /* files that cannot be decoded, by kind */
  uint32_t skips[DEFAULT_SKIPS_MAX]; /* files and folders that are skipped by default, by rule */
  uint32_t bundles;                  /* HeyBagh's bundles and sites, also that of --out */
  uint32_t links_again;              /* links that lie behind another link and lead to folders that were seen before */
  uint32_t special;                  /* pipes, sockets and devices */
  uint32_t misnamed;                 /* files and folders whose names are not UTF-8: JSON and URLs cannot hold them */
  unread_path *unread;
  uint32_t unread_count;
} image_files;

typedef struct {
  const text_list *exclude; /* names of files and folders to skip; NULL for none */
  const text_list *include; /* patterns of names that are not skipped by default; NULL for none */
  const char *out;          /* the folder that a bundle is built in, which is not input; NULL for none */
} image_files_options;

/* Finds the pictures below `folder` by their first bytes; files that are named like pictures are listed whatever they
 * are. Follows links. Files and folders that cannot be read are listed as `unread`. Fails if `folder` itself cannot be
 * read or holds no pictures. Prints a note for each name that is not UTF-8. Free with image_files_free, also after a
 * failure. */
hb_status image_files_list(const char *folder, const image_files_options *options, image_files *out, hb_error *error);
void image_files_free(image_files *set);

#endif
