/* golden MODEL IMAGES GOLDEN: decodes, preprocesses and embeds the images that GOLDEN/golden.json names and compares
 * the three stages with what the float64 reference made of them (arrays.py: Pillow decoding and resizing, numpy):
 *   pixels  the 224 x 224 crop: every byte is equal
 *   pooled  cosine with the reference >= 0.999999 for each image
 *   layer3  the features after it, within the bound of pooled
 *   logits  the same
 * Prints a line an image; exit 1 if any bound is broken. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "image/resize.h"
#include "model/model.h"

/* A network in float32 is 1e-11 from one in float64; one level in every pixel of a picture is 1e-4. */
#define COSINE_MIN 0.999999

#define LAYER3_DIM (HB_FEATURES_DIM - HB_POOLED_DIM)

typedef struct {
  hb_model *model;
  hb_network *network;
  const char *images;
  hb_mapping manifest, pixels, pooled, layer3, reference_logits;
  hb_json *json;
} setup;

static void stop(const char *what) {
  fprintf(stderr, "golden: %s\n", what);
  exit(1);
}

static void map(const char *folder, const char *name, hb_mapping *out) {
  hb_error error;
  char *path = hb_path_join(folder, name);
  if (path == NULL || hb_file_map(path, out, &error) != HB_OK) stop(error.text);
  free(path);
}

static double cosine(const float *a, const float *b, size_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < n; i++) ab += (double)a[i] * b[i], aa += (double)a[i] * a[i], bb += (double)b[i] * b[i];
  return ab / sqrt(aa * bb);
}

static void crop_image(const setup *s, const char *name, uint8_t *crop) {
  hb_error error;
  hb_mapping file;
  hb_image image;
  map(s->images, name, &file);
  if (hb_image_decode(file.bytes, file.size, &image, &error) != HB_OK) stop(error.text);
  if (hb_image_center_crop(&image, crop, &error) != HB_OK) stop(error.text);
  hb_image_free(&image);
  hb_file_unmap(file);
}

/* One image; returns false if a bound is broken. */
static bool check_image(setup *s, size_t i, const char *name) {
  static uint8_t crop[HB_CROP_BYTES];
  static float embedding[HB_LOGITS_DIM];
  crop_image(s, name, crop);
  const uint8_t *expected = (const uint8_t *)s->pixels.bytes + i * HB_CROP_BYTES;
  unsigned different = 0;
  for (size_t p = 0; p < HB_CROP_BYTES; p++) different += crop[p] != expected[p];

  const float *features = hb_network_run(s->network, crop);
  if (features == NULL) stop("the network failed");
  const float *pooled = (const float *)s->pooled.bytes + i * HB_POOLED_DIM;
  const float *layer3 = (const float *)s->layer3.bytes + i * LAYER3_DIM;
  const float *logits = (const float *)s->reference_logits.bytes + i * HB_LOGITS_DIM;
  hb_head_apply(hb_model_logits(s->model), features, embedding);
  const double pooled_cosine = cosine(features, pooled, HB_POOLED_DIM);
  const double layer3_cosine = cosine(features + HB_POOLED_DIM, layer3, LAYER3_DIM);
  const double logits_cosine = cosine(embedding, logits, HB_LOGITS_DIM);
  const bool good =
      different == 0 && pooled_cosine >= COSINE_MIN && layer3_cosine >= COSINE_MIN && logits_cosine >= COSINE_MIN;
  printf("%s %-32s %u bytes of the crop differ, pooled 1 - %.1e, layer3 1 - %.1e, logits 1 - %.1e\n",
         good ? "ok  " : "FAIL", name, different, 1 - pooled_cosine, 1 - layer3_cosine, 1 - logits_cosine);
  return good;
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: golden MODEL IMAGES GOLDEN\n"), 2;
  hb_error error;
  setup s = {.images = argv[2]};
  if (hb_model_open(argv[1], &s.model, &error) || hb_model_create_network(s.model, &s.network, &error))
    stop(error.text);
  map(argv[3], "golden.json", &s.manifest);
  map(argv[3], "pixels.u8", &s.pixels);
  map(argv[3], "pooled.f32", &s.pooled);
  map(argv[3], "layer3.f32", &s.layer3);
  map(argv[3], "logits.f32", &s.reference_logits);
  if (hb_json_parse(s.manifest.bytes, s.manifest.size, &s.json) != HB_OK) stop("golden.json is not JSON");
  int images = hb_json_get(s.json, 0, "images");
  size_t count = (size_t)hb_json_size(s.json, images);
  if (count == 0 || s.pixels.size != count * HB_CROP_BYTES || s.pooled.size != count * HB_POOLED_DIM * sizeof(float) ||
      s.layer3.size != count * LAYER3_DIM * sizeof(float) ||
      s.reference_logits.size != count * HB_LOGITS_DIM * sizeof(float))
    stop("the golden files do not have the sizes that golden.json implies");

  bool good = true;
  size_t i = 0;
  for (int item = hb_json_first(s.json, images); item >= 0; item = hb_json_next(s.json, images, item), i++) {
    char name[256];
    if (!hb_json_string(s.json, item, name, sizeof name)) stop("golden.json is damaged");
    good &= check_image(&s, i, name);
  }
  printf("%s: %zu images\n", good ? "passed" : "FAILED", count);
  hb_json_free(s.json);
  hb_network_free(s.network);
  hb_model_free(s.model);
  return good ? 0 : 1;
}
