#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/utf8.h"
#include "build_report.h"
#include "commands.h"
#include "head_option.h"
#include "left_out.h"
#include "options.h"
#include "progress.h"

#define DEFAULT_SEED 1234
#define NOT_GIVEN UINT64_MAX /* for --seed: every number in its range is a seed */

typedef struct {
  const char *model, *images, *vectors, *ids, *out, *head, *encoding, *model_url, *image_url;
  text_list exclude, include;
  double recall;
  uint64_t nlist, seed, threads, shard_bytes, memory, thumbs;
  bool retrain, fresh, strict, json;
} settings;

/* Everything that one build owns. */
typedef struct {
  const settings *s;
  image_files images;
  npy_file *vectors;
  vector_ids ids;
  hb_model *model;
  existing_needs needs;
  existing_bundle base;
  char *model_url, thumb_url[48], head[24];
  hb_build_options options;
  hb_builder *builder;
  journal *journal;
  update_tally tally;
} building;

/* Puts the name of the file before the sentence. */
static hb_status blame(const char *path, hb_error *error) {
  const hb_error said = *error;
  return hb_fail(error, said.status, "%.150s: %.240s", path, said.text);
}

static bool is_text(const char *bytes) { return hb_utf8_is_text(bytes, strlen(bytes)); }

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* "../NAME?v=ID": the model lies beside the bundle. Another model has another address, so browsers may cache it for
 * ever. */
static char *default_model_url(const char *path, const hb_model *model) {
  const char *name = name_of(path);
  size_t capacity = strlen(name) + 32;
  char *url = malloc(capacity);
  if (url != NULL) snprintf(url, capacity, "../%s?v=%.8s", name, hb_model_id(model));
  return url;
}

static hb_status find_head_dim(building *b, hb_error *error) {
  hb_head *head;
  if (b->needs.any_head || b->needs.head != HB_HEAD_FILE) return HB_OK;
  hb_status status = hb_head_open(b->model, b->s->head, &head, error);
  if (status != HB_OK) return status;
  b->needs.dim = hb_head_dim(head);
  hb_head_free(head);
  return HB_OK;
}

static void note_images(const settings *s, const image_files *images) {
  if (images->linked > 0)
    note("%u of %u images %s through links to folders", images->linked, images->count,
         images->linked == 1 ? "comes" : "come");
  if (images->pnm > 0 && s->thumbs == 0)
    note("%u of %u images %s PNM, which browsers do not show; use --thumbs, or save them as PNG", images->pnm,
         images->count, images->pnm == 1 ? "is" : "are");
}

static hb_status list_images(building *b, hb_error *error) {
  const settings *s = b->s;
  const image_files_options options = {&s->exclude, &s->include, s->out};
  hb_status status = image_files_list(s->images, &options, &b->images, error);
  left_out_print(&b->images);
  left_out_print_unread(&b->images);
  if (status == HB_OK) note_images(s, &b->images);
  return status;
}

static hb_status open_images(building *b, hb_error *error) {
  const settings *s = b->s;
  if (hb_model_open(s->model, &b->model, error) != HB_OK) return blame(s->model, error);
  b->needs.model_id = hb_model_id(b->model);
  b->model_url = s->model_url != NULL ? strdup(s->model_url) : default_model_url(s->model, b->model);
  if (b->model_url == NULL) return hb_fail_memory(error);
  hb_status status = find_head_dim(b, error);
  return status == HB_OK ? list_images(b, error) : status;
}

static hb_status open_vectors(building *b, hb_error *error) {
  const settings *s = b->s;
  hb_status status = npy_open(s->vectors, &b->vectors, error);
  if (status != HB_OK) return status;
  b->needs.model_id = "";
  b->needs.head = HB_HEAD_NONE;
  b->needs.dim = npy_dim(b->vectors);
  uint32_t count = npy_count(b->vectors);
  return s->ids != NULL ? vector_ids_read(s->ids, count, &b->ids, error) : vector_ids_number(count, &b->ids, error);
}

/* Returns true if the options ask for lists that the base does not have. */
static bool must_retrain(const building *b) {
  const settings *s = b->s;
  if (b->base.catalog == NULL) return false;
  uint32_t count = b->vectors != NULL ? b->ids.count : b->images.count;
  uint64_t most = count / 39 > 1 ? count / 39 : 1; /* as hb_build_options.nlist says */
  uint64_t nlist = s->nlist < most ? s->nlist : most;
  bool other_nlist = s->nlist > 0 && nlist != hb_index_nlist(b->base.index);
  bool other_seed = s->seed != NOT_GIVEN && s->seed != existing_seed(&b->base);
  bool other_files = s->shard_bytes > 0 && s->shard_bytes != existing_shard_bytes(&b->base);
  return s->retrain || other_nlist || other_seed || other_files;
}

