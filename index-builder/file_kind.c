#include "file_kind.h"

#include <string.h>
#include <strings.h>

#include "base/markup.h"

/* ---- Signatures, from the specifications of the formats ---- */

typedef struct {
  file_kind kind;
  uint8_t at, length;
  const char *bytes;
} signature;

#define AT(place, bytes, kind) \
  { (kind), (place), sizeof(bytes) - 1, (bytes) }

/* The first one that fits counts. */
static const signature signatures[] = {
    AT(0, "\xff\xd8\xff", FILE_JPEG),
    AT(0, "\x89PNG\r\n\x1a\n", FILE_PNG),
    AT(0, "GIF87a", FILE_GIF),
    AT(0, "GIF89a", FILE_GIF),
    AT(8, "WEBP", FILE_WEBP),
    /* ISO base media files by their brands, which are registered at mp4ra.org */
    AT(4, "ftypavif", FILE_AVIF),
    AT(4, "ftypavis", FILE_AVIF),
    AT(4, "ftyphei", FILE_HEIC),
    AT(4, "ftyphev", FILE_HEIC),
    AT(4, "ftypmif1", FILE_HEIC),
    AT(4, "ftypmsf1", FILE_HEIC),
    AT(4, "ftypcrx ", FILE_RAW),
    AT(4, "ftypjxl ", FILE_JPEG_XL),
    AT(4, "ftyp", FILE_VIDEO),
    AT(4, "moov", FILE_VIDEO),
    AT(0, "\0\0\0\x0cJXL ", FILE_JPEG_XL),
    AT(0, "\xff\x0a", FILE_JPEG_XL),
    AT(0, "\0\0\0\x0cjP  ", FILE_JPEG_2000),
    AT(0, "\xff\x4f\xff\x51", FILE_JPEG_2000),
    AT(0, "II*\0", FILE_TIFF),
    AT(0, "MM\0*", FILE_TIFF),
    AT(0, "II+\0", FILE_TIFF),
    AT(0, "MM\0+", FILE_TIFF),
    AT(0, "FUJIFILMCCD-RAW", FILE_RAW),
    AT(0, "IIRO", FILE_RAW),
    AT(0, "IIRS", FILE_RAW),
    AT(0, "IIU\0", FILE_RAW),
    AT(0, "FOVb", FILE_RAW),
    AT(0, "8BPS", FILE_PHOTOSHOP),
    AT(0, "\0\0\1\0", FILE_ICON),
    AT(0, "gimp xcf", FILE_OTHER_PICTURE),
    AT(0, "#?RADIANCE", FILE_OTHER_PICTURE),
    AT(0, "v/1\1", FILE_OTHER_PICTURE), /* OpenEXR */
    AT(0, "qoif", FILE_OTHER_PICTURE),
    AT(0, "DDS ", FILE_OTHER_PICTURE),
    AT(0, "PF\n", FILE_OTHER_PICTURE), /* PFM */
    AT(0, "Pf\n", FILE_OTHER_PICTURE),
    AT(0, "II\xbc\1", FILE_OTHER_PICTURE),  /* JPEG XR */
    AT(0, "SIMPLE  =", FILE_OTHER_PICTURE), /* FITS */
    AT(8, "AVI ", FILE_VIDEO),
    AT(0, "\x1a\x45\xdf\xa3", FILE_VIDEO), /* Matroska, WebM */
    AT(0, "\0\0\1\xba", FILE_VIDEO),       /* MPEG */
    AT(0, "\0\0\1\xb3", FILE_VIDEO),
    AT(0, "version https://git-lfs", FILE_LFS_POINTER),
};

