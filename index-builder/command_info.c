#include <sys/stat.h>

#include "base/text.h"
#include "commands.h"
#include "file_kind.h"
#include "options.h"

static unsigned long long bytes_of(const hb_index *index) {
  unsigned long long bytes = 0;
  for (uint32_t f = 0; f < hb_index_file_count(index); f++) bytes += hb_index_file_bytes(index, f);
  return bytes;
}

/* Counts the images whose paths end like those of PNM files, which browsers do not show; 0 if there are thumbnails. */
static uint32_t count_unshown(const hb_index *index, const hb_catalog *catalog) {
  uint32_t count = 0;
  if (*hb_index_thumb_url(index) != '\0') return 0;
  for (uint32_t i = 0; i < hb_catalog_count(catalog); i++)
    count += file_kind_is_pnm_name(hb_catalog_entry(catalog, i).path);
  return count;
}

static const char *model_of(const hb_index *index) {
  return hb_index_head(index) == HB_HEAD_NONE ? "none" : hb_index_model_id(index);
}

static void add_member(hb_text *t, const char *name, const char *value) {
  hb_text_add(t, ",\"%s\":", name);
  hb_text_add_json(t, value);
}

static void print_index_json(const hb_index *index, const hb_catalog *catalog) {
  hb_text t = {0};
  hb_text_add(&t, "{\"kind\":\"index\",\"version\":%u,\"metric\":\"COSINE\",\"count\":%u", HB_BUNDLE_VERSION,
              hb_index_count(index));
  hb_text_add(&t, ",\"head\":\"%s\",\"dim\":%u,\"storage\":\"%s\"", hb_head_name(hb_index_head(index)),
              hb_index_dim(index), hb_encoding_name(hb_index_encoding(index)));
  hb_text_add(&t, ",\"nlist\":%u,\"nprobe\":%u,\"files\":%u,\"bytes\":%llu", hb_index_nlist(index),
              hb_index_nprobe(index), hb_index_file_count(index), bytes_of(index));
  add_member(&t, "model_id", model_of(index));
  add_member(&t, "model_url", hb_index_model_url(index));
  add_member(&t, "view", hb_view_name(hb_index_view(index)));
  add_member(&t, "image_url", hb_index_image_url(index));
  add_member(&t, "thumb_url", hb_index_thumb_url(index));
  hb_text_add(&t, ",\"unshown\":%u", count_unshown(index, catalog));
  hb_text_add(&t, "}");
  say_json(&t);
}

static void print_index_text(const hb_index *index, const hb_catalog *catalog) {
  bool has_model = hb_index_head(index) != HB_HEAD_NONE;
  say("index of %u images, head %s (%u numbers), cosine, %s", hb_index_count(index), hb_head_name(hb_index_head(index)),
      hb_index_dim(index), hb_encoding_name(hb_index_encoding(index)));
  say("%u lists, %u probed by default; %.1f MB in %u files beside index.json", hb_index_nlist(index),
      hb_index_nprobe(index), (double)bytes_of(index) / 1e6, hb_index_file_count(index));
  hb_text line = {0};
  hb_text_add(&line, "model %.12s%s%s", model_of(index), has_model ? " at " : "", hb_index_model_url(index));
  if (has_model) hb_text_add(&line, ", view %s", hb_view_name(hb_index_view(index)));
  hb_text_add(&line, ", images at %s", hb_index_image_url(index));
  if (*hb_index_thumb_url(index) != '\0') hb_text_add(&line, ", thumbnails at %s", hb_index_thumb_url(index));
  say_text(&line);
  const uint32_t unshown = count_unshown(index, catalog);
  if (unshown > 0)
    note("%u of %u images %s PNM, which browsers do not show; build with --thumbs, or save them as PNG", unshown,
         hb_index_count(index), unshown == 1 ? "is" : "are");
}

static int print_index(const char *path, bool json) {
  hb_error error;
  hb_index *index = NULL;
  hb_catalog *catalog = NULL; /* creating it reads and checks all files */
  int exit_code = EXIT_DONE;
  if (hb_index_open(path, &index, &error) != HB_OK || hb_catalog_create(index, &catalog, &error) != HB_OK)
    exit_code = fail("%s: %s", path, error.text);
  else
    (json ? print_index_json : print_index_text)(index, catalog);
  hb_catalog_free(catalog);
  hb_index_free(index);
  return exit_code;
}

static int print_model(const char *path, long long bytes, bool json) {
  hb_error error;
  hb_model *model;
  if (hb_model_open(path, &model, &error) != HB_OK) return fail("%s: %s", path, error.text);
  const char *precision = hb_precision_name(hb_model_precision(model)), *view = hb_view_name(hb_model_view(model));
  if (json)
    say("{\"kind\":\"model\",\"network\":\"resnet18\",\"precision\":\"%s\",\"view\":\"%s\",\"id\":\"%s\",\"bytes\":%"
        "lld}",
        precision, view, hb_model_id(model), bytes);
  else
    say("ResNet-18, %s, view %s, %.1f MB", precision, view, (double)bytes / 1e6);
  if (!json) say("model %s", hb_model_id(model));
  hb_model_free(model);
  return EXIT_DONE;
}

int command_info(int argc, char **argv) {
  bool json = false;
  const option options[] = {{"json", OPTION_FLAG, &json, .help = "print JSON"}};
  const command_line line = {"info", "BUNDLE|MODEL", "Checks bundles and model files, and describes them.", options,
                             sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  for (; operand < argc; operand++) {
    struct stat info;
    const char *path = argv[operand];
    if (stat(path, &info) != 0)
      exit_code = fail("cannot find '%s'", path);
    else {
      int printed = S_ISDIR(info.st_mode) ? print_index(path, json) : print_model(path, (long long)info.st_size, json);
      if (printed != EXIT_DONE) exit_code = printed;
    }
  }
  return exit_code;
}
