/* default_skips.h: files and folders that hold no pictures of one's own: caches and thumbnails that other programs
 * left, waste-paper baskets, backups, unfinished downloads, copies from conflicts. */
#ifndef DEFAULT_SKIPS_H
#define DEFAULT_SKIPS_H

#include <stdbool.h>
#include <stddef.h>

#define DEFAULT_SKIPS_MAX 64

/* The number of the rule that skips the file or folder `name` in a folder called `parent`, or -1. */
int default_skip_find(const char *parent, const char *name, bool is_folder);

/* The rule as the note on what was skipped calls it, such as "@eaDir" or "hidden (.*)". Static storage. */
const char *default_skip_label(int rule);

#endif
