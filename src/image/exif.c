#include "image/exif.h"

#include <stdint.h>
#include <string.h>

#include "image/format.h"
#include "image/png.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

/* A TIFF structure inside the EXIF segment; every read is checked against its size. */
typedef struct {
  const uint8_t *bytes;
  size_t size;
  bool big_endian;
} tiff;

static uint32_t read16(const tiff *t, size_t at) {
  const uint8_t *p = t->bytes + at;
  return t->big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t read32(const tiff *t, size_t at) {
  uint32_t first = read16(t, at), second = read16(t, at + 2);
  return t->big_endian ? first << 16 | second : second << 16 | first;
}

/* The orientation in the first directory (IFD0); 0 if there is none. */
static uint32_t directory_orientation(const tiff *t) {
  if (t->size < 8 || read16(t, 2) != 42) return 0;
  size_t at = read32(t, 4);
  if (at > t->size - 2) return 0;
  uint32_t entries = read16(t, at);
  at += 2;
  for (uint32_t i = 0; i < entries && t->size - at >= 12; i++, at += 12) {
    if (read16(t, at) != TAG_ORIENTATION) continue;
    bool one_short = read16(t, at + 2) == TYPE_SHORT && read32(t, at + 4) == 1;
    return one_short ? read16(t, at + 8) : 0;
  }
  return 0;
}

static hb_orientation tiff_orientation(const uint8_t *bytes, size_t size) {
  if (size < 2) return HB_UPRIGHT;
  tiff t = {bytes, size, false};
  if (memcmp(t.bytes, "MM", 2) == 0)
    t.big_endian = true;
  else if (memcmp(t.bytes, "II", 2) != 0)
    return HB_UPRIGHT;
  uint32_t value = directory_orientation(&t);
  return value >= HB_UPRIGHT && value <= HB_ROTATE_270 ? (hb_orientation)value : HB_UPRIGHT;
}

/* Reads the orientation of a JPEG. Its first EXIF segment counts. */
static hb_orientation jpeg_orientation(const uint8_t *bytes, size_t size) {
  const uint8_t *p = bytes + 2, *end = bytes + size;
  /* marker segments up to the picture data: FF marker, length (itself included) */
  while (end - p >= 4 && p[0] == 0xff) {
    uint8_t marker = p[1];
    if (marker == 0xff) { /* fill byte */
      p++;
      continue;
    }
    size_t length = (size_t)p[2] << 8 | p[3];
    if (marker == 0xda || length < 2 || length > (size_t)(end - p) - 2) break;
    if (marker == 0xe1 && length >= 8 && memcmp(p + 4, "Exif\0\0", 6) == 0)
      return tiff_orientation(p + 4 + 6, length - 2 - 6);
    p += 2 + length;
  }
  return HB_UPRIGHT;
}

static hb_orientation png_orientation(const uint8_t *bytes, size_t size) {
  size_t exif_size;
  const uint8_t *exif = hb_png_exif(bytes, size, &exif_size);
  return exif != NULL ? tiff_orientation(exif, exif_size) : HB_UPRIGHT;
}

hb_orientation hb_exif_orientation(const void *bytes, size_t size) {
  const uint8_t *b = bytes;
  if (size >= 4 && b[0] == 0xff && b[1] == 0xd8) return jpeg_orientation(b, size);
  return hb_format_find(b, size) == HB_FORMAT_PNG ? png_orientation(b, size) : HB_UPRIGHT;
}
