/* update.h: bringing images, or ready-made vectors, to a builder: those that the base has are kept, others are added.
 */
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

/* What was done. The bundle has kept + moved + added + changed images. */
typedef struct {
  uint32_t kept, moved, added, changed, removed;
  uint32_t embedded; /* images that went through the network, those that could not be read left out */
  uint32_t resumed;  /* images whose embedding an earlier build left in the journal */
  uint32_t copies;   /* images whose content another one before has, too; not of vectors */
  skipped_image *skipped;
  uint32_t skipped_count;
  embed_times times;
} update_tally;

typedef struct {
  hb_builder *builder;
  existing_bundle *base;
  journal *journal; /* of images; NULL for vectors */
  update_tally *tally;
} update_target;

hb_status update_images(const update_target *target, const image_files *images, const embed_options *options,
                        hb_error *error);
/* Row ids->order[i] of the file has the path and label of that number. */
hb_status update_vectors(const update_target *target, npy_file *vectors, const vector_ids *ids, hb_error *error);
void update_tally_free(update_tally *tally);

#endif
