#include "image/decode.h"

#include <stdlib.h>
#include <string.h>

#include "image/size.h"

/* Only the formats that people upload: each more is more to attack. stb_image is not made for hostile input, so
 * sizes are checked before it decodes (image/size.h), and it runs inside the wasm sandbox or, natively, in a process of
 * its own (index-builder/decoder_process.h). */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_NO_PSD
#define STBI_NO_PIC
#define STBI_NO_TGA
#define STBI_NO_FAILURE_STRINGS
#define STBI_MALLOC(bytes) allocate(NULL, bytes)
#define STBI_REALLOC(pointer, bytes) allocate(pointer, bytes)
#define STBI_FREE(pointer) free(pointer)

/* What stb_image may allocate at once for the picture at hand: it would unpack a PNG's data to the end, up to 4 GB of a
 * file of 4 MB, however few of them the picture needs. */
static _Thread_local uint64_t most_bytes;
/* Whether it was refused what it may: it does not tell why it fails. */
static _Thread_local bool was_short;

/* Zeros, as what is missing in a damaged JPEG keeps what was in memory, so that each decoding would show another
 * picture. */
static void *allocate(void *pointer, size_t bytes) {
  if (bytes > most_bytes) return NULL;
  void *memory = pointer != NULL ? realloc(pointer, bytes) : calloc(bytes, 1);
  if (memory == NULL && bytes > 0) was_short = true;
  return memory;
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
/* Where a PNG's first piece of data is empty it adds 0 to a null pointer and copies 0 bytes there, which harms nobody.
 */
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow", "nonnull-attribute"))), apply_to = function)
#ifdef __wasm__ /* Emscripten makes WebAssembly's SIMD of the inner loops that stb_image has in SSE2: the same bits */
#define __x86_64__ 1
#include <stb_image.h>
#undef __x86_64__
#else
#include <stb_image.h>
#endif
#pragma clang attribute pop
#pragma clang diagnostic pop

/* stb_image fills up a file that is cut short with zeros; reading through callbacks shows when it asks for more than
 * there is. */
typedef struct {
  const uint8_t *bytes;
  size_t size, position;
  bool ran_out;
} source;

static int source_read(void *user, char *out, int wanted) {
  source *s = user;
  size_t left = s->size - s->position;
  size_t n = (size_t)wanted < left ? (size_t)wanted : left;
  if (n == 0 && wanted > 0) s->ran_out = true;
  memcpy(out, s->bytes + s->position, n);
  s->position += n;
  return (int)n;
}

static void source_skip(void *user, int n) {
  source *s = user;
  if (n < 0) { /* stb_image hands back bytes that it has read */
    size_t back = (size_t) - (int64_t)n;
    s->position = back < s->position ? s->position - back : 0;
  } else if ((size_t)n > s->size - s->position) {
    s->position = s->size;
    s->ran_out = true;
  } else {
    s->position += (size_t)n;
  }
}

static int source_at_end(void *user) {
  const source *s = user;
  return s->position >= s->size;
}

static const stbi_io_callbacks source_callbacks = {source_read, source_skip, source_at_end};

static bool starts_with(const void *bytes, size_t size, size_t at, const char *magic, size_t length) {
  return size >= at + length && memcmp((const uint8_t *)bytes + at, magic, length) == 0;
}

/* The name of a format that people do upload but that is not decoded here; NULL if it is none of them. */
static const char *other_format(const void *bytes, size_t size) {
  if (starts_with(bytes, size, 8, "WEBP", 4)) return "a WebP picture";
  if (starts_with(bytes, size, 4, "ftypavif", 8)) return "an AVIF picture";
  if (starts_with(bytes, size, 4, "ftyphei", 7) || starts_with(bytes, size, 4, "ftypmif1", 8)) return "a HEIC picture";
  if (starts_with(bytes, size, 0, "II*\0", 4) || starts_with(bytes, size, 0, "MM\0*", 4)) return "a TIFF picture";
  if (starts_with(bytes, size, 0, "%PDF", 4)) return "a PDF document";
  return NULL;
}

static bool known_format(const void *bytes, size_t size) {
  return starts_with(bytes, size, 0, "\xff\xd8\xff", 3) || starts_with(bytes, size, 0, "\x89PNG", 4) ||
         starts_with(bytes, size, 0, "GIF8", 4) || starts_with(bytes, size, 0, "BM", 2) ||
         starts_with(bytes, size, 0, "P5", 2) || starts_with(bytes, size, 0, "P6", 2);
}

static hb_status fail_corrupt(hb_error *error) {
  return hb_fail(error, HB_CORRUPT_IMAGE, "the picture is damaged or incomplete; try to download or export it again");
}

static hb_status fail_unreadable(const void *bytes, size_t size, hb_error *error) {
  if (was_short) return hb_fail_memory(error);
  const char *other = other_format(bytes, size);
  if (other != NULL)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE, "this is %s, which cannot be read; save it as JPEG or PNG", other);
  if (known_format(bytes, size)) return fail_corrupt(error);
  return hb_fail(error, HB_UNSUPPORTED_IMAGE, "this is not a picture that can be read; save it as JPEG or PNG");
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next number of a PNM header, which white space and comments may precede; 0 if there is none. */
static uint32_t pnm_number(const uint8_t *bytes, size_t size, size_t *at) {
  bool comment = false;
  for (; *at < size && (comment || bytes[*at] == '#' || is_space(bytes[*at])); ++*at) {
    if (bytes[*at] == '#') comment = true;
    if (bytes[*at] == '\n' || bytes[*at] == '\r') comment = false;
  }
  uint32_t number = 0;
  for (; *at < size && bytes[*at] >= '0' && bytes[*at] <= '9'; ++*at)
    if (number < 100000) number = 10 * number + (uint32_t)(bytes[*at] - '0');
  return number;
}

/* stb_image takes the samples of a PNM as they are, which is right for the maximum 255 only. */
static bool is_odd_pnm(const uint8_t *bytes, size_t size) {
  if (!starts_with(bytes, size, 0, "P5", 2) && !starts_with(bytes, size, 0, "P6", 2)) return false;
  size_t at = 2;
  pnm_number(bytes, size, &at);
  pnm_number(bytes, size, &at);
  uint32_t maximum = pnm_number(bytes, size, &at);
  return at < size && maximum != 255; /* a header that is cut short is for stb_image to refuse */
}

void hb_image_flatten_alpha(uint8_t *rgba, size_t pixels) {
  for (uint8_t *p = rgba, *end = rgba + 4 * pixels; p < end; p += 4) {
    unsigned alpha = p[3];
    if (alpha == 255) continue;
    for (int c = 0; c < 3; c++) p[c] = (uint8_t)((p[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    p[3] = 255;
  }
}

/* 16 bits a channel, twice, as what is unpacked grows by doubling; the file itself likewise; and some for tables and
 * for what fills up a JPEG's last blocks. */
static uint64_t bytes_needed(uint64_t pixels, size_t size) {
  return 2 * (4 * sizeof(uint16_t) * pixels + size) + (64 << 20);
}

/* Size and channels, once these show that the file may be decoded. */
static hb_status read_header(const uint8_t *bytes, size_t size, int *width, int *height, int *channels,
                             hb_error *error) {
  hb_status status = hb_image_check_png(bytes, size, error);
  if (status != HB_OK) return status;
  most_bytes = bytes_needed(0, size);
  was_short = false;
  source header = {bytes, size, 0, false};
  if (!stbi_info_from_callbacks(&source_callbacks, &header, width, height, channels))
    return fail_unreadable(bytes, size, error);
  if (*width < 0) return fail_corrupt(error);
  /* a BMP whose rows go from top to bottom has a negative height */
  uint64_t rows = (uint64_t)llabs(*height);
  status = hb_image_check_size((uint64_t)*width, rows, error);
  if (status != HB_OK) return status;
  if (is_odd_pnm(bytes, size))
    return hb_fail(error, HB_UNSUPPORTED_IMAGE,
                   "only PNM pictures of 8 bits (maximum 255) can be read; save it as PNG");
  return hb_image_may_hold(bytes, size, (uint64_t)*width * rows) ? HB_OK : fail_corrupt(error);
}

/* 8 bits a channel; NULL if that is not possible. Of 16 the upper half, as stb_image has it, which would lose the
 * picture where it has no memory for a copy. */
static uint8_t *load(source *file, int *width, int *height, int *channels, int wanted) {
  source header = *file;
  if (!stbi_is_16_bit_from_callbacks(&source_callbacks, &header))
    return stbi_load_from_callbacks(&source_callbacks, file, width, height, channels, wanted);
  uint16_t *deep = stbi_load_16_from_callbacks(&source_callbacks, file, width, height, channels, wanted);
  uint8_t *pixels = (uint8_t *)deep;
  for (size_t i = 0; deep != NULL && i < (size_t)*width * (size_t)*height * (size_t)wanted; i++)
    pixels[i] = (uint8_t)(deep[i] >> 8);
  return pixels;
}

hb_status hb_image_decode(const void *bytes, size_t size, hb_image *out, hb_error *error) {
  int width, height, channels;
  hb_status status = read_header(bytes, size, &width, &height, &channels, error);
  if (status != HB_OK) return status;
  most_bytes = bytes_needed((uint64_t)width * (uint64_t)llabs(height), size);
  const bool has_alpha = channels == 2 || channels == 4;
  source file = {bytes, size, 0, false};
  uint8_t *pixels = load(&file, &width, &height, &channels, has_alpha ? 4 : 3);
  if (pixels == NULL || file.ran_out) {
    stbi_image_free(pixels);
    return was_short ? hb_fail_memory(error) : fail_corrupt(error);
  }
  if (has_alpha) hb_image_flatten_alpha(pixels, (size_t)width * (size_t)height);
  *out = (hb_image){pixels, (uint32_t)width, (uint32_t)height, has_alpha ? 4 : 3, hb_exif_orientation(bytes, size)};
  return HB_OK;
}

void hb_image_free(hb_image *image) {
  stbi_image_free(image->pixels);
  image->pixels = NULL;
}
