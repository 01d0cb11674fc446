/* embedder.h: looking at many image files on all processors, a chunk after the other so that memory stays flat:
 * first the content of each, then, of those that need it, embedding and thumbnail. */
#ifndef EMBEDDER_H
#define EMBEDDER_H

#include "base/file.h"
#include "thumbnail_store.h"

#define CHUNK_IMAGES 1024u

/* One image of a chunk. Its file is opened once, so that what is embedded is what was hashed. */
typedef struct {
  const char *path; /* relative to the folder */
  hb_mapping file;
  uint64_t content;
  bool embed, thumb; /* what embedder_finish shall do; set in between */
  hb_error error;    /* status HB_OK unless the image cannot be read */
} image_task;

typedef struct {
  hb_model *model;
  const char *folder; /* of the images */
  uint32_t threads;
  thumbnail_store thumbs;
} embed_options;

typedef struct {
  hb_timings timings;  /* added up over all images and threads, as are the next three */
  double read, thumb;  /* read: and hashed */
  double milliseconds; /* from start to end */
} embed_times;

typedef struct embedder embedder;

/* `options` must outlive the embedder; `total` images are to come. */
hb_status embedder_create(const embed_options *options, uint32_t total, embedder **out, hb_error *error);
/* Maps and hashes the files: fills `file`, `content` and `error` of tasks that hold a path and zeros. */
void embedder_read(embedder *e, image_task *tasks, uint32_t count);
/* Does what is wanted of each task, and unmaps the files. `features` [count][HB_POOLED_DIM] receives the pooled
 * features of those that were embedded. A bad image is told in its task; this fails for everything else. Must follow
 * embedder_read. */
hb_status embedder_finish(embedder *e, image_task *tasks, uint32_t count, float *features, hb_error *error);
embed_times embedder_times(const embedder *e);
void embedder_free(embedder *e);

/* Embeds a region of one file. */
hb_status embed_file(hb_engine *engine, decoder_process *decoder, const char *path, const hb_region *region,
                     float *embedding, hb_error *error);

#endif