static uint64_t seed_of(const building *b) {
  if (b->s->seed != NOT_GIVEN) return b->s->seed;
  return b->base.catalog != NULL ? existing_seed(&b->base) : DEFAULT_SEED;
}

static void set_options(building *b) {
  const settings *s = b->s;
  bool has_base = b->base.catalog != NULL;
  struct stat info = {0};
  if (s->model != NULL) stat(s->model, &info);
  if (s->thumbs > 0) thumbnail_url((uint32_t)s->thumbs, b->thumb_url, sizeof b->thumb_url);
  b->options = (hb_build_options){.model = b->model,
                                  .head = b->head[0] != '\0' ? b->head : s->head,
                                  .dim = b->needs.dim,
                                  .encoding = b->needs.encoding,
                                  .nlist = (uint32_t)s->nlist,
                                  .recall = s->recall,
                                  .seed = seed_of(b),
                                  .model_bytes = (uint64_t)info.st_size,
                                  .model_url = b->model_url,
                                  .image_url = s->image_url,
                                  .thumb_url = b->thumb_url,
                                  .shard_bytes = s->shard_bytes > 0 ? s->shard_bytes
                                                 : has_base         ? existing_shard_bytes(&b->base)
                                                                    : 0,
                                  .memory_bytes = (size_t)s->memory << 20,
                                  .threads = (uint32_t)s->threads,
                                  .base = has_base ? s->out : NULL,
                                  .retrain = must_retrain(b),
                                  .stage = progress_stage};
}

static hb_status update(building *b, hb_error *error) {
  const settings *s = b->s;
  const update_target target = {b->builder, &b->base, b->journal, &b->tally};
  if (b->vectors != NULL) return update_vectors(&target, b->vectors, &b->ids, error);
  const thumbnail_store thumbs = {(uint32_t)s->thumbs, hb_builder_directory(b->builder), b->options.base};
  const embed_options options = {b->model, s->images, (uint32_t)s->threads, thumbs};
  hb_status status = update_images(&target, &b->images, &options, error);
  print_skipped(&b->tally);
  if (status == HB_OK && b->tally.copies > 0)
    note("%u %s, byte by byte; 'search --distinct' shows each picture once", b->tally.copies,
         b->tally.copies == 1 ? "image is a copy of another" : "images are copies of others");
  const uint32_t unread = b->tally.skipped_count + b->images.misnamed + b->images.unread_count;
  if (status == HB_OK && s->strict && unread > 0)
    status = hb_fail(error, HB_CORRUPT_IMAGE, "nothing was written, because --strict forbids to skip");
  return status;
}

static hb_status open_journal(building *b, hb_error *error) {
  if (b->vectors != NULL) return HB_OK;
  hb_status status = journal_open(b->s->out, b->needs.model_id, &b->journal, error);
  if (status == HB_OK && journal_count(b->journal) > 0)
    note("resuming an interrupted build: %u images are embedded already", journal_count(b->journal));
  return status;
}

/* A head is learned anew from the features of all images, which no bundle holds. */
static void give_up_learned_head(building *b) {
  if (!b->s->retrain || b->base.catalog == NULL || !head_option_is_learned(hb_index_head(b->base.index))) return;
  if (b->needs.any_head) head_option_again(b->base.index, b->head, sizeof b->head);
  existing_refuse_because(&b->base, "has a head that --retrain learns anew");
}

static hb_status create_builder(building *b, hb_error *error) {
  set_options(b);
  hb_status status = hb_builder_create(b->s->out, &b->options, &b->builder, error);
  if (status != HB_INVALID_ARGUMENT || b->base.catalog == NULL) return status;
  existing_refuse(&b->base, error); /* for example, the head is a file with other numbers */
  set_options(b);
  return hb_builder_create(b->s->out, &b->options, &b->builder, error);
}

