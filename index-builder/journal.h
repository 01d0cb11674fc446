/* journal.h: what a build has embedded, in a file beside the bundle, so that one that is stopped goes on where it was.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <heybagh.h>

typedef struct journal journal;

/* Reads what "BUNDLE.embedded" has of this model; nothing is written yet. A record that is not whole, or another
 * model's or version's, ends what counts. A note on stderr says if all of it will be replaced, or if it is somebody
 * else's file, which is left alone. Fails without memory, or if the bundle's place cannot be found. */
hb_status journal_open(const char *bundle, const char *model_id, journal **out, hb_error *error);
/* The embeddings that an earlier build left. */
uint32_t journal_count(const journal *j);
/* Copies the pooled features of a picture with this content (content_of) that an earlier build left; false if none did.
 */
bool journal_find(const journal *j, uint64_t content, float features[HB_POOLED_DIM]);
/* Adds a picture's; after journal_sync it outlasts a kill and a loss of power. If the file cannot be written, a note on
 * stderr says so, once, and the build goes on without. */
void journal_add(journal *j, uint64_t content, const float features[HB_POOLED_DIM]);
void journal_sync(journal *j);
/* The file, if there is something in it, else NULL; owned by the journal. */
const char *journal_path(const journal *j);
/* The build is done: removes the file. */
void journal_remove(journal *j);
void journal_free(journal *j);

#endif
