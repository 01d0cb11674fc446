/* file_kind.h: finds out what a file is from its first bytes, whatever its name says. */
#ifndef FILE_KIND_H
#define FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  /* pictures that the engine decodes */
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
  /* files that are not pictures */
  FILE_VIDEO,
  FILE_WEB_PAGE,
  FILE_LFS_POINTER,
  FILE_EMPTY,
  FILE_OTHER,
  FILE_KINDS,
} file_kind;

#define FILE_KIND_BYTES 1024 /* so many first bytes are enough */

/* Finds the kind of a file. Its name only tells a camera's raw file from other TIFFs. */
file_kind file_kind_find(const void *bytes, size_t size, const char *name);

static inline bool file_kind_is_decoded(file_kind kind) { return kind <= FILE_PNM; }
static inline bool file_kind_is_picture(file_kind kind) { return kind <= FILE_OTHER_PICTURE; }

/* Says what `count` files of this kind are called, such as "WebP" or "files that are not images". Static storage. */
const char *file_kind_noun(file_kind kind, uint32_t count);

/* Returns true if the name ends like that of a picture that can be decoded, such as ".jpg". Then the file should be
 * one. */
bool file_kind_is_expected(const char *name);

/* Returns true if the name ends like that of a PNM file. */
bool file_kind_is_pnm_name(const char *name);

/* Says why a file that should be a picture is none, and what to do; NULL if the decoder has to say it. */
const char *file_kind_refusal(const void *bytes, size_t size);

#endif
