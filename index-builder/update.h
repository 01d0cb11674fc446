/* update.h: brings images, or ready-made vectors, to a builder: keeps those that the base has, and adds the others. */
#ifndef UPDATE_H
#define UPDATE_H

#include "embedder.h"
#include "existing_bundle.h"
#include "image_files.h"
#include "journal.h"
#include "npy.h"
#include "vector_ids.h"

typedef struct {
  const char *path; /* owned by the image_files */
  char *reason;
} skipped_image;

/* Counts of what was done. The bundle has kept + moved + added + changed images. */
typedef struct {
  uint32_t kept, moved, added, changed, removed;
  uint32_t embedded; /* images that went through the network, without those that could not be read */
  uint32_t resumed;  /* images whose features an interrupted build left in the journal */
  uint32_t copies;   /* images whose content an earlier image has, too; 0 for vectors */
  skipped_image *skipped;
  uint32_t skipped_count;
  embed_times times;
} update_tally;

typedef struct {
  hb_builder *builder;
  existing_bundle *base;
  journal *journal; /* NULL for vectors */
  update_tally *tally;
} update_target;

hb_status update_images(const update_target *target, const image_files *images, const embed_options *options,
                        hb_error *error);
/* Brings the rows in the order of `ids`. Row n of the file has the path and label n. */
hb_status update_vectors(const update_target *target, npy_file *vectors, const vector_ids *ids, hb_error *error);
void update_tally_free(update_tally *tally);

#endif