static hb_status build(building *b, hb_build_report *report, hb_error *error) {
  const settings *s = b->s;
  hb_status status = hb_builder_check_target(s->out, error);
  if (status == HB_OK) status = s->vectors != NULL ? open_vectors(b, error) : open_images(b, error);
  if (status != HB_OK) return status;
  if (!s->fresh) status = existing_open(s->out, &b->needs, &b->base, error);
  if (status != HB_OK) return status;
  give_up_learned_head(b);
  status = create_builder(b, error);
  if (status == HB_OK) status = open_journal(b, error);
  if (status == HB_OK) status = update(b, error);
  if (status != HB_OK) return status;
  status = hb_builder_finish(b->builder, report, error);
  progress_end(NULL);
  if (status == HB_OK && b->journal != NULL) journal_remove(b->journal);
  return status;
}

static void release(building *b) {
  hb_builder_free(b->builder);
  existing_close(&b->base);
  journal_free(b->journal);
  hb_model_free(b->model);
  image_files_free(&b->images);
  npy_close(b->vectors);
  vector_ids_free(&b->ids);
  update_tally_free(&b->tally);
  free(b->model_url);
}

static int run(const settings *s, const existing_needs *needs) {
  building b = {.s = s, .needs = *needs};
  hb_build_report built;
  hb_error error;
  int exit_code = EXIT_DONE;
  if (build(&b, &built, &error) == HB_OK) {
    const build_report report = {.out = s->out,
                                 .noun = b.vectors != NULL ? "vectors" : "images",
                                 .nlist = s->nlist,
                                 .threads = (uint32_t)s->threads,
                                 .encoding = b.needs.encoding,
                                 .tally = &b.tally,
                                 .images = &b.images,
                                 .built = built};
    (s->json ? print_build_json : print_build_text)(&report);
  } else {
    exit_code = fail("%s", error.text);
    if (b.journal != NULL && journal_path(b.journal) != NULL)
      note("embeddings made so far are kept in '%s' for the next build", journal_path(b.journal));
  }
  release(&b);
  return exit_code;
}

/* The first option that makes no sense for ready-made vectors; NULL if there is none. */
static const char *option_of_images(const settings *s) {
  if (s->model != NULL) return "model";
  if (s->head != NULL) return "head";
  if (s->exclude.count > 0) return "exclude";
  if (s->include.count > 0) return "include";
  if (s->thumbs > 0) return "thumbs";
  return s->model_url != NULL ? "model-url" : NULL;
}

/* index.json holds them, so they must be UTF-8. */
static int check_urls(const settings *s) {
  if (!is_text(s->image_url)) return fail_usage("--image-url is not UTF-8");
  if (s->model_url != NULL && !is_text(s->model_url)) return fail_usage("--model-url is not UTF-8");
  if (s->model_url == NULL && s->model != NULL && !is_text(name_of(s->model)))
    return fail_usage("the name of --model is not UTF-8; rename it or give --model-url");
  return EXIT_DONE;
}

/* Checks what the table of options cannot check. Returns EXIT_DONE if the build can start. */
static int check(settings *s, existing_needs *needs) {
  if (s->images == NULL && s->vectors == NULL)
    return fail_usage("--images or --vectors is missing (see 'index-builder build --help')");
  if (s->images != NULL && s->vectors != NULL) return fail_usage("use either --images or --vectors, not both");
  if (s->vectors != NULL && option_of_images(s) != NULL)
    return fail_usage("--%s cannot be used with --vectors", option_of_images(s));
  if (s->vectors == NULL && s->ids != NULL) return fail_usage("--ids can only be used with --vectors");
  if (s->images != NULL && s->model == NULL) return fail_usage("--model is missing (see 'index-builder build --help')");
  if (s->fresh && s->retrain) return fail_usage("use either --fresh or --retrain, not both");
  if (!hb_encoding_parse(s->encoding, &needs->encoding))
    return fail_usage("--storage must be f32, f16 or i8, not '%s'", s->encoding);
  needs->any_head = s->vectors == NULL && s->head == NULL;
  if (s->head != NULL && !head_option_parse(s->head, &needs->head, &needs->dim))
    return fail_usage("--head must be " HEAD_OPTION_MADE ", exact, logits or a file, not '%s'", s->head);
  return check_urls(s);
}

