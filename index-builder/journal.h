/* journal.h: keeps the features that a build computes in a file beside the bundle, so that an interrupted build can
 * resume. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <heybagh.h>

typedef struct journal journal;

/* Reads the records of this model in "BUNDLE.embedded", up to the first that is damaged or from another model or
 * version. Writes nothing yet. Prints a note if no record is valid, so that the file will be replaced, or if it is not
 * a journal, so that it is left alone. Fails without memory, or if the bundle's place cannot be found. */
hb_status journal_open(const char *bundle, const char *model_id, journal **out, hb_error *error);
/* The number of records that an earlier build left. */
uint32_t journal_count(const journal *j);
/* Copies the features that an earlier build left for this content (content_of); false if there are none. */
bool journal_find(const journal *j, uint64_t content, float features[HB_FEATURES_DIM]);
/* Adds the features of a picture. After journal_sync they survive a kill and a loss of power. If the file cannot be
 * written, prints a note, once, and the build continues without a journal. */
void journal_add(journal *j, uint64_t content, const float features[HB_FEATURES_DIM]);
void journal_sync(journal *j);
/* The path of the file, owned by the journal; NULL if the file has no records. */
const char *journal_path(const journal *j);
/* Removes the file, because the build is done. */
void journal_remove(journal *j);
void journal_free(journal *j);

#endif
