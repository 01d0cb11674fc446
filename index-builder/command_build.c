#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "embed_many.h"
#include "images.h"
#include "options.h"
#include "text.h"

typedef struct {
  const char *model, *images, *out, *head, *storage, *model_url, *image_url;
  text_list exclude;
  uint64_t nlist, seed, threads;
  bool strict, json;
} settings;

/* Moves the rows of embedded images to the front; returns how many there are. */
static uint32_t drop_failed(const image_set *set, embed_result *embedded, uint32_t dim, const char **paths,
                            const char **labels) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    if (embedded->errors[i].status != HB_OK) continue;
    if (kept != i)
      memmove(embedded->vectors + (size_t)kept * dim, embedded->vectors + (size_t)i * dim, dim * sizeof(float));
    paths[kept] = set->paths[i];
    labels[kept++] = set->labels[i];
  }
  return kept;
}

static void print_skipped(const image_set *set, const embed_result *embedded, uint32_t kept) {
  if (kept == set->count) return;
  fprintf(stderr, "%u of %u images could not be read:\n", set->count - kept, set->count);
  for (uint32_t i = 0; i < set->count; i++)
    if (embedded->errors[i].status != HB_OK) fprintf(stderr, "  %s: %s\n", set->paths[i], embedded->errors[i].text);
}

static void add_skipped(hb_text *t, const image_set *set, const embed_result *embedded) {
  bool first = true;
  for (uint32_t i = 0; i < set->count; i++) {
    if (embedded->errors[i].status == HB_OK) continue;
    hb_text_add(t, "%s{\"path\":", first ? "" : ",");
    hb_text_add_json(t, set->paths[i]);
    hb_text_add(t, ",\"error\":");
    hb_text_add_json(t, embedded->errors[i].text);
    hb_text_add(t, "}");
    first = false;
  }
}

static void print_json(const settings *s, const image_set *set, const embed_result *e, uint32_t kept,
                       const hb_build_report *r) {
  hb_text t = {0};
  hb_text_add(&t, "{\"images\":%u,\"seconds\":%.3f,\"images_per_second\":%.1f,\"threads\":%u", kept,
              e->milliseconds / 1e3, set->count / e->milliseconds * 1e3, (unsigned)s->threads);
  hb_text_add(&t, ",\"timings\":{\"read\":%.1f,\"decode\":%.1f,\"preprocess\":%.1f,\"network\":%.1f,\"head\":%.1f}",
              e->read, e->timings.decode, e->timings.preprocess, e->timings.network, e->timings.head);
  hb_text_add(&t, ",\"nlist\":%u,\"nprobe\":%u,\"recall\":%.4f,\"scanned\":%.4f,\"bytes\":%llu,\"files\":%u", r->nlist,
              r->nprobe, r->recall, r->scanned, (unsigned long long)r->bytes, r->files);
  hb_text_add(&t, ",\"skipped\":[");
  add_skipped(&t, set, e);
  hb_text_add(&t, "]}");
  print_line(&t);
}

static void print_text(const settings *s, const image_set *set, const embed_result *e, uint32_t kept,
                       const hb_build_report *r) {
  const hb_timings *t = &e->timings;
  double sum = e->read + t->decode + t->preprocess + t->network + t->head;
  printf("%u images in %.1f s: %.1f a second on %u threads\n", kept, e->milliseconds / 1e3,
         set->count / e->milliseconds * 1e3, (unsigned)s->threads);
  printf("  of that: read %.1f %%, decode %.1f %%, resize and crop %.1f %%, network %.1f %%, head %.1f %%\n",
         100 * e->read / sum, 100 * t->decode / sum, 100 * t->preprocess / sum, 100 * t->network / sum,
         100 * t->head / sum);
  if (s->nlist > r->nlist)
    printf("note: nlist %llu lowered to %u, so that a list has 39 images on average\n", (unsigned long long)s->nlist,
           r->nlist);
  printf("%u lists; by default %u are probed: recall@4 %.4f, %.1f %% of the images scanned (on a sample)\n", r->nlist,
         r->nprobe, r->recall, 100 * r->scanned);
  printf("%s: %.1f MB in %u files\n", s->out, (double)r->bytes / 1e6, r->files);
}

/* "../NAME?v=ID": beside the bundle, and another address for another model, so that it can be cached for ever. */
static char *default_model_url(const char *path, const hb_model *model) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  size_t capacity = strlen(name) + 32;
  char *url = malloc(capacity);
  if (url != NULL) snprintf(url, capacity, "../%s?v=%.8s", name, hb_model_id(model));
  return url;
}

