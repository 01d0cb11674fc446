/* left_out.h: what a build tells of the files and folders that it did not take. */
#ifndef LEFT_OUT_H
#define LEFT_OUT_H

#include "base/text.h"
#include "image_files.h"

/* Counts a kind on stderr, in notes. */
void left_out_print(const image_files *set);
/* Names on stderr, one by one, what could not be looked at. */
void left_out_print_unread(const image_files *set);
/* The same counts as a member of an object: ,"left_out":[{"what":"WebP","count":12}] */
void left_out_add_json(hb_text *text, const image_files *set);

#endif
