#include "image/format.h"

#include <stdint.h>
#include <string.h>

#include "base/markup.h"

#define TEXT_BYTES 512 /* of text that are looked at */

static bool has(const void *bytes, size_t size, size_t at, const char *magic, size_t length) {
  return size >= at + length && memcmp((const uint8_t *)bytes + at, magic, length) == 0;
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

hb_format hb_format_find(const void *bytes, size_t size) {
  const uint8_t *b = bytes;
  if (has(b, size, 0, "\xff\xd8\xff", 3)) return HB_FORMAT_JPEG;
  if (has(b, size, 0, "\x89PNG", 4)) return HB_FORMAT_PNG;
  if (has(b, size, 0, "GIF8", 4)) return HB_FORMAT_GIF;
  if (has(b, size, 0, "BM", 2)) return HB_FORMAT_BMP;
  if (size >= 3 && b[0] == 'P' && b[1] >= '1' && b[1] <= '7' && (is_space(b[2]) || b[2] == '#')) return HB_FORMAT_PNM;
  return HB_FORMAT_NONE;
}

const char hb_format_web_page[] = "a web page", hb_format_drawing[] = "an SVG drawing", hb_format_text[] = "text";

typedef struct {
  uint8_t at, length;
  const char *magic, *name;
} signature;

#define AT(place, magic, name) \
  { (place), sizeof(magic) - 1, (magic), (name) }

/* Each format's own specification has its first bytes. The brands of ISO base media files ("ftyp") are those that are
 * registered at mp4ra.org. */
static const signature signatures[] = {
    AT(8, "WEBP", "a WebP picture"),
    AT(4, "ftypavi", "an AVIF picture"), /* avif, avis */
    AT(4, "ftyphei", "a HEIC picture"),  /* heic, heix, heim, heis */
    AT(4, "ftyphev", "a HEIC picture"),
    AT(4, "ftypmif1", "a HEIC picture"),
    AT(4, "ftypmsf1", "a HEIC picture"),
    AT(4, "ftypcrx ", "a camera's raw file"),
    AT(4, "ftyp", "a video"), /* MP4, MOV and all others */
    AT(0, "\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    AT(0, "\xff\x0a", "a JPEG XL picture"),
    AT(0, "\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    AT(0, "\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    AT(0, "II*\0", "a TIFF picture or a camera's raw file"),
    AT(0, "MM\0*", "a TIFF picture or a camera's raw file"),
    AT(0, "II+\0", "a TIFF picture or a camera's raw file"), /* BigTIFF */
    AT(0, "MM\0+", "a TIFF picture or a camera's raw file"),
    AT(0, "II\xbc\1", "a JPEG XR picture"),
    AT(0, "FUJIFILMCCD-RAW", "a camera's raw file"),
    AT(0, "IIRO", "a camera's raw file"),
    AT(0, "IIU\0", "a camera's raw file"),
    AT(0, "\0\0\1\0", "an icon"),
    AT(0, "8BPS", "a Photoshop document"),
    AT(0, "gimp xcf", "a GIMP document"),
    AT(0, "#?RADIANCE", "an HDR picture"),
    AT(0, "v/1\1", "an OpenEXR picture"),
    AT(0, "qoif", "a QOI picture"),
    AT(0, "PF\n", "a PFM picture"),
    AT(0, "Pf\n", "a PFM picture"),
    AT(0, "DDS ", "a DDS picture"),
    AT(0, "AT&TFORM", "a DjVu document"),
    AT(0, "%PDF", "a PDF document"),
    AT(0, "%!PS", "a PostScript document"),
    AT(0, "PK\3\4", "a ZIP archive"),
    AT(0, "\x1f\x8b", "a compressed file"),
    AT(0, "\x1a\x45\xdf\xa3", "a video"), /* Matroska, WebM */
};

/* No control character is among the first bytes but those of lines: a server's message, notes, a list. */
static bool is_text(const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size && i < TEXT_BYTES; i++)
    if ((bytes[i] < ' ' && !is_space(bytes[i])) || bytes[i] == 0x7f) return false;
  return true;
}

const char *hb_format_other(const void *bytes, size_t size) {
  if (size == 0) return NULL;
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
    const signature *s = &signatures[i];
    if (has(bytes, size, s->at, s->magic, s->length)) return s->name;
  }
  switch (hb_markup_find(bytes, size)) {
    case HB_MARKUP_WEB_PAGE: return hb_format_web_page;
    case HB_MARKUP_DRAWING: return hb_format_drawing;
    case HB_MARKUP_NONE: break;
  }
  return is_text(bytes, size) ? hb_format_text : NULL;
}