int command_build(int argc, char **argv) {
  settings s = {.encoding = "i8",
                .image_url = "../images/{path}",
                .recall = 0.991,
                .seed = NOT_GIVEN,
                .threads = default_threads(),
                .memory = 1024};
  const option options[] = {
      {"images", OPTION_TEXT, &s.images, .argument = "DIR",
       .help = "folder of images; the first folder of an image's path is its label"},
      {"model", OPTION_TEXT, &s.model, .argument = "FILE", .help = "model file, made by 'index-builder model'"},
      {"exclude", OPTION_LIST, &s.exclude, .argument = "NAME",
       .help = "skip files and folders with this name (may be repeated)"},
      {"include", OPTION_LIST, &s.include, .argument = "NAME",
       .help = "index what is skipped by default, such as @eaDir or '.*' (may be repeated)"},
      {"vectors", OPTION_TEXT, &s.vectors, .argument = "FILE.npy",
       .help = "index the rows of this file, which are ready-made vectors, instead of images"},
      {"ids", OPTION_TEXT, &s.ids, .argument = "FILE",
       .help = "a line for each vector: path, or path, tab and label (default: its number)"},
      {"out", OPTION_TEXT, &s.out, .required = true, .argument = "DIR",
       .help = "folder of the bundle; an existing bundle is updated"},
      {"fresh", OPTION_FLAG, &s.fresh, .help = "keep nothing of an existing bundle"},
      {"retrain", OPTION_FLAG, &s.retrain,
       .help = "cluster again, but embed only new images; a learned head is learned anew, which takes all images"},
      {"head", OPTION_TEXT, &s.head, .argument = "HEAD",
       .help = "what makes a vector of D numbers (default: that of an existing bundle; else discriminant:256 if 20\n"
               "                         labels or more have two images, or else pca:256):\n"
               "                         discriminant:D  learned from the labels, good for other things, too\n"
               "                         lda, lda:D      learned from the labels, best for what they name\n"
               "                         pca:D           learned from the images, without labels\n"
               "                         svd:D, exact, logits, or a safetensors FILE  as in README"},
      {"storage", OPTION_TEXT, &s.encoding, .argument = "S",
       .help = "store numbers as f32, f16 or i8, in 4, 2 or 1 bytes (default i8)"},
      {"nlist", OPTION_NUMBER, &s.nlist, .minimum = 1, .maximum = HB_NLIST_MAX, .argument = "N",
       .help = "number of lists (default: twice the square root of the number of images)"},
      {"recall", OPTION_REAL, &s.recall, .minimum = 0.5, .maximum = 1, .argument = "R",
       .help = "recall@4 that the default nprobe must reach on a sample (default 0.991)"},
      {"seed", OPTION_NUMBER, &s.seed, .minimum = 0, .maximum = 9e15, .argument = "N",
       .help = "seed of the clustering (default 1234)"},
      {"thumbs", OPTION_NUMBER, &s.thumbs, .minimum = THUMBNAIL_PIXELS_LEAST, .maximum = THUMBNAIL_PIXELS_MOST,
       .argument = "PX", .help = "add thumbnails with PX pixels on the longer side (default: none)"},
      {"image-url", OPTION_TEXT, &s.image_url, .argument = "URL",
       .help = "address where pages find an image (default ../images/{path})"},
      {"model-url", OPTION_TEXT, &s.model_url, .argument = "URL",
       .help = "address where pages find the model, relative to the bundle (default ../FILE)"},
      {"shard-bytes", OPTION_NUMBER, &s.shard_bytes, .minimum = 1, .maximum = 16 << 20, .argument = "N",
       .help = "pack lists into files of about N bytes (default 8192)"},
      {"memory", OPTION_NUMBER, &s.memory, .minimum = 64, .maximum = 1048576, .argument = "MB",
       .help = "memory for vectors while building; with less, fewer of them train the lists (default 1024)"},
      {"threads", OPTION_NUMBER, &s.threads, .minimum = 1, .maximum = THREADS_MAX, .argument = "N",
       .help = "number of images to embed at once (default: all processors)"},
      {"strict", OPTION_FLAG, &s.strict, .help = "fail if an image or a folder cannot be read, instead of skipping it"},
      {"json", OPTION_FLAG, &s.json, .help = "print JSON"},
  };
  const command_line line = {
      "build", NULL,
      "Embeds all images below a folder and writes a bundle: a folder of static files, in which web pages\n"
      "and 'index-builder search' find similar images. An existing bundle is updated: only new and changed\n"
      "images are embedded. An interrupted build resumes when it is run again, from DIR.embedded.",
      options, sizeof options / sizeof *options};
  existing_needs needs = {0};
  int operand, exit_code;
  if (options_parse(&line, argc, argv, &operand, &exit_code) && (exit_code = check(&s, &needs)) == EXIT_DONE)
    exit_code = run(&s, &needs);
  text_list_free(&s.exclude);
  text_list_free(&s.include);
  return exit_code;
}