static bool has(const signature *s, const uint8_t *bytes, size_t size) {
  return size >= (size_t)s->at + s->length && memcmp(bytes + s->at, s->bytes, s->length) == 0;
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* ---- Formats whose signatures are so short that text may begin like them ---- */

/* "BM" may begin a text. In a BMP sizes follow, and that of the second header is 12 to 124, and even. */
static bool is_bmp(const uint8_t *bytes, size_t size) {
  if (size < 18 || memcmp(bytes, "BM", 2) != 0 || memcmp(bytes + 15, "\0\0", 3) != 0) return false;
  return bytes[14] >= 12 && bytes[14] <= 124 && bytes[14] % 2 == 0;
}

/* "P1" to "P6" are followed by numbers, "P7" by the name of a member. Comments may stand between them. */
static bool is_pnm(const uint8_t *bytes, size_t size) {
  if (size < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '7') return false;
  if (bytes[1] == '7') {
    const size_t line = size > 4 && memcmp(bytes + 2, "\r\n", 2) == 0 ? 4 : 3;
    return size > line && bytes[line - 1] == '\n' && (bytes[line] == '#' || (bytes[line] >= 'A' && bytes[line] <= 'Z'));
  }
  int numbers = bytes[1] == '1' || bytes[1] == '4' ? 2 : 3; /* width, height and, but for bitmaps, the maximum */
  size_t at = 2;
  if (!is_space(bytes[at]) && bytes[at] != '#') return false;
  for (; numbers > 0; numbers--) {
    for (bool comment = false; at < size && (comment || bytes[at] == '#' || is_space(bytes[at])); at++)
      comment = bytes[at] == '#' || (comment && bytes[at] != '\n' && bytes[at] != '\r');
    if (at < size && !is_digit(bytes[at])) return false;
    while (at < size && is_digit(bytes[at])) at++;
  }
  return at == size || is_space(bytes[at]);
}

/* ---- Names ---- */

static bool ends_with_one(const char *name, const char *const *endings, size_t count) {
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot != NULL && i < count; i++)
    if (strcasecmp(dot + 1, endings[i]) == 0) return true;
  return false;
}

bool file_kind_is_pnm_name(const char *name) {
  static const char *const endings[] = {"pbm", "pgm", "ppm", "pnm", "pam"};
  return ends_with_one(name, endings, sizeof endings / sizeof *endings);
}

bool file_kind_is_expected(const char *name) {
  static const char *const endings[] = {"jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib"};
  return ends_with_one(name, endings, sizeof endings / sizeof *endings) || file_kind_is_pnm_name(name);
}

/* Returns true for names of cameras' raw files that are TIFFs inside. */
static bool is_raw_name(const char *name) {
  static const char *const endings[] = {"3fr", "arw", "cr2", "dcr", "dng", "erf", "fff", "iiq", "kdc", "mef", "mos",
                                        "nef", "nrw", "orf", "pef", "raw", "rw2", "rwl", "sr2", "srf", "srw"};
  return ends_with_one(name, endings, sizeof endings / sizeof *endings);
}

/* ---- Answers ---- */

file_kind file_kind_find(const void *bytes, size_t size, const char *name) {
  if (size == 0) return FILE_EMPTY;
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
    if (has(&signatures[i], bytes, size))
      return signatures[i].kind == FILE_TIFF && is_raw_name(name) ? FILE_RAW : signatures[i].kind;
  if (is_bmp(bytes, size)) return FILE_BMP;
  if (is_pnm(bytes, size)) return FILE_PNM;
  switch (hb_markup_find(bytes, size)) {
    case HB_MARKUP_WEB_PAGE: return FILE_WEB_PAGE;
    case HB_MARKUP_DRAWING: return FILE_SVG;
    case HB_MARKUP_NONE: break;
  }
  return FILE_OTHER;
}

const char *file_kind_noun(file_kind kind, uint32_t count) {
  const bool one = count == 1;
  switch (kind) {
    case FILE_JPEG: return "JPEG";
    case FILE_PNG: return "PNG";
    case FILE_GIF: return "GIF";
    case FILE_BMP: return "BMP";
    case FILE_PNM: return "PNM";
    case FILE_WEBP: return "WebP";
    case FILE_HEIC: return "HEIC";
    case FILE_AVIF: return "AVIF";
    case FILE_JPEG_XL: return "JPEG XL";
    case FILE_JPEG_2000: return "JPEG 2000";
    case FILE_TIFF: return "TIFF";
    case FILE_RAW: return "camera raw";
    case FILE_SVG: return "SVG";
    case FILE_PHOTOSHOP: return "Photoshop";
    case FILE_ICON: return one ? "icon" : "icons";
    case FILE_OTHER_PICTURE: return one ? "image of another format" : "images of other formats";
    case FILE_VIDEO: return one ? "video" : "videos";
    case FILE_WEB_PAGE: return one ? "web page" : "web pages";
    case FILE_LFS_POINTER: return one ? "Git LFS pointer" : "Git LFS pointers";
    case FILE_EMPTY: return one ? "empty file" : "empty files";
    case FILE_OTHER:
    case FILE_KINDS: break;
  }
  return one ? "file that is not an image" : "files that are not images";
}

const char *file_kind_refusal(const void *bytes, size_t size) {
  switch (file_kind_find(bytes, size < FILE_KIND_BYTES ? size : FILE_KIND_BYTES, "")) {
    case FILE_EMPTY: return "the file is empty; copy or download it again";
    case FILE_WEB_PAGE: return "this is a web page, not a picture; download the picture itself";
    case FILE_LFS_POINTER: return "this is a Git LFS pointer, not the picture; run 'git lfs pull'";
    default: return NULL;
  }
}
