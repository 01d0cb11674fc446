/* embed_many.h: embedding a list of files, a thread an engine. */
#ifndef EMBED_MANY_H
#define EMBED_MANY_H

#include "heybagh.h"

typedef struct {
  hb_model *model;
  hb_head_kind head;
  const char *folder; /* that the paths are relative to */
  char *const *paths;
  uint32_t count;
  uint32_t threads;
} embed_job;

typedef struct {
  float *vectors;      /* [count][hb_head_dim]; a row of a failed image is undefined */
  hb_error *errors;    /* [count]; status HB_OK for an image that was embedded */
  hb_timings timings;  /* added up over all images and threads */
  double read;         /* likewise, opening files */
  double milliseconds; /* from start to end */
} embed_result;

/* Fails only if there is no memory or no engine; a bad image is told in errors. The caller frees the result. */
hb_status embed_many(const embed_job *job, embed_result *out, hb_error *error);
void embed_result_free(embed_result *result);

/* Embeds one file. `read` (may be NULL) grows by the milliseconds that opening it took. */
hb_status embed_file(hb_engine *engine, const char *path, float *embedding, hb_timings *timings, double *read,
                     hb_error *error);

#endif
