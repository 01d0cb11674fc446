/* image/jpeg_structure.h: a JPEG's segments and scans, before anything of it is decoded. Markers and their meaning are
 * those of ITU-T T.81 annex B; where it is odd, what libjpeg makes of it counts, as browsers use that. */
#ifndef HB_IMAGE_JPEG_STRUCTURE_H
#define HB_IMAGE_JPEG_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t width, height;
  uint32_t components;
  bool is_progressive;
  const char *rare_kind; /* such as "arithmetic coding": valid, but not for stb_image. NULL if it is ordinary */

  /* False if something is in the way of reading the file from end to end: what stb_image makes of it, it would say
   * nothing of. Another decoder may find a way through. */
  bool is_sound;
  /* Behind the last scan; what comes then, thumbnails or a film, is not the picture's. */
  size_t end;
  /* The picture does not end with a marker: the last scan may be cut, or others may be missing. */
  bool is_open;
  /* There are data of all colours, or in a progressive JPEG all of the brightness, if not in all detail. */
  bool is_enough;
  /* Whether a progressive JPEG has enough without its last scan, and where that scan begins. */
  bool is_enough_before_last;
  size_t last_scan_at;

  /* Places where what is missing can be put: standard Huffman tables, which cameras and capture devices leave out of
   * the frames of Motion JPEG, and Adobe's marker of CMYK. 0 if nothing is missing. */
  size_t tables_at, adobe_at;

  uint64_t blocks;                       /* that the scans of a baseline JPEG have */
  uint64_t intervals, intervals_present; /* between restart markers: that the scans have, and those that are there */
} hb_jpeg_structure;

/* False if there is no frame header, without which there is no picture. */
bool hb_jpeg_structure_read(const uint8_t *bytes, size_t size, hb_jpeg_structure *out);

#endif
