#include "image/jpeg_structure.h"

#include <string.h>

#define COMPONENTS_MAX 4
#define COEFFICIENTS 64

enum {
  SOF0 = 0xc0,
  SOF2 = 0xc2,
  SOF3 = 0xc3,
  DHT = 0xc4,
  JPG = 0xc8,
  SOF9 = 0xc9,
  DAC = 0xcc,
  SOF15 = 0xcf,
  RST0 = 0xd0,
  RST7 = 0xd7,
  SOI = 0xd8,
  EOI = 0xd9,
  SOS = 0xda,
  DQT = 0xdb,
  DNL = 0xdc,
  DRI = 0xdd,
  APP0 = 0xe0,
  APP14 = 0xee,
  APP15 = 0xef,
  SOF55 = 0xf7,
  COM = 0xfe,
};

typedef struct {
  uint8_t id, h, v, quantization;
  bool is_scanned;
  bool has_coefficient[COEFFICIENTS]; /* in a scan before the last one */
} component;

typedef struct {
  uint32_t count;
  uint8_t of[COMPONENTS_MAX]; /* places of its components among those of the picture */
  uint8_t first, last;        /* coefficients */
  bool is_refinement;
} scan;

typedef struct {
  const uint8_t *bytes;
  size_t size, at;
  hb_jpeg_structure *out;

  component components[COMPONENTS_MAX];
  uint32_t h_max, v_max;
  scan last_scan; /* so far */
  uint32_t restart_interval;
  bool has_frame, has_jfif, has_adobe, has_any_codes;
  uint8_t adobe_transform;
  bool quantizations[4], dc_codes[4], ac_codes[4];
} reader;

static uint32_t read16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }

static uint32_t divide_up(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

static bool is_frame(uint8_t marker) {
  return marker == SOF55 || (marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC);
}

static const char *rare_kind(uint8_t marker, uint8_t precision) {
  if (marker == SOF55) return "JPEG-LS";
  if (marker >= SOF9) return "arithmetic coding";
  if (marker == SOF3) return "lossless";
  if (marker > SOF3) return "hierarchical";
  return precision != 8 ? "more than 8 bits a colour" : NULL;
}

/* ---- Segments: `body` is behind the length ---- */

/* False if stb_image would not take it, or take it for something else. */
static bool read_frame(reader *r, uint8_t marker, const uint8_t *body, size_t length) {
  hb_jpeg_structure *out = r->out;
  if (r->has_frame || length < 6 || length != 6u + 3u * body[5]) return false;
  out->rare_kind = rare_kind(marker, body[0]);
  out->height = read16(body + 1);
  out->width = read16(body + 3);
  out->components = body[5];
  out->is_progressive = marker == SOF2;
  r->has_frame = true;
  if (out->components == 0 || out->components > COMPONENTS_MAX || out->components == 2) return false;
  for (uint32_t i = 0; i < out->components; i++) {
    const uint8_t *p = body + 6 + 3 * (size_t)i;
    component *c = &r->components[i];
    *c = (component){.id = p[0], .h = p[1] >> 4, .v = p[1] & 15, .quantization = p[2]};
    if (c->h == 0 || c->h > 4 || c->v == 0 || c->v > 4 || c->quantization > 3) return false;
    if (c->h > r->h_max) r->h_max = c->h;
    if (c->v > r->v_max) r->v_max = c->v;
    for (uint32_t k = 0; k < i; k++)
      if (r->components[k].id == c->id) return false; /* stb_image takes all of them for the first */
  }
  return out->width > 0 && out->height > 0;
}

static bool read_quantizations(reader *r, const uint8_t *body, size_t length) {
  while (length > 0) {
    const size_t table = body[0] >> 4 == 0 ? 65 : 129;
    if (length < table || body[0] >> 4 > 1 || (body[0] & 15) > 3) return false;
    r->quantizations[body[0] & 15] = true;
    body += table, length -= table;
  }
  return true;
}

static bool read_codes(reader *r, const uint8_t *body, size_t length) {
  while (length > 0) {
    if (length < 17 || body[0] >> 4 > 1 || (body[0] & 15) > 3) return false;
    size_t table = 17;
    for (int i = 1; i <= 16; i++) table += body[i];
    if (table > length) return false;
    (body[0] >> 4 == 0 ? r->dc_codes : r->ac_codes)[body[0] & 15] = true;
    r->has_any_codes = true;
    body += table, length -= table;
  }
  return true;
}

static bool read_segment(reader *r, uint8_t marker, const uint8_t *body, size_t length) {
  if (is_frame(marker)) return read_frame(r, marker, body, length);
  switch (marker) {
    case DQT: return read_quantizations(r, body, length);
    case DHT: return read_codes(r, body, length);
    case DRI:
      if (length != 2) return false;
      r->restart_interval = read16(body);
      return true;
    case DNL: return length == 2 && read16(body) == r->out->height;
    case APP0:
      if (length >= 5 && memcmp(body, "JFIF", 5) == 0) r->has_jfif = true;
      return true;
    case APP14:
      if (length >= 12 && memcmp(body, "Adobe", 5) == 0) {
        if (body[5] != 0) return false; /* where stb_image wants a 0, which is the version's upper half */
        r->has_adobe = true;
        r->adobe_transform = body[11];
      }
      return true;
    default: return (marker >= APP0 && marker <= APP15) || marker == COM;
  }
}

/* ---- Scans ---- */

static bool is_called_rgb(const reader *r) {
  return r->components[0].id == 'R' && r->components[1].id == 'G' && r->components[2].id == 'B';
}

/* Three components that are called R, G and B are that to stb_image, whatever else the file says. To libjpeg a JFIF
 * header or Adobe's marker counts for more. Four components are CMYK, or YCCK: Adobe's marker tells. Without it they
 * are taken as Adobe writes CMYK, inverted, like browsers do. */
static bool knows_colours(reader *r) {
  if (r->out->components == 3) return !is_called_rgb(r) || !(r->has_jfif || (r->has_adobe && r->adobe_transform != 0));
  if (r->out->components != 4) return true;
  if (r->has_adobe) return r->adobe_transform == 0 || r->adobe_transform == 2;
  r->out->adobe_at = 2;
  return true;
}

static bool has_tables(reader *r, const scan *s, const uint8_t *body) {
  for (uint32_t i = 0; i < s->count; i++) {
    const uint8_t dc = body[2 + 2 * i] >> 4, ac = body[2 + 2 * i] & 15;
    if (dc > 3 || ac > 3 || !r->quantizations[r->components[s->of[i]].quantization]) return false;
    const bool needs_dc = s->first == 0 && !s->is_refinement, needs_ac = s->last > 0;
    if (!r->has_any_codes) {
      if (r->out->is_progressive || dc > 1 || ac > 1) return false;
      continue; /* the standard ones serve */
    }
    if ((needs_dc && !r->dc_codes[dc]) || (needs_ac && !r->ac_codes[ac])) return false;
  }
  return true;
}

static bool find_component(const reader *r, uint8_t id, uint8_t *place) {
  for (uint32_t k = 0; k < r->out->components; k++)
    if (r->components[k].id == id) return *place = (uint8_t)k, true;
  return false;
}

static bool read_scan_header(reader *r, const uint8_t *body, size_t length, scan *s) {
  *s = (scan){.count = length > 0 ? body[0] : 0};
  if (!r->has_frame || s->count < 1 || s->count > r->out->components || length != 4 + 2 * (size_t)s->count)
    return false;
  for (uint32_t i = 0; i < s->count; i++) {
    if (!find_component(r, body[1 + 2 * i], &s->of[i])) return false;
  }
  const uint8_t *spectrum = body + length - 3;
  s->first = spectrum[0], s->last = spectrum[1];
  if (r->out->is_progressive) {
    s->is_refinement = spectrum[2] >> 4 > 0;
    if (s->first > s->last || s->last >= COEFFICIENTS || spectrum[2] >> 4 > 13 || (spectrum[2] & 15) > 13) return false;
    if (s->first > 0 ? s->count > 1 : s->last > 0) return false;
  } else {
    if (s->first != 0 || spectrum[2] != 0) return false;
    s->last = COEFFICIENTS - 1; /* some write 0 there */
  }
  return knows_colours(r) && has_tables(r, s, body);
}

/* Blocks of 8 x 8, and the units between which restart markers may be. */
static void count_blocks(const reader *r, const scan *s, uint64_t *blocks, uint64_t *units) {
  const hb_jpeg_structure *j = r->out;
  if (s->count == 1) {
    const component *c = &r->components[s->of[0]];
    *units = *blocks = (uint64_t)divide_up(divide_up(j->width * c->h, r->h_max), 8) *
                       divide_up(divide_up(j->height * c->v, r->v_max), 8);
    return;
  }
  *units = (uint64_t)divide_up(j->width, 8 * r->h_max) * divide_up(j->height, 8 * r->v_max);
  *blocks = 0;
  for (uint32_t i = 0; i < s->count; i++) {
    const component *c = &r->components[s->of[i]];
    *blocks += *units * c->h * c->v;
  }
}

/* Passes the data up to the marker that ends them, and returns if there is one. Counts restart markers as long as they
 * are in order. */
static bool pass_data(reader *r, uint64_t *restarts, bool *in_order) {
  const uint8_t *p = r->bytes + r->at, *end = r->bytes + r->size;
  *restarts = 0;
  *in_order = true;
  while ((p = memchr(p, 0xff, (size_t)(end - p))) != NULL && p + 1 < end) {
    if (p[1] == 0xff) {
      p++; /* filling */
    } else if (p[1] == 0) {
      p += 2;
    } else if (p[1] >= RST0 && p[1] <= RST7) {
      if (p[1] - RST0 != (int)(*restarts % 8)) *in_order = false;
      ++*restarts;
      p += 2;
    } else {
      r->at = (size_t)(p - r->bytes);
      return true;
    }
  }
  for (r->at = r->size; r->bytes[r->at - 1] == 0xff;) r->at--; /* half a marker */
  return false;
}

/* False if restart markers are missing or in disorder, so that the decoder has to find its way again. */
static bool read_scan_data(reader *r, const scan *s, bool *is_ended) {
  uint64_t blocks, units, restarts;
  bool in_order;
  count_blocks(r, s, &blocks, &units);
  r->out->blocks += blocks;
  *is_ended = pass_data(r, &restarts, &in_order);
  if (r->restart_interval == 0) return restarts == 0;
  const uint64_t intervals = (units + r->restart_interval - 1) / r->restart_interval;
  r->out->intervals += intervals;
  r->out->intervals_present += restarts + 1 < intervals ? restarts + 1 : intervals;
  if (!in_order) return false;
  /* one may follow the last interval */
  return restarts + 1 == intervals || restarts == intervals || (!*is_ended && restarts < intervals);
}

static void note_last_scan(reader *r) {
  const scan *s = &r->last_scan;
  for (uint32_t i = 0; i < s->count; i++)
    for (unsigned k = s->first; k <= s->last; k++) r->components[s->of[i]].has_coefficient[k] = true;
}

static bool all_scanned(const reader *r) {
  if (!r->has_frame) return false;
  for (uint32_t i = 0; i < r->out->components; i++)
    if (!r->components[i].is_scanned) return false;
  return true;
}

/* All colours roughly, and the first one, which is brightness, in all detail. */
static bool has_brightness(const reader *r) {
  for (uint32_t i = 0; i < r->out->components; i++)
    if (!r->components[i].has_coefficient[0]) return false;
  for (unsigned k = 1; k < COEFFICIENTS; k++)
    if (!r->components[0].has_coefficient[k]) return false;
  return true;
}

/* ---- The file ---- */

/* At a marker: returns it, 0 if there is none, as where the file ends. */
static uint8_t next_marker(reader *r) {
  if (r->at >= r->size || r->bytes[r->at] != 0xff) return 0;
  while (r->at < r->size && r->bytes[r->at] == 0xff) r->at++;
  return r->at < r->size ? r->bytes[r->at++] : 0;
}

static bool has_enough(const reader *r) { return r->out->is_progressive ? has_brightness(r) : all_scanned(r); }

/* What the picture has up to here. */
static void stop(reader *r, size_t end, bool is_open) {
  r->out->end = end;
  r->out->is_open = is_open;
  r->out->is_enough_before_last = r->out->is_progressive && has_enough(r);
  note_last_scan(r);
  r->out->is_enough = has_enough(r);
}

/* Returns if there is more to read. */
static bool read_scan(reader *r, size_t marker_at, const uint8_t *body, size_t length, bool *is_sound) {
  scan s;
  bool is_ended = false;
  if (!read_scan_header(r, body, length, &s)) return false;
  if (!r->has_any_codes && r->out->tables_at == 0) r->out->tables_at = marker_at;
  *is_sound = read_scan_data(r, &s, &is_ended);
  if (!*is_sound) return false;
  for (uint32_t i = 0; i < s.count; i++) r->components[s.of[i]].is_scanned = true;
  note_last_scan(r);
  r->last_scan = s;
  r->out->last_scan_at = marker_at;
  if (is_ended && (r->out->is_progressive || !all_scanned(r))) return true;
  stop(r, r->at, !is_ended);
  return false;
}

/* Up to the end of the picture. Returns if all was as it should be. */
static bool read_file(reader *r) {
  bool is_sound = false;
  for (;;) {
    const size_t marker_at = r->at;
    const uint8_t marker = next_marker(r);
    const bool is_late = r->out->is_progressive && all_scanned(r);
    if (marker == EOI && is_late) return stop(r, marker_at, false), true;
    const size_t left = r->size - r->at, length = left >= 2 ? read16(r->bytes + r->at) : 0;
    const bool is_cut = left < 2 || length > left;
    if (marker < SOF0 || length < 2 || is_cut) {
      if (is_cut || is_late) stop(r, marker_at, true); /* something else follows, or nothing */
      return is_cut || is_late;
    }
    const uint8_t *body = r->bytes + r->at + 2;
    r->at += length;
    if (marker == SOS) {
      if (!read_scan(r, marker_at, body, length - 2, &is_sound)) return is_sound;
    } else if (!read_segment(r, marker, body, length - 2)) {
      return false;
    }
  }
}

bool hb_jpeg_structure_read(const uint8_t *bytes, size_t size, hb_jpeg_structure *out) {
  *out = (hb_jpeg_structure){0};
  reader r = {.bytes = bytes, .size = size, .at = 2, .out = out};
  out->is_sound = read_file(&r);
  return r.has_frame;
}
