/* left_out.h: reports the files and folders that a build skipped. */
#ifndef LEFT_OUT_H
#define LEFT_OUT_H

#include "base/text.h"
#include "image_files.h"

/* Prints notes that count them by kind. */
void left_out_print(const image_files *set);
/* Lists on stderr what could not be read. */
void left_out_print_unread(const image_files *set);
/* Adds the counts as a member of a JSON object: ,"left_out":[{"what":"WebP","count":12}] */
void left_out_add_json(hb_text *text, const image_files *set);

#endif
