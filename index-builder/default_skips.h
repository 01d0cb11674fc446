/* default_skips.h: names of files and folders that are skipped by default, because they hold nobody's own pictures:
 * caches and thumbnails of other programs, waste-paper baskets, backups, unfinished downloads, copies from conflicts.
 */
#ifndef DEFAULT_SKIPS_H
#define DEFAULT_SKIPS_H

#include <stdbool.h>
#include <stddef.h>

#define DEFAULT_SKIPS_MAX 96

/* Returns the number of the rule that skips `name` in a folder called `parent`; -1 if none does. */
int default_skip_find(const char *parent, const char *name, bool is_folder);

/* Returns what the note on skipped files calls a rule, such as "@eaDir" or "hidden (.*)". Static storage. */
const char *default_skip_label(int rule);

#endif
