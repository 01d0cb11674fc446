#include "image/pnm.h"

#include <stdlib.h>
#include <string.h>

#include "image/damage.h"
#include "image/size.h"

#define MAXIMUM_MAX 65535
#define NUMBER_MAX 1000000000u /* more than any side */

typedef struct {
  const uint8_t *bytes;
  size_t size, at;

  uint32_t width, height, depth, maximum; /* `depth` channels of 0 to `maximum` */
  bool is_text, is_bits;                  /* of bits 1 is black, eight are in a byte */
  bool is_of_inks;
} anymap;

/* ---- Headers ---- */

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* White space, and comments up to the end of their line. */
static void skip_space(anymap *a) {
  bool is_comment = false;
  for (; a->at < a->size; a->at++) {
    const uint8_t c = a->bytes[a->at];
    if (c == '#') is_comment = true;
    if (c == '\n' || c == '\r') is_comment = false;
    if (!is_comment && !is_space(c)) return;
  }
}

/* The next number; false if there is none, or an absurd one. */
static bool read_number(anymap *a, uint32_t *number) {
  skip_space(a);
  if (a->at >= a->size || !is_digit(a->bytes[a->at])) return false;
  for (*number = 0; a->at < a->size && is_digit(a->bytes[a->at]); a->at++) {
    if (*number >= NUMBER_MAX) return false;
    *number = 10 * *number + (uint32_t)(a->bytes[a->at] - '0');
  }
  return true;
}

static bool read_plain_header(anymap *a, uint8_t kind) {
  a->is_text = kind <= '3';
  a->is_bits = kind == '1' || kind == '4';
  a->depth = kind == '3' || kind == '6' ? 3 : 1;
  a->maximum = 1;
  if (!read_number(a, &a->width) || !read_number(a, &a->height)) return false;
  if (!a->is_bits && !read_number(a, &a->maximum)) return false;
  if (!a->is_text) a->at++; /* one byte of white space */
  return true;
}

static bool take_word(anymap *a, const char *word) {
  const size_t length = strlen(word);
  if (a->size - a->at <= length || memcmp(a->bytes + a->at, word, length) != 0 || !is_space(a->bytes[a->at + length]))
    return false;
  a->at += length;
  return true;
}

static void skip_line(anymap *a) {
  while (a->at < a->size && a->bytes[a->at] != '\n') a->at++;
}

static void skip_blanks(anymap *a) {
  while (a->at < a->size && (a->bytes[a->at] == ' ' || a->bytes[a->at] == '\t')) a->at++;
}

static bool begins_with(const anymap *a, const char *word) {
  const size_t length = strlen(word);
  return a->size - a->at >= length && memcmp(a->bytes + a->at, word, length) == 0;
}

static void read_tuple_type(anymap *a) {
  skip_blanks(a);
  if (begins_with(a, "CMYK")) a->is_of_inks = true;
  skip_line(a);
}

/* Lines of a word and its value. What the channels mean their number tells, unless they are those of print. */
static bool read_pam_header(anymap *a) {
  for (;;) {
    skip_space(a);
    bool is_read = true;
    if (take_word(a, "WIDTH"))
      is_read = read_number(a, &a->width);
    else if (take_word(a, "HEIGHT"))
      is_read = read_number(a, &a->height);
    else if (take_word(a, "DEPTH"))
      is_read = read_number(a, &a->depth);
    else if (take_word(a, "MAXVAL"))
      is_read = read_number(a, &a->maximum);
    else if (take_word(a, "TUPLTYPE"))
      read_tuple_type(a);
    else
      break;
    if (!is_read) return false;
  }
  if (!take_word(a, "ENDHDR")) return false;
  skip_line(a);
  a->at++;
  return true;
}

/* ---- Samples ---- */

static size_t bytes_of_sample(const anymap *a) { return a->maximum > 255 ? 2 : 1; }

static size_t bytes_of_row(const anymap *a) {
  return a->is_bits ? ((size_t)a->width + 7) / 8 : (size_t)a->width * a->depth * bytes_of_sample(a);
}

/* A program that writes lines as on Windows has two bytes before the samples, which are all there behind both. */
static void skip_line_feed(anymap *a) {
  if (a->is_text || a->at >= a->size || memcmp(a->bytes + a->at - 1, "\r\n", 2) != 0) return;
  if (a->size - a->at > (uint64_t)bytes_of_row(a) * a->height) a->at++;
}

