#include "fold_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

/* Builds a bundle of the images `is_in` in `folder`. With a `base` it has that one's head. */
static hb_status build(const fold_images *images, const bool *is_in, const char *base, const char *folder,
                       hb_error *error) {
  const hb_build_options options = {.model = images->model,
                                    .head = base == NULL ? images->head : NULL,
                                    .encoding = images->encoding,
                                    .seed = 1,
                                    .model_url = "model",
                                    .image_url = "{path}",
                                    .threads = images->threads,
                                    .base = base,
                                    .retrain = true};
  hb_builder *builder;
  hb_status status = hb_builder_create(folder, &options, &builder, error);
  if (status != HB_OK) return status;
  for (uint32_t i = 0; i < images->count && status == HB_OK; i++) {
    if (!is_in[i]) continue;
    const hb_entry entry = hb_catalog_entry(images->catalog, i);
    status = hb_builder_add(builder, images->features + (size_t)i * HB_FEATURES_DIM, entry.path, entry.label_text,
                            entry.content, error);
  }
  if (status == HB_OK) status = hb_builder_finish(builder, NULL, error);
  hb_builder_free(builder);
  return status;
}

/* Searches for an image and takes it out of its own results. */
static hb_status ask(const fold_images *images, uint32_t image, bool is_in, hb_engine *engine, float *vector,
                     hb_result *others, fold_answer answer, void *context, hb_error *error) {
  const char *own = hb_catalog_entry(images->catalog, image).path;
  const hb_search_options options = {.k = images->k + is_in};
  const hb_result *results;
  hb_search_report report;
  hb_status status =
      hb_engine_embed_features(engine, images->features + (size_t)image * HB_FEATURES_DIM, vector, error);
  if (status == HB_OK) status = hb_engine_search(engine, vector, &options, &results, &report, error);
  if (status != HB_OK) return status;
  uint32_t found = 0;
  for (uint32_t r = 0; r < report.found && found < images->k; r++)
    if (!is_in || strcmp(results[r].path, own) != 0) others[found++] = results[r];
  answer(context, image, others, found);
  return HB_OK;
}

static hb_status ask_all(const fold_images *images, const bool *is_in, const bool *asked, hb_engine *engine,
                         fold_answer answer, void *context, hb_error *error) {
  float *vector = malloc(hb_engine_dim(engine) * sizeof *vector);
  hb_result *others = malloc(images->k * sizeof *others);
  hb_status status = vector != NULL && others != NULL ? HB_OK : hb_fail_memory(error);
  for (uint32_t i = 0; i < images->count && status == HB_OK; i++)
    if (asked[i]) status = ask(images, i, is_in[i], engine, vector, others, answer, context, error);
  free(vector);
  free(others);
  return status;
}

static hb_status search(const fold_images *images, const bool *is_in, const bool *asked, const char *folder,
                        fold_answer answer, void *context, hb_error *error) {
  hb_index *index;
  hb_engine *engine;
  hb_status status = hb_index_open(folder, &index, error);
  if (status != HB_OK) return status;
  status = hb_engine_create(images->model, index, &engine, error);
  if (status == HB_OK) {
    status = ask_all(images, is_in, asked, engine, answer, context, error);
    hb_engine_free(engine);
  }
  hb_index_free(index);
  return status;
}

static hb_status build_and_search(const fold_images *images, const bool *is_in, const bool *teaches, const bool *asked,
                                  const char *folder, fold_answer answer, void *context, hb_error *error) {
  char *base = hb_path_join(folder, "base"), *bundle = hb_path_join(folder, "bundle");
  hb_status status = base != NULL && bundle != NULL ? HB_OK : hb_fail_memory(error);
  if (status == HB_OK && teaches != NULL) status = build(images, teaches, NULL, base, error);
  if (status == HB_OK) status = build(images, is_in, teaches != NULL ? base : NULL, bundle, error);
  if (status == HB_OK) status = search(images, is_in, asked, bundle, answer, context, error);
  if (base != NULL) hb_directory_remove(base, NULL);
  if (bundle != NULL) hb_directory_remove(bundle, NULL);
  free(base);
  free(bundle);
  return status;
}

hb_status fold_bundle_search(const fold_images *images, const bool *is_in, const bool *teaches, const bool *asked,
                             fold_answer answer, void *context, hb_error *error) {
  const char *temporary = getenv("TMPDIR");
  char *folder = hb_path_join(temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp", "heybagh-fold-XXXXXX");
  if (folder == NULL) return hb_fail_memory(error);
  hb_status status = HB_OK;
  if (mkdtemp(folder) == NULL)
    status = hb_fail(error, HB_IO,
                     "cannot make the temporary folder '%.200s'; set TMPDIR to a folder that can be written", folder);
  if (status == HB_OK) {
    status = build_and_search(images, is_in, teaches, asked, folder, answer, context, error);
    hb_directory_remove(folder, NULL);
  }
  free(folder);
  return status;
}
