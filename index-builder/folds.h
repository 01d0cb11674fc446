/* folds.h: measures how well images are found that the head has never seen. A head that was learned from labels has
 * seen those of every image in its bundle, so that leaving an image out of its own results flatters.
 *
 * Seen labels: the images are divided into folds; for each, the head is learned from the others, which are made into a
 * bundle, and the fold's images are searched for in it. Copies of a picture are in one fold.
 * Unseen labels: the head is learned from half of the labels, the images of the other half are made into a bundle with
 * it, and each is searched for there and left out of its own results; then the halves change places. */
#ifndef FOLDS_H
#define FOLDS_H

#include <heybagh.h>

#define FOLDS_MOST 50

/* Averages over the images that have a label. */
typedef struct {
  uint32_t images, labels;
  double precision, class_precision; /* precision@k, of all images and of all labels */
} fold_figures;

typedef struct {
  /* the question */
  const hb_index *index;     /* for storage and labels */
  const hb_catalog *catalog; /* the images */
  const char *folder;        /* where they are: the folder that the bundle was built from */
  hb_model *model;
  const char *head; /* as hb_head_choose understands it */
  uint32_t k, folds, threads;
  /* the answer */
  fold_figures seen, unseen;
  bool has_unseen; /* false with fewer than four labels of two images */
} folds;

/* Embeds all images, then learns and searches. It takes 3 kB of memory an image, and shows its progress. */
hb_status folds_run(folds *f, hb_error *error);

#endif
