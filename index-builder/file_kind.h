/* file_kind.h: what a file is, by its first bytes: its name may say anything. */
#ifndef FILE_KIND_H
#define FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  /* what the engine decodes */
  FILE_JPEG,
  FILE_PNG,
  FILE_GIF,
  FILE_BMP,
  FILE_PNM,
  /* pictures that it does not */
  FILE_WEBP,
  FILE_HEIC,
  FILE_AVIF,
  FILE_JPEG_XL,
  FILE_JPEG_2000,
  FILE_TIFF,
  FILE_RAW,
  FILE_SVG,
  FILE_PHOTOSHOP,
  FILE_ICON,
  FILE_OTHER_PICTURE,
  /* no pictures */
  FILE_VIDEO,
  FILE_WEB_PAGE,
  FILE_LFS_POINTER,
  FILE_EMPTY,
  FILE_OTHER,
  FILE_KINDS,
} file_kind;

#define FILE_KIND_BYTES 1024 /* the first so many say it */

/* `name` tells a camera's raw file from other TIFFs, and nothing else. */
file_kind file_kind_find(const void *bytes, size_t size, const char *name);

static inline bool file_kind_is_decoded(file_kind kind) { return kind <= FILE_PNM; }
static inline bool file_kind_is_picture(file_kind kind) { return kind <= FILE_OTHER_PICTURE; }

/* What `count` files of this kind are called, such as "WebP" or "files that are not images". Static storage. */
const char *file_kind_noun(file_kind kind, uint32_t count);

/* True if the name ends like that of a picture that is decoded, such as ".jpg": then the file is meant to be one. */
bool file_kind_is_expected(const char *name);

/* True if it ends like that of a PNM file. */
bool file_kind_is_pnm_name(const char *name);

/* Why a file that should be a picture is none, and what to do; NULL if that is for the decoder to say. */
const char *file_kind_refusal(const void *bytes, size_t size);

#endif
