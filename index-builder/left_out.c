#include "left_out.h"

#include "messages.h"

typedef struct {
  uint32_t count;
  const char *noun;
} left_out;

#define LINES_MAX (FILE_KINDS + DEFAULT_SKIPS_MAX + 4)

static const char *noun(uint32_t count, const char *one, const char *many) { return count == 1 ? one : many; }

static void add(left_out *lines, uint32_t *used, uint32_t count, const char *name) {
  if (count > 0) lines[(*used)++] = (left_out){count, name};
}

/* Collects what is skipped for its kind, and returns the number of lines. Nouns agree with their counts, unless they
 * are for programs, which always get the plural. */
static uint32_t collect_kinds(const image_files *set, bool plural, left_out lines[LINES_MAX]) {
  const struct {
    uint32_t count;
    const char *one, *many;
  } others[] = {
      {set->special, "pipe, socket or device", "pipes, sockets or devices"},
      {set->bundles, "folder that HeyBagh made", "folders that HeyBagh made"},
      {set->links_again, "link to a folder that is there already", "links to folders that are there already"}};
  uint32_t used = 0;
  for (int kind = 0; kind < FILE_KINDS; kind++)
    add(lines, &used, set->kinds[kind], file_kind_noun((file_kind)kind, plural ? 2 : set->kinds[kind]));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    add(lines, &used, others[i].count, noun(plural ? 2 : others[i].count, others[i].one, others[i].many));
  return used;
}

/* Collects what is skipped for its name. */
static uint32_t collect_skips(const image_files *set, left_out lines[LINES_MAX]) {
  uint32_t used = 0;
  for (int rule = 0; rule < DEFAULT_SKIPS_MAX; rule++)
    if (set->skips[rule] > 0) add(lines, &used, set->skips[rule], default_skip_label(rule));
  return used;
}

/* Prints "note: skipped 12 WebP, 3 HEIC, 40 files that are not images". */
static void print_counts(const left_out *lines, uint32_t count, const char *begin, const char *end) {
  hb_text text = {0};
  for (uint32_t i = 0; i < count; i++) hb_text_add(&text, "%s%u %s", i > 0 ? ", " : "", lines[i].count, lines[i].noun);
  if (count > 0) note("%s %s%s", begin, text.failed ? "some files" : text.bytes, end);
  hb_text_free(&text);
}

void left_out_print(const image_files *set) {
  left_out lines[LINES_MAX];
  print_counts(lines, collect_kinds(set, false, lines), "skipped", "");
  print_counts(lines, collect_skips(set, lines), "skipped by default:", " (use --include NAME to index them)");
}

void left_out_print_unread(const image_files *set) {
  if (set->unread_count > 0)
    warn("%u %s could not be read:", set->unread_count, noun(set->unread_count, "file or folder", "files or folders"));
  for (uint32_t i = 0; i < set->unread_count; i++) warn("  %s: %s", set->unread[i].path, set->unread[i].reason);
}

void left_out_add_json(hb_text *text, const image_files *set) {
  left_out lines[LINES_MAX];
  uint32_t count = collect_kinds(set, true, lines);
  count += collect_skips(set, lines + count);
  hb_text_add(text, ",\"left_out\":[");
  for (uint32_t i = 0; i < count; i++) {
    hb_text_add(text, "%s{\"what\":", i > 0 ? "," : "");
    hb_text_add_json(text, lines[i].noun);
    hb_text_add(text, ",\"count\":%u}", lines[i].count);
  }
  hb_text_add(text, "]");
}
