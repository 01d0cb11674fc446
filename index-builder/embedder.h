/* embedder.h: reads many image files on all processors, one chunk after the other so that memory stays flat. It hashes
 * all of a chunk first, then embeds and makes thumbnails of those that need it. */
#ifndef EMBEDDER_H
#define EMBEDDER_H

#include "base/file.h"
#include "thumbnail_store.h"

#define CHUNK_IMAGES 1024u

/* An image of a chunk. Its file is opened once, so that the bytes that are embedded are those that were hashed. */
typedef struct {
  const char *path; /* relative to the folder */
  hb_mapping file;
  uint64_t content;
  bool embed, thumb; /* what embedder_finish has to do; the caller sets them before it */
  hb_error error;    /* its status is HB_OK unless the image cannot be read */
} image_task;

typedef struct {
  hb_model *model;
  const char *folder; /* with the images */
  uint32_t threads;
  thumbnail_store thumbs;
} embed_options;

typedef struct {
  hb_timings timings;  /* sums over all images and threads, as are the next two */
  double read, thumb;  /* reading includes hashing */
  double milliseconds; /* from start to end */
} embed_times;

typedef struct embedder embedder;

/* Creates an embedder for `total` images. `options` must outlive it. */
hb_status embedder_create(const embed_options *options, uint32_t total, embedder **out, hb_error *error);
/* Maps and hashes the files. The tasks hold a path and zeros; sets their `file`, `content` and `error`. */
void embedder_read(embedder *e, image_task *tasks, uint32_t count);
/* Does what each task asks for, and unmaps the files. Call it after embedder_read. Writes the features of the images
 * that were embedded to `features` [count][HB_FEATURES_DIM]. An image that cannot be read has an error in its
 * task; the function fails for every other reason. */
hb_status embedder_finish(embedder *e, image_task *tasks, uint32_t count, float *features, hb_error *error);
embed_times embedder_times(const embedder *e);
void embedder_free(embedder *e);

/* Embeds a region of a single file. */
hb_status embed_file(hb_engine *engine, decoder_process *decoder, const char *path, const hb_region *region,
                     float *embedding, hb_error *error);

#endif
