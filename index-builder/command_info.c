#include <stdio.h>
#include <sys/stat.h>

#include "commands.h"
#include "options.h"
#include "text.h"

static int print_index(const char *path, bool json) {
  hb_error error;
  hb_index *index;
  if (hb_index_open(path, &index, &error) != HB_OK) return fail("%s: %s", path, error.text);
  unsigned long long bytes = 0;
  for (uint32_t f = 0; f < hb_index_file_count(index); f++) bytes += hb_index_file_bytes(index, f);
  const char *head = hb_head_name(hb_index_head(index));
  unsigned count = hb_index_count(index), dim = hb_index_dim(index);
  unsigned nlist = hb_index_nlist(index), nprobe = hb_index_nprobe(index), files = hb_index_file_count(index);
  if (json) {
    hb_text t = {0};
    hb_text_add(&t, "{\"kind\":\"index\",\"version\":1,\"metric\":\"COSINE\",\"count\":%u,\"head\":\"%s\",\"dim\":%u",
                count, head, dim);
    hb_text_add(&t, ",\"nlist\":%u,\"nprobe\":%u,\"files\":%u,\"bytes\":%llu,\"model_id\":\"%s\",\"model_url\":", nlist,
                nprobe, files, bytes, hb_index_model_id(index));
    hb_text_add_json(&t, hb_index_model_url(index));
    hb_text_add(&t, ",\"image_url\":");
    hb_text_add_json(&t, hb_index_image_url(index));
    hb_text_add(&t, "}");
    print_line(&t);
  } else {
    printf("index of %u images, head %s (%u numbers), cosine, f32\n", count, head, dim);
    printf("%u lists, %u probed by default; %.1f MB in %u files beside index.json\n", nlist, nprobe,
           (double)bytes / 1e6, files);
    printf("model %.12s at %s, images at %s\n", hb_index_model_id(index), hb_index_model_url(index),
           hb_index_image_url(index));
  }
  hb_index_free(index);
  return EXIT_DONE;
}

static int print_model(const char *path, long long bytes, bool json) {
  hb_error error;
  hb_model *model;
  if (hb_model_open(path, &model, &error) != HB_OK) return fail("%s: %s", path, error.text);
  if (json)
    printf("{\"kind\":\"model\",\"network\":\"resnet18\",\"precision\":\"f32\",\"id\":\"%s\",\"bytes\":%lld}\n",
           hb_model_id(model), bytes);
  else
    printf("ResNet-18, f32, %.1f MB\nmodel %s\n", (double)bytes / 1e6, hb_model_id(model));
  hb_model_free(model);
  return EXIT_DONE;
}

int command_info(int argc, char **argv) {
  bool json = false;
  const option options[] = {{"json", OPTION_FLAG, &json, .help = "print JSON"}};
  const command_line line = {"info", "BUNDLE|MODEL", "Says what a bundle or a model file is, after checking it.",
                             options, sizeof options / sizeof *options};
  int operand, exit_code;
  if (!options_parse(&line, argc, argv, &operand, &exit_code)) return exit_code;
  for (; operand < argc; operand++) {
    struct stat info;
    const char *path = argv[operand];
    if (stat(path, &info) != 0)
      exit_code = fail("'%s' is not there", path);
    else {
      int printed = S_ISDIR(info.st_mode) ? print_index(path, json) : print_model(path, (long long)info.st_size, json);
      if (printed != EXIT_DONE) exit_code = printed;
    }
  }
  return exit_code;
}
