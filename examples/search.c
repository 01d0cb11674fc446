/* search MODEL BUNDLE PICTURE: prints the four pictures of a bundle that are most like another one, best first: score
 * and path. Compile it against the installed library:
 *
 *   cc search.c $(pkg-config --cflags --libs heybagh) -o search
 */
#include <heybagh.h>
#include <stdio.h>
#include <stdlib.h>

/* The whole file in fresh memory, or NULL. */
static void *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  void *bytes = length > 0 ? malloc((size_t)length) : NULL;
  rewind(file);
  *size = bytes != NULL ? fread(bytes, 1, (size_t)length, file) : 0;
  fclose(file);
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: search MODEL BUNDLE PICTURE\n"), 2;
  size_t size;
  void *picture = read_file(argv[3], &size);
  if (picture == NULL) return perror(argv[3]), 1;

  hb_error error;
  hb_model *model = NULL;
  hb_index *index = NULL;
  hb_engine *engine = NULL;
  float *embedding = NULL;
  const hb_result *results;
  hb_search_report report = {0};
  hb_status status = hb_model_open(argv[1], &model, &error);
  if (status == HB_OK) status = hb_index_open(argv[2], &index, &error);
  if (status == HB_OK) status = hb_engine_create(model, index, &engine, &error);
  if (status == HB_OK) embedding = malloc(hb_engine_dim(engine) * sizeof *embedding);
  if (status == HB_OK && embedding == NULL) return perror("search"), 1;
  if (status == HB_OK) status = hb_engine_embed(engine, picture, size, NULL, embedding, NULL, &error);
  if (status == HB_OK)
    status = hb_engine_search(engine, embedding, &(hb_search_options){.k = 4}, &results, &report, &error);

  if (status != HB_OK) fprintf(stderr, "search: %s\n", error.text);
  for (uint32_t i = 0; i < report.found; i++) printf("%.4f %s\n", results[i].score, results[i].path);
  hb_engine_free(engine);
  hb_index_free(index);
  hb_model_free(model);
  free(embedding);
  free(picture);
  return status == HB_OK ? 0 : 1;
}