static int write_bundle(const settings *s, hb_model *model, hb_head_kind head, const image_set *set,
                        embed_result *embedded) {
  int exit_code = EXIT_FAILED;
  struct stat info = {0};
  stat(s->model, &info);
  const char **paths = malloc(set->count * sizeof *paths), **labels = malloc(set->count * sizeof *labels);
  char *model_url = s->model_url != NULL ? strdup(s->model_url) : default_model_url(s->model, model);
  if (paths == NULL || labels == NULL || model_url == NULL) {
    fail("there is not enough memory");
  } else {
    uint32_t kept = drop_failed(set, embedded, hb_head_dim(head), paths, labels);
    print_skipped(set, embedded, kept);
    const hb_build_options options = {
        model, head, (uint32_t)s->nlist, s->seed, (uint64_t)info.st_size, model_url, s->image_url, 0};
    hb_build_report report;
    hb_error error;
    if (s->strict && kept < set->count) {
      fail("nothing was written, because of --strict");
    } else if (hb_index_build(s->out, embedded->vectors, paths, labels, kept, &options, &report, &error) != HB_OK) {
      fail("%s", error.text);
    } else {
      (s->json ? print_json : print_text)(s, set, embedded, kept, &report);
      exit_code = EXIT_DONE;
    }
  }
  free(paths);
  free(labels);
  free(model_url);
  return exit_code;
}

static int build(const settings *s, hb_head_kind head) {
  hb_error error;
  image_set set;
  hb_model *model;
  if (hb_index_check_target(s->out, &error) != HB_OK) return fail("%s", error.text);
  if (images_list(s->images, &s->exclude, &set, &error) != HB_OK) return fail("%s", error.text);
  if (hb_model_open(s->model, &model, &error) != HB_OK) return images_free(&set), fail("%s: %s", s->model, error.text);
  if (set.others > 0) fprintf(stderr, "note: %u files are not named like pictures and were left out\n", set.others);

  const embed_job job = {model, head, s->images, set.paths, set.count, (uint32_t)s->threads};
  embed_result embedded;
  int exit_code;
  if (embed_many(&job, &embedded, &error) == HB_OK) {
    exit_code = write_bundle(s, model, head, &set, &embedded);
    embed_result_free(&embedded);
  } else {
    exit_code = fail("%s", error.text);
  }
  hb_model_free(model);
  images_free(&set);
  return exit_code;
}

int command_build(int argc, char **argv) {
  settings s = {
      .head = "exact", .storage = "f32", .image_url = "../images/{path}", .seed = 1234, .threads = default_threads()};
  const option options[] = {
      {"model", OPTION_TEXT, &s.model, .required = true, .argument = "FILE",
       .help = "the model, from 'index-builder model'"},
      {"images", OPTION_TEXT, &s.images, .required = true, .argument = "DIR",
       .help = "the images; the first folder of a path is its label"},
      {"out", OPTION_TEXT, &s.out, .required = true, .argument = "DIR",
       .help = "the bundle; one that is there is replaced"},
      {"exclude", OPTION_LIST, &s.exclude, .argument = "NAME",
       .help = "leave out files and folders of this name (may be repeated)"},
      {"head", OPTION_TEXT, &s.head, .argument = "HEAD",
       .help = "exact: 513 numbers an image, or logits: 1000, same answers"},
      {"storage", OPTION_TEXT, &s.storage, .argument = "S", .help = "f32, the only one yet"},
      {"nlist", OPTION_NUMBER, &s.nlist, .minimum = 1, .maximum = HB_NLIST_MAX, .argument = "N",
       .help = "number of lists (default: twice the square root of the count)"},
      {"seed", OPTION_NUMBER, &s.seed, .minimum = 0, .maximum = 9e15, .argument = "N",
       .help = "of the clustering (default 1234)"},
      {"threads", OPTION_NUMBER, &s.threads, .minimum = 1, .maximum = THREADS_MAX, .argument = "N",
       .help = "images embedded at once (default: all processors)"},
      {"model-url", OPTION_TEXT, &s.model_url, .argument = "URL",
       .help = "where pages find the model, relative to the bundle (default ../FILE)"},
      {"image-url", OPTION_TEXT, &s.image_url, .argument = "URL",
       .help = "where pages find an image (default ../images/{path})"},
      {"strict", OPTION_FLAG, &s.strict, .help = "fail if an image cannot be read, instead of leaving it out"},
      {"json", OPTION_FLAG, &s.json, .help = "print JSON"},
  };
  const command_line line = {
      "build", NULL,
      "Embeds all pictures below a folder and writes a bundle: a folder of static files that pages\n"
      "and 'index-builder search' search.",
      options, sizeof options / sizeof *options};
  int operand, exit_code;
  hb_head_kind head;
  if (!options_parse(&line, argc, argv, &operand, &exit_code))
    ;
  else if (!hb_head_parse(s.head, &head))
    exit_code = fail_usage("--head is '%s', and must be exact or logits", s.head);
  else if (strcmp(s.storage, "f32") != 0)
    exit_code = fail_usage("--storage is '%s', and must be f32", s.storage);
  else
    exit_code = build(&s, head);
  text_list_free(&s.exclude);
  return exit_code;
}
