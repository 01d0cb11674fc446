#include "build_report.h"

#include <string.h>

#include "base/utf8.h"
#include "left_out.h"
#include "messages.h"

static uint32_t in_bundle(const update_tally *t) { return t->kept + t->moved + t->added + t->changed; }

static double rate(const update_tally *t) {
  return t->times.milliseconds > 0 ? (in_bundle(t) + t->skipped_count) / t->times.milliseconds * 1e3 : 0;
}

void print_skipped(const update_tally *tally) {
  if (tally->skipped_count == 0) return;
  warn("%u of %u images could not be read:", tally->skipped_count, in_bundle(tally) + tally->skipped_count);
  for (uint32_t i = 0; i < tally->skipped_count; i++)
    warn("  %s: %s", tally->skipped[i].path, tally->skipped[i].reason);
}

/* Adds "2 images" or "1 image". */
static void add_count(hb_text *line, uint32_t count, const char *nouns) {
  hb_text_add(line, "%u %.*s", count, (int)(strlen(nouns) - (count == 1)), nouns);
}

/* Adds "8677 images: 8675 kept, 1 new, 1 changed, 2 removed". */
static void add_fates(hb_text *line, const build_report *r) {
  const update_tally *t = r->tally;
  const struct {
    uint32_t count;
    const char *word;
  } fates[] = {
      {t->kept, "kept"}, {t->moved, "moved"}, {t->added, "new"}, {t->changed, "changed"}, {t->removed, "removed"}};
  add_count(line, in_bundle(t), r->noun);
  const char *separator = ": ";
  for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
    if (fates[i].count == 0) continue;
    hb_text_add(line, "%s%u %s", separator, fates[i].count, fates[i].word);
    separator = ", ";
  }
}

static void print_times(const build_report *r) {
  const embed_times *e = &r->tally->times;
  const hb_timings *t = &e->timings;
  const struct {
    double time;
    const char *word;
  } parts[] = {{e->read, "reading and hashing"},
               {t->decode, "decoding"},
               {t->preprocess, "resizing and cropping"},
               {t->network, "the network"},
               {e->thumb, "thumbnails"}};
  double sum = 0;
  const char *separator = "";
  hb_text line = {0};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) sum += parts[i].time;
  hb_text_add(&line, "  %.1f images a second on %u threads; time was spent on", rate(r->tally), r->threads);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i].time <= 0) continue;
    hb_text_add(&line, "%s %s %.1f %%", separator, parts[i].word, 100 * parts[i].time / sum);
    separator = ",";
  }
  say_text(&line);
}

static void print_lists(const build_report *r) {
  const hb_build_report *b = &r->built;
  const char *lists = b->nlist == 1 ? "list" : "lists";
  if (b->trained && r->nlist > b->nlist)
    say("note: nlist was lowered from %llu to %u, because a list should have 39 images on average",
        (unsigned long long)r->nlist, b->nlist);
  if (b->head != HB_HEAD_NONE) say("head %s, %u numbers", hb_head_name(b->head), b->dim);
  if (b->trained)
    say("trained %u %s (imbalance %.2f)", b->nlist, lists, b->imbalance);
  else
    say("kept %u %s (imbalance %.2f, and %.2f when trained)", b->nlist, lists, b->imbalance, b->trained_imbalance);
  say("  a search probes %u by default: recall@4 %.4f with %.1f %% of the %s scanned (on a sample)", b->nprobe,
      b->recall, 100 * b->scanned, r->noun);
}

void print_build_text(const build_report *report) {
  const hb_build_report *b = &report->built;
  const update_tally *t = report->tally;
  hb_text line = {0};
  add_fates(&line, report);
  if (t->times.read > 0) hb_text_add(&line, "; embedded %u in %.1f s", t->embedded, t->times.milliseconds / 1e3);
  if (t->resumed > 0) hb_text_add(&line, ", %u in an earlier run", t->resumed);
  say_text(&line);
  if (t->embedded > 0) print_times(report);
  print_lists(report);
  say("%s: %.1f MB in %u files, of which %u are new", report->out, (double)b->bytes / 1e6, b->files, b->files_new);
}

static void add_path(hb_text *text, bool first, const char *path, const char *reason) {
  hb_text_add(text, first ? "{\"path\":" : ",{\"path\":");
  hb_utf8_add_json(text, path);
  hb_text_add(text, ",\"error\":");
  hb_text_add_json(text, reason);
  hb_text_add(text, "}");
}

/* Adds the images, files and folders that could not be read. */
static void add_skipped(hb_text *text, const update_tally *t, const image_files *images) {
  hb_text_add(text, ",\"skipped\":[");
  for (uint32_t i = 0; i < t->skipped_count; i++) add_path(text, i == 0, t->skipped[i].path, t->skipped[i].reason);
  for (uint32_t i = 0; i < images->unread_count; i++)
    add_path(text, i == 0 && t->skipped_count == 0, images->unread[i].path, images->unread[i].reason);
  hb_text_add(text, "]");
}

static void add_work(hb_text *text, const build_report *r) {
  const update_tally *t = r->tally;
  const embed_times *e = &t->times;
  hb_text_add(text, "\"images\":%u,\"kept\":%u,\"moved\":%u,\"added\":%u,\"changed\":%u,\"removed\":%u", in_bundle(t),
              t->kept, t->moved, t->added, t->changed, t->removed);
  hb_text_add(text, ",\"embedded\":%u,\"resumed\":%u", t->embedded, t->resumed);
  hb_text_add(text, ",\"copies\":%u,\"linked\":%u", t->copies, r->images->linked);
  hb_text_add(text, ",\"seconds\":%.3f,\"images_per_second\":%.1f,\"threads\":%u", e->milliseconds / 1e3, rate(t),
              r->threads);
  hb_text_add(text, ",\"timings\":{\"read\":%.1f,\"decode\":%.1f,\"preprocess\":%.1f", e->read, e->timings.decode,
              e->timings.preprocess);
  hb_text_add(text, ",\"network\":%.1f,\"head\":%.1f,\"thumb\":%.1f}", e->timings.network, e->timings.head, e->thumb);
}

static void add_bundle(hb_text *text, const build_report *r) {
  const hb_build_report *b = &r->built;
  hb_text_add(text, ",\"head\":\"%s\",\"dim\":%u,\"storage\":\"%s\"", hb_head_name(b->head), b->dim,
              hb_encoding_name(r->encoding));
  hb_text_add(text, ",\"nlist\":%u,\"trained\":%s,\"imbalance\":%.4f,\"trained_imbalance\":%.4f", b->nlist,
              b->trained ? "true" : "false", b->imbalance, b->trained_imbalance);
  hb_text_add(text, ",\"nprobe\":%u,\"recall\":%.4f,\"scanned\":%.4f", b->nprobe, b->recall, b->scanned);
  hb_text_add(text, ",\"bytes\":%llu,\"files\":%u,\"files_new\":%u", (unsigned long long)b->bytes, b->files,
              b->files_new);
}

void print_build_json(const build_report *report) {
  hb_text text = {0};
  hb_text_add(&text, "{");
  add_work(&text, report);
  add_bundle(&text, report);
  add_skipped(&text, report->tally, report->images);
  left_out_add_json(&text, report->images);
  hb_text_add(&text, "}");
  say_json(&text);
}
