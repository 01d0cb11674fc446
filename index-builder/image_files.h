/* image_files.h: the picture files below a folder, and what else is there. */
#ifndef IMAGE_FILES_H
#define IMAGE_FILES_H

#include <heybagh.h>

#include "default_skips.h"
#include "file_kind.h"
#include "options.h"

/* A file or folder that could not be looked at. */
typedef struct {
  char *path; /* relative to the folder */
  char *reason;
} unread_path;

typedef struct {
  char **paths;        /* relative to the folder, in byte order */
  const char **labels; /* the first folder on the path, "" for a file in the folder itself */
  char *label_text;    /* the memory behind the labels */
  uint32_t count;
  uint32_t linked; /* of them, those that come through a link to a folder */
  uint32_t pnm;    /* of them, PNM files, which browsers do not show */
  /* What was left out: */
  uint32_t kinds[FILE_KINDS];        /* files that are no pictures which can be decoded */
  uint32_t skips[DEFAULT_SKIPS_MAX]; /* files and folders that default_skips.h names, by rule */
  uint32_t bundles;                  /* bundles and sites of HeyBagh's own, that of --out among them */
  uint32_t links_again;              /* links, behind another, to folders that are there already */
  uint32_t special;                  /* pipes, sockets and devices */
  uint32_t misnamed;                 /* whose names are not UTF-8, which neither JSON nor a URL can hold */
  unread_path *unread;
  uint32_t unread_count;
} image_files;

typedef struct {
  const text_list *exclude; /* names of files and folders to leave out; NULL for none */
  const text_list *include; /* patterns of names that are not skipped by default; NULL for none */
  const char *out;          /* where a bundle is built, which is no input; NULL for nowhere */
} image_files_options;

/* Finds pictures by their first bytes, and files that are named like pictures whatever they are, below `folder`; links
 * are followed. A file or folder that cannot be read is no failure; the folder itself is, as is one without pictures.
 * Names that are not UTF-8 are told in notes. Free with image_files_free, also after a failure. */
hb_status image_files_list(const char *folder, const image_files_options *options, image_files *out, hb_error *error);
void image_files_free(image_files *set);

#endif
