#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle_write.h"
#include "model.h"
#include "text.h"
#include "vector.h"
#include "weights.h"

/* ---- Weights ---- */

/* What a tensor is filled with: uniform between two bounds. */
typedef struct {
  const char *suffix;
  float low, high;
} norm_part;

static const norm_part norm_parts[] = {
    {"weight", 0.6f, 1.2f}, {"bias", -0.2f, 0.3f}, {"running_mean", -0.3f, 0.3f}, {"running_var", 0.5f, 1.5f}};

typedef struct {
  hb_text header;
  size_t offset; /* of the next tensor; its bytes follow those before it */
  float *floats; /* NULL while only the header is written */
  hb_random random;
} weight_file;

static void add_header(weight_file *f, const char *name, const char *suffix, const char *dtype, const char *shape,
                       size_t bytes) {
  hb_text_add(&f->header, "%s\"%s.%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
              f->offset > 0 ? "," : "{", name, suffix, dtype, shape, f->offset, f->offset + bytes);
}

static void add_floats(weight_file *f, const char *name, const char *suffix, const char *shape, size_t count, float low,
                       float high) {
  size_t bytes = count * sizeof(float);
  if (f->floats == NULL)
    add_header(f, name, suffix, "F32", shape, bytes);
  else
    for (size_t i = 0; i < count; i++)
      f->floats[f->offset / sizeof(float) + i] = low + (high - low) * (float)hb_random_unit(&f->random);
  f->offset += bytes;
}

static void add_convolution(weight_file *f, const hb_conv_spec *spec) {
  char shape[64];
  size_t fan_in = (size_t)spec->in * spec->kernel * spec->kernel;
  float bound = (float)sqrt(3 * 1.5 / (double)fan_in);
  snprintf(shape, sizeof shape, "%u,%u,%u,%u", spec->out, spec->in, spec->kernel, spec->kernel);
  add_floats(f, spec->name, "weight", shape, spec->out * fan_in, -bound, bound);
  snprintf(shape, sizeof shape, "%u", spec->out);
  for (size_t i = 0; i < 4; i++)
    add_floats(f, spec->norm, norm_parts[i].suffix, shape, spec->out, norm_parts[i].low, norm_parts[i].high);
  if (f->floats == NULL) add_header(f, spec->norm, "num_batches_tracked", "I64", "", 8);
  f->offset += 8;
}

static void add_all(weight_file *f) {
  f->offset = 0;
  for (int c = 0; c < HB_CONV_COUNT; c++) add_convolution(f, &hb_conv_specs[c]);
  add_floats(f, "fc", "weight", "1000,512", (size_t)HB_LOGITS_DIM * HB_POOLED_DIM, -0.08f, 0.08f);
  add_floats(f, "fc", "bias", "1000", HB_LOGITS_DIM, -0.1f, 0.1f);
}

blob synthetic_weights(uint64_t seed) {
  weight_file f = {.random = {seed}};
  add_all(&f);
  hb_text_add(&f.header, "}");
  while (f.header.size % 4 != 2) hb_text_add(&f.header, " ");
  uint64_t length = f.header.size;
  blob file = blob_of(&length, sizeof length);
  blob_add(&file, f.header.bytes, f.header.size);
  /* num_batches_tracked stays zero */
  f.floats = calloc(f.offset, 1);
  assert_non_null(f.floats);
  add_all(&f);
  blob_add(&file, f.floats, f.offset);
  free(f.floats);
  hb_text_free(&f.header);
  return file;
}

/* ---- The files of make_weights ---- */

static const char *data_path(const char *name) {
  const char *folder = getenv("HEYBAGH_TEST_DATA");
  struct stat info;
  if (folder == NULL || stat(path_in(folder, name), &info) != 0)
    fail_msg("run this through ctest, or set HEYBAGH_TEST_DATA to the folder that make_weights has filled");
  return path_in(folder, name);
}

const char *weights_path(void) { return data_path("weights.safetensors"); }
const char *model_path(void) { return data_path("model.safetensors"); }

hb_model *open_model(void) {
  hb_model *model = NULL;
  assert_ok(hb_model_open(model_path(), &model, &failure));
  return model;
}

/* ---- Collections ---- */

static char *text_of(const char *format, uint32_t a, uint32_t b) {
  char *text = must_allocate(48);
  snprintf(text, 48, format, a, b);
  return text;
}

collection collection_make(uint32_t count, uint32_t dim, uint32_t labels, uint64_t seed) {
  collection c = {count, dim, labels, NULL, NULL, NULL};
  float *centres = random_unit_vectors(labels, dim, seed);
  c.vectors = random_unit_vectors(count, dim, seed + 1);
  c.paths = must_allocate(count * sizeof *c.paths);
  c.labels = must_allocate(count * sizeof *c.labels);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t label = (uint32_t)((uint64_t)i * labels / count); /* ascending, so that paths are in byte order */
    c.paths[i] = text_of("kind-%03u/%06u.jpg", label, i);
    c.labels[i] = text_of("kind-%03u", label, 0);
    hb_add(c.vectors + (size_t)i * dim, centres + (size_t)label * dim, dim);
    hb_normalize(c.vectors + (size_t)i * dim, dim);
  }
  free(centres);
  return c;
}

void collection_free(collection *c) {
  for (uint32_t i = 0; i < c->count; i++) free(c->paths[i]), free(c->labels[i]);
  free(c->vectors);
  free(c->paths);
  free(c->labels);
  *c = (collection){0};
}

void collection_write(const collection *c, const hb_model *model, hb_head_kind kind, size_t shard_bytes,
                      const char *directory, hb_build_report *report) {
  uint32_t nlist = c->labels_count, label = 0;
  float *centroids = must_allocate((size_t)nlist * c->dim * sizeof *centroids);
  uint32_t *ids = must_allocate(c->count * sizeof *ids), *ends = must_allocate(nlist * sizeof *ends);
  for (uint32_t i = 0; i < c->count; i++) {
    ids[i] = i;
    if (i > 0 && strcmp(c->labels[i], c->labels[i - 1]) == 0) continue;
    memcpy(centroids + (size_t)label * c->dim, c->vectors + (size_t)i * c->dim, c->dim * sizeof *centroids);
    if (label > 0) ends[label - 1] = i;
    label++;
  }
  ends[nlist - 1] = c->count;
  hb_head head;
  assert_ok(hb_model_head((hb_model *)model, kind, &head, &failure));
  const hb_build_options options = {.model = (hb_model *)model,
                                    .head = kind,
                                    .seed = 1,
                                    .model_bytes = 1234,
                                    .model_url = "../model.safetensors",
                                    .image_url = "../images/{path}",
                                    .shard_bytes = shard_bytes};
  const hb_bundle_parts parts = {&options,
                                 c->vectors,
                                 (const char *const *)c->paths,
                                 (const char *const *)c->labels,
                                 c->count,
                                 c->dim,
                                 nlist,
                                 nlist > 2 ? 2 : nlist,
                                 &head,
                                 centroids,
                                 ids,
                                 ends};
  hb_build_report unused;
  assert_int_equal(mkdir(directory, 0777), 0);
  assert_ok(hb_bundle_write(directory, &parts, report != NULL ? report : &unused, &failure));
  free(centroids);
  free(ids);
  free(ends);
}