/* As text a sample takes a byte at least, and but for those of PBM another one to part it from the next. */
static uint64_t least_bytes(const anymap *a) {
  if (!a->is_text) return (uint64_t)bytes_of_row(a) * a->height;
  return (uint64_t)a->width * a->height * a->depth * (a->is_bits ? 1 : 2) - !a->is_bits;
}

/* Text: false where it ends. The digits of PBM need nothing between them. */
static bool read_text_sample(anymap *a, uint32_t *sample) {
  if (!a->is_bits) return read_number(a, sample);
  skip_space(a);
  if (a->at >= a->size || !is_digit(a->bytes[a->at])) return false;
  *sample = a->bytes[a->at++] != '0';
  return true;
}

static uint8_t scaled(uint32_t sample, uint32_t maximum) {
  if (sample >= maximum) return 255;
  return (uint8_t)(maximum == 255 ? sample : (sample * 255 + maximum / 2) / maximum);
}

/* One row's samples, 0 to 255; false if it is not all there. */
static bool read_row(anymap *a, uint8_t *samples) {
  const size_t count = (size_t)a->width * a->depth, bytes = bytes_of_row(a), deep = bytes_of_sample(a);
  if (!a->is_text && (a->at > a->size || a->size - a->at < bytes)) return false;
  const uint8_t *row = a->bytes + a->at;
  for (size_t i = 0; i < count; i++) {
    uint32_t sample;
    if (a->is_text) {
      if (!read_text_sample(a, &sample)) return false;
    } else if (a->is_bits) {
      sample = row[i / 8] >> (7 - i % 8) & 1;
    } else {
      sample = deep == 2 ? (uint32_t)row[2 * i] << 8 | row[2 * i + 1] : row[i];
    }
    if (a->is_bits) sample = !sample;
    samples[i] = scaled(sample, a->maximum);
  }
  if (!a->is_text) a->at += bytes;
  return true;
}

/* Grey becomes three channels. What is behind the fourth channel, or alone in a second one that is none, is left out.
 */
static void spread(const anymap *a, const uint8_t *samples, uint8_t *out, uint32_t channels) {
  const bool is_grey = a->depth < 3;
  for (uint32_t x = 0; x < a->width; x++, samples += a->depth, out += channels) {
    for (uint32_t c = 0; c < 3; c++) out[c] = samples[is_grey ? 0 : c];
    if (channels == 4) out[3] = samples[is_grey ? 1 : 3];
  }
}

static hb_status read_rows(anymap *a, hb_image *image, hb_error *error) {
  const size_t row = (size_t)a->width * image->channels;
  uint8_t *samples = calloc(a->width, a->depth);
  image->pixels = malloc(row * a->height);
  if (samples == NULL || image->pixels == NULL) {
    free(samples);
    hb_image_free(image);
    return hb_fail_memory(error);
  }
  uint32_t y = 0;
  while (y < a->height && read_row(a, samples)) spread(a, samples, image->pixels + row * y++, image->channels);
  free(samples);
  hb_status status = hb_image_end_at(image, 0, y, 1, HB_SHADE_WHITE, error);
  if (status != HB_OK) hb_image_free(image);
  return status;
}

hb_status hb_pnm_decode(const uint8_t *bytes, size_t size, hb_image *out, hb_error *error) {
  anymap a = {.bytes = bytes, .size = size, .at = 2};
  const bool is_pam = bytes[1] == '7';
  if (!(is_pam ? read_pam_header(&a) : read_plain_header(&a, bytes[1]))) return hb_image_fail_corrupt(error);
  hb_status status = hb_image_check_size(a.width, a.height, error);
  if (status != HB_OK) return status;
  if (a.is_of_inks)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE,
                   "this is a PAM with the colours of inks, which cannot be read; save it as JPEG or PNG");
  if (a.maximum < 1 || a.maximum > MAXIMUM_MAX || a.depth < 1) return hb_image_fail_corrupt(error);
  if (a.depth > 4)
    return hb_fail(error, HB_UNSUPPORTED_IMAGE,
                   "this is a PAM with %u channels, and at most 4 can be read; save it as JPEG or PNG", a.depth);
  skip_line_feed(&a);
  if (a.at > size || !hb_image_is_enough(size - a.at, least_bytes(&a))) return hb_image_fail_incomplete(error);
  hb_image image = {NULL, a.width, a.height, a.depth % 2 == 0 ? 4 : 3, HB_UPRIGHT};
  status = read_rows(&a, &image, error);
  if (status == HB_OK) *out = image;
  return status;
}
